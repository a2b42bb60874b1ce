// `monitor` and `hook`: commands that the plugin declares, so that Claude Code wakes a session that does not show
// channels. Claude gets the lines of the monitor, and what a hook that exits with 2 has written to stderr. So they
// write nothing else, even if something fails.

import { setTimeout as sleep } from "node:timers/promises";
import { listRunning } from "../../cluster/running-leaders.ts";
import { callLeader } from "../../control/client.ts";
import { findClient, readAncestors, watchClient } from "../../daemon/start/client-watch.ts";
import { line, type SafeText } from "../../text.ts";
import { version } from "../../version.ts";
import type { Routers } from "../context.ts";
import { printed } from "../print.ts";
import { toStderr, toStdout } from "../terminal.ts";
import { followRings } from "./follow-rings.ts";

const routers: Routers = {
  list: listRunning,
  call: (router, command, args, options) => callLeader(router.socket, command, args, { version, ...options }),
};

/** Sets the exit code: 2 for a hook that was rung, else 0. Ends with the client, and when the config does not ask for this way. */
export async function runPluginWay(way: "monitor" | "hook"): Promise<void> {
  if (!isAttended(process.env)) process.exit(0);
  const gone = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => gone.abort());
  process.stdout.on("error", () => gone.abort());
  let isRung = false;
  const ring = (shown: SafeText): void => {
    if (way === "monitor") toStdout(printed(line`${shown}`));
    else if (!isRung) toStderr(printed(line`${shown}`));
    isRung = true;
  };
  try {
    await follow(way, ring, gone);
  } catch {
    // A bug must neither wake Claude nor be read by it; it shows as a session without this way.
  }
  process.exit(way === "hook" && isRung ? 2 : 0);
}

/** The client waits for its hooks before it ends an unattended session, such as `claude -p`. */
function isAttended({
  CLAUDE_CODE_SESSION_ATTENDED: attended,
  CLAUDE_CODE_ENTRYPOINT: entry = "",
}: NodeJS.ProcessEnv) {
  return attended === undefined ? !entry.startsWith("sdk") : attended !== "0";
}

async function follow(
  way: "monitor" | "hook",
  onRing: (shown: SafeText) => void,
  gone: AbortController,
): Promise<void> {
  const { env } = process;
  const { signal } = gone;
  const client = findClient(await readAncestors(), env);
  if (client !== undefined) watchClient(client, () => gone.abort());
  const session = env.CLAUDE_CODE_SESSION_ID;
  await followRings(
    { env, routers },
    {
      args: {
        way,
        ...(client === undefined ? {} : { pid: client.pid, start: client.start }),
        ...(session === undefined ? {} : { session }),
      },
      onRing,
      signal,
      // The next one is started after the next turn.
      ...(way === "hook" ? { patienceMs: { first: 20_000, again: 4_000 } } : {}),
      pause: (ms) => sleep(ms, undefined, { signal }).catch(() => undefined),
    },
  );
}
