// `permissions.files`: what may leave through chats in addition to the project and the inbox, as shown for
// consent and as compared with paths.

import { dirname, join } from "node:path";
import type { IssueDraft } from "../config/values.ts";
import type { Power } from "../contract/power.ts";
import type { Surroundings } from "../contract.ts";
import { compileGlob } from "../filters/glob.ts";
import { absolute } from "../within.ts";
import { oneLine } from "./describe-reach.ts";
import { type Bind, powerOf } from "./powers.ts";
import { issueOf } from "./proven.ts";

export interface SharedFiles {
  /**
   * Absolute: a folder or a file, including everything in it, or the base of a glob. It may contain links.
   */
  readonly base: string;
  /** Of a path below the base. */
  fits(below: string): boolean;
  /** Without consent to it nothing is shared. */
  readonly power: Power;
}

const wildcard = /[*?[{\\]/;

/** One per valid entry; `issues` receives the others. */
export function planSharedFiles(
  entries: readonly string[],
  { folder, home }: Pick<Surroundings, "folder" | "home">,
  {
    bind,
    issues,
    shown = entries,
    origins = "",
  }: {
    readonly bind: Bind;
    readonly issues: IssueDraft[];
    /** The entries for display, without text from variables. */
    readonly shown?: readonly string[] | undefined;
    /** ` with ${DIR}` */
    readonly origins?: string;
  },
): SharedFiles[] {
  return entries.flatMap((written, index): SharedFiles[] => {
    const path = ["permissions", "files", index];
    if (written.trim() === "") {
      issues.push({ path, code: "E_CONFIG_VALUE", message: "is empty", hint: "for instance ~/reports" });
      return [];
    }
    const parts = written.split("/");
    const first = parts.findIndex((part) => wildcard.test(part));
    const expanded = (first === -1 ? parts : parts.slice(0, first)).join("/");
    const lead = expanded === "" && first > 0 ? "/" : expanded;
    const rest = first === -1 ? "" : parts.slice(first).join("/");
    if (rest.split("/").includes("..")) {
      const hint = "write the folder out";
      issues.push({ path, code: "E_CONFIG_VALUE", message: 'may not have ".." after a wildcard', hint });
      return [];
    }
    const base = absolute(lead, { folder, home });
    if (dirname(base) === base) {
      const hint = "name the folders that files are sent from";
      issues.push({ path, code: "E_CONFIG_VALUE", message: "would share the whole disk", hint });
      return [];
    }
    const fits = rest === "" ? () => true : compiled(rest, path, issues);
    const bound = rest === "" ? base : join(base, rest);
    const value = oneLine(shown[index] === written ? bound : `${shown[index] ?? "•••"}${origins}`);
    const power = powerOf(bind, { power: "share", value, component: "permissions.files", bound });
    return [{ base, fits, power }];
  });
}

function compiled(glob: string, path: IssueDraft["path"], issues: IssueDraft[]): (below: string) => boolean {
  try {
    return compileGlob(glob);
  } catch (error) {
    const { message } = issueOf(error, "E_CONFIG_VALUE");
    issues.push({ path, code: "E_CONFIG_VALUE", message: `the glob ${message}` });
    return () => false;
  }
}
