// `save`: writes the edited text of the config, after it showed what that changes. The reloader does the rest, and asks for consent to new
// powers as after any edit.

import { dirname } from "node:path";
import { projectFolder } from "../../config/paths.ts";
import { maxFileBytes } from "../../config/read.ts";
import { sha256Of } from "../../config/yaml/bounded-file.ts";
import type { ReloadAnswer } from "../../control/protocol.ts";
import { loadPlan } from "../../daemon/start/load-plan.ts";
import { UsageError } from "../../errors.ts";
import { replaceFile } from "../../files/replace-file.ts";
import { readRegular } from "../../regular-file.ts";
import { unifiedDiff } from "../../text/unified-diff.ts";
import type { SaveAnswer, TryIssue } from "../protocol.ts";
import { locateIssue } from "./issue-range.ts";
import { type ActiveConfig, readTrial } from "./trial.ts";

export interface SaveContext {
  readonly active: ActiveConfig;
  readonly env: NodeJS.ProcessEnv;
  /** Why the file cannot be edited here, one line; undefined: it can. */
  readonly refused?: string | undefined;
  reload(): Promise<ReloadAnswer>;
}

/** Another file is there by now; the page loads it again. */
export class ChangedConfigError extends UsageError {
  constructor(file: string) {
    super("E_USAGE", `${file} was changed by someone else meanwhile, and is left as it is`, {
      hint: "load it again; your text is still in the editor",
    });
  }
}

interface SaveRequest {
  readonly text: string;
  /** Of the file that was edited. */
  readonly sha256: string;
  readonly dry_run?: boolean;
}

/** Where secrets are hidden; such a text is not what the file has. */
const hidden = "•••";

/**
 * A text with problems is not written: the answer has them. Rejects with a ChangedConfigError, or with a UsageError when the file may
 * not be edited.
 */
export async function saveConfig(request: SaveRequest, context: SaveContext): Promise<SaveAnswer> {
  const { text, sha256 } = request;
  const { active, env } = context;
  const { file } = active.loaded;
  if (context.refused !== undefined) throw new UsageError("E_USAGE", context.refused);
  if (Buffer.byteLength(text) > maxFileBytes)
    throw new UsageError("E_USAGE", `the config is larger than ${maxFileBytes / 1024} KiB`);
  const before = await readRegular(file);
  if (sha256Of(before) !== sha256) throw new ChangedConfigError(file);
  const old = before.toString("utf8");
  if (count(text, hidden) > count(old, hidden))
    throw new UsageError("E_USAGE", `the text contains ${hidden}, which hides a secret of the file`, {
      hint: "edit the file itself, or write the secret as a variable",
    });
  const diff = active.mask(unifiedDiff("channels.yaml", old, text));
  if (request.dry_run === true) {
    const { issues } = await readTrial(text, active, env);
    return { diff, sha256, ...(issues.length === 0 ? {} : { issues }) };
  }
  const issues = await issuesOf(text, active, env);
  if (issues.length > 0) return { diff, sha256, issues };
  // The project of a link itself, not that of the file that it leads to.
  const written = await replaceFile(file, text, { sha256, within: projectFolder(dirname(file), env) });
  if (written.done) return { diff, sha256: written.sha256, verdict: await context.reload() };
  if (written.reason === "changed") throw new ChangedConfigError(file);
  throw new UsageError(
    "E_USAGE",
    written.reason === "link" ? `${file} is a link that leads out of the project` : `${file} is not a file`,
    { hint: "edit the file that it leads to by hand" },
  );
}

/** With everything that the new text names: it is what the reload reads. */
async function issuesOf(text: string, { loaded, chosen, mask }: ActiveConfig, env: NodeJS.ProcessEnv) {
  const kept = new Map([[loaded.file, { text, sha256: sha256Of(text) }]]);
  const proven = await loadPlan(loaded.file, env, { chosen, kept });
  return proven.issues.map((issue): TryIssue => {
    const { message, ...range } = locateIssue(issue, text, loaded.file);
    const hide = (shown: string) => mask(proven.mask(shown));
    return {
      ...range,
      message: hide(message),
      frame: hide(proven.loaded.frame(issue)),
      ...(issue.hint === undefined ? {} : { hint: hide(issue.hint) }),
    };
  });
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
