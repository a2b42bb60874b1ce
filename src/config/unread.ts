// The result for a config on which the program itself failed: a config with one problem, so that start, check
// and reload all get an answer.

import { dirname } from "node:path";
import type { Issue, JsonObject } from "../contract.ts";
import { runAtOnce } from "../yield-to-event-loop.ts";
import { assemble } from "./assemble.ts";
import type { EnvironmentVariables } from "./paths.ts";
import { maxFileBytes } from "./read.ts";
import { validate } from "./schema/core.ts?validator";
import type { IssueDraft, LoadedConfig } from "./values.ts";
import { TaintedTree } from "./variables/taint.ts";
import { absent, readBounded } from "./yaml/bounded-file.ts";
import { frameIssue } from "./yaml/caret-frame.ts";
import { dotted } from "./yaml/problem.ts";

interface Where {
  /** Absolute. */
  readonly file: string;
  readonly env: EnvironmentVariables;
  readonly cwd: string;
}

/**
 * The values are those of an empty file. The message contains the error and no text of the config, which may
 * be secret.
 */
export function unreadConfig(error: unknown, { file, env, cwd }: Where): LoadedConfig {
  const root: JsonObject = {};
  validate(root);
  const steps = assemble({
    root,
    options: { sources: new Map(), sinks: new Map() },
    types: { sources: new Map(), sinks: new Map() },
    folder: dirname(file),
    env,
    inputsOf: () => undefined,
    capabilitiesOf: () => undefined,
    outsideOf: () => undefined,
    isBroken: () => false,
    names: { tainted: new TaintedTree(), nameOf: () => "" },
  });
  const values = runAtOnce(steps);
  const locate = ({ path, code, message, hint }: IssueDraft): Issue => ({
    file,
    line: 1,
    column: 1,
    path: dotted(path),
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
  });
  const reading = readBounded(file, maxFileBytes);
  return {
    file,
    values,
    types: new Map(),
    sinkTypes: new Map(),
    tests: [],
    uses: [],
    issues: [locate({ path: [], ...words(error) })],
    warnings: [],
    notes: [],
    locate,
    isPlaceholder: () => false,
    frame: (issue) => frameIssue(issue, [], cwd),
    files: [{ path: file, sha256: reading.ok ? reading.sha256 : absent }],
    setups: {},
    environment: [],
    secrets: [],
    texts: new Map(),
    variables: [],
  };
}

function words(error: unknown): Pick<IssueDraft, "code" | "message" | "hint"> {
  const name = error instanceof Error ? error.name : typeof error;
  const at = error instanceof Error ? /\n *at (\S+)/.exec(error.stack ?? "")?.[1] : undefined;
  return {
    code: "E_CONFIG_VALUE",
    message: `the config cannot be read: ${name}${at === undefined ? "" : ` in ${at}`}`,
    hint: "this is a bug of channel-router, please report it; try removing the latest change",
  };
}
