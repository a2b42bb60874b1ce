// File patterns of a config: where their search begins, and what they need consent for.

import { join, relative, sep } from "node:path";
import type { Reach } from "../contract/power.ts";
import type { OptionIssue } from "../contract.ts";
import { absolute, isWithin } from "../within.ts";
import { sensitivityOf } from "./secret-names.ts";

/** The folder of the config file and the home folder for `~`, both absolute. */
export interface Origin {
  readonly folder: string;
  readonly home: string;
}

export interface FilePattern {
  readonly written: string;
  /** Absolute: no matching file is outside of it. */
  readonly base: string;
  /** The part before the first wildcard, with its slash; for a plain path all but the name. */
  readonly lead: string;
  /** How many parts a matching path has below the base. */
  readonly depth: number;
  /** Without wildcards, the path itself, absolute. */
  readonly path: string | undefined;
  /** Whether names that begin with a dot match too. */
  readonly hidden: boolean;
}

const wildcard = /[*?[{\\]/;

export function parsePattern(written: string, origin: Origin): FilePattern {
  const parts = written.split("/");
  const first = parts.findIndex((part) => wildcard.test(part));
  const leading = parts.slice(0, first < 0 ? parts.length - 1 : first);
  const rest = parts.slice(leading.length);
  const lead = leading.length === 0 ? "" : `${leading.join("/")}/`;
  return {
    written,
    lead,
    base: absolute(lead === "" ? "." : lead, origin),
    depth: /\*\*|\{[^}]*\//.test(rest.join("/")) ? Number.POSITIVE_INFINITY : rest.length,
    path: first < 0 ? absolute(written, origin) : undefined,
    hidden: rest.some((part) => /^(?:\[?|\{(?:[^{}]*,)?)\./.test(part)),
  };
}

/** The power to read files, one per pattern. */
export function readReaches(patterns: WrittenPatterns, origin: Origin): Reach[] {
  return listOf(patterns).map((written) => {
    const { base } = parsePattern(written, origin);
    const path = wholePattern(written, origin);
    // Consent to a config does not include the credentials next to it.
    const isSecret = alternativesOf(path).some((one) => sensitivityOf(one, origin) === "secret");
    const outside = isSecret || !isWithin(base, origin.folder);
    return { to: "read", path, outside, ...(isSecret ? { isSecret } : {}) };
  });
}

/** As many as a pattern may have, see filters/glob.ts. */
const maxAlternatives = 100;

/** The pattern with each choice of its braces: `x/{a,.env}` names `x/.env`. */
function alternativesOf(pattern: string): string[] {
  let open = [pattern];
  for (;;) {
    const next = open.flatMap((one) => {
      const found = /\{([^{}]*,[^{}]*)\}/.exec(one);
      if (found === null) return [one];
      const [before, after] = [one.slice(0, found.index), one.slice(found.index + found[0].length)];
      return (found[1] ?? "").split(",").map((choice) => before + choice + after);
    });
    if (next.length === open.length || next.length > maxAlternatives) return [pattern, ...open];
    open = next;
  }
}

/** Absolute, with its wildcards. */
export function wholePattern(written: string, origin: Origin): string {
  const { base, lead } = parsePattern(written, origin);
  return join(base, written.slice(lead.length));
}

/** For an option that is one pattern or a list of them. */
export type WrittenPatterns = string | readonly string[];

export function listOf(patterns: WrittenPatterns): readonly string[] {
  return typeof patterns === "string" ? [patterns] : patterns;
}

/** `option`: its name, for problems. */
export function patternIssues(patterns: WrittenPatterns, option: string): OptionIssue[] {
  return listOf(patterns).flatMap((written, index): OptionIssue[] => {
    const path = typeof patterns === "string" ? [option] : [option, index];
    const rest = written.slice(parsePattern(written, { folder: "/", home: "/" }).lead.length);
    if (written.trim() === "") return [{ path, message: "is empty", hint: "for instance logs/*.log" }];
    if (written.endsWith("/"))
      return [{ path, message: "names a folder, not files", hint: `for instance ${written}*.log` }];
    if (wildcard.test(rest) && rest.split("/").includes(".."))
      return [{ path, message: 'may not have ".." after a wildcard', hint: "write the folder out" }];
    return [];
  });
}

/** Whether a path below the base, with slashes, matches the pattern. */
export function fileGlob({ lead }: FilePattern, glob: (text: string) => boolean): (below: string) => boolean {
  return (below) => glob(lead + below);
}

/** The displayed path: relative inside the config's folder, else absolute. */
export function shownPath(path: string, folder: string): string {
  return isWithin(path, folder) ? relative(folder, path).replaceAll(sep, "/") : path;
}
