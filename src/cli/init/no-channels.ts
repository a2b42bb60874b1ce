// Whether Claude Code can show channels here at all, as far as a terminal can know it.

import { resolve } from "node:path";
import { claudeConfigFolder, setVariable } from "../../config/paths.ts";
import { activeSwitches, clientSwitches } from "../../daemon/client-switches.ts";
import { policyIn, policyOfSettings } from "../../daemon/wake/policy.ts";
import type { CommandContext } from "../context.ts";

const lookBackMs = 7 * 24 * 60 * 60 * 1_000;

/**
 * One clause; undefined if it can, if that is unknown, or if an organisation has decided so. A session that was only
 * started without the option for channels does not count: it can be started with it.
 */
export async function whyNoChannels({
  env,
  cwd,
  now,
  clientLog,
}: Pick<CommandContext, "env" | "cwd" | "now" | "clientLog">): Promise<string | undefined> {
  if ((await policyOfSettings({ name: "router" }, { configFolder: claudeConfigFolder(env) })) !== undefined)
    return undefined;
  const active = activeSwitches(env);
  const blocking = clientSwitches.find(
    ({ variable, state }) => state === "fail" && active.includes(variable),
  );
  if (blocking !== undefined) return `${blocking.variable} is set`;
  const project = resolve(cwd, setVariable(env, "CLAUDE_PROJECT_DIR") ?? ".");
  const word = await clientLog({ project, server: "router", sinceMs: now() - lookBackMs });
  if (word === undefined || word.registered || policyIn(word) !== undefined) return undefined;
  return /--channels list|did not declare/.test(word.reason) ? undefined : word.reason;
}
