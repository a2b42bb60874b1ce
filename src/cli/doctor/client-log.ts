// What Claude Code's own MCP log shows about this channel: a hint, because the log is undocumented.

import { adviceFor } from "./advice.ts";
import type { CheckInput, Finding } from "./check.ts";

const name = "client's log";
const lookBackMs = 7 * 24 * 60 * 60 * 1_000;

/** `server`: the name in .mcp.json. */
export async function checkClientLog(
  { clientLog, project, nowMs }: Pick<CheckInput, "clientLog" | "project" | "nowMs">,
  server: string,
  launch: string,
): Promise<Finding> {
  const word = await clientLog({ project, server, sinceMs: nowMs - lookBackMs });
  if (word === undefined) {
    return {
      name,
      state: "unknown",
      detail: `nothing about the channel of ${server} in ${project} within 7 days`,
      todo: launch,
    };
  }
  if (word.registered) return { name, state: "ok", detail: "the last session registered the channel" };
  return {
    name,
    state: "warn",
    detail: `the last session skipped the channel: ${word.reason}`,
    todo: adviceFor(word.reason, `${launch}  and accept what it asks`),
  };
}
