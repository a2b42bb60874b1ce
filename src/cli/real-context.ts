// The real context, for the commands about a running router.

import { isRunning, thisProcess } from "../cluster/process-identity.ts";
import { listRunning } from "../cluster/running-leaders.ts";
import { callLeader } from "../control/client.ts";
import { clientCacheFolder, readRegistration } from "../daemon/client-log.ts";
import { underClaude } from "../daemon/start/under-claude.ts";
import { version } from "../version.ts";
import type { CommandContext } from "./context.ts";
import { terminalUser } from "./person.ts";
import { printed } from "./print.ts";
import { toStderr, toStdout } from "./terminal.ts";

export function realContext(): CommandContext {
  return {
    env: process.env,
    cwd: process.cwd(),
    now: Date.now,
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    print: toStdout,
    note: (shown) => toStderr(printed(shown)),
    routers: {
      list: listRunning,
      call: (router, command, args, options) =>
        callLeader(router.socket, command, args, { version, ...options }),
    },
    processes: { self: thisProcess, isRunning },
    async foreground(config, ready) {
      const { runForeground } = await import("./commands/foreground.ts");
      return runForeground(config, ready);
    },
    underClaude: underClaude(),
    person: terminalUser(),
    interrupted() {
      const interruption = new AbortController();
      for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
        process.once(signal, () => interruption.abort(new Error(signal)));
      }
      return interruption.signal;
    },
    clientLog: (query) =>
      readRegistration({ ...query, session: undefined, cacheFolder: clientCacheFolder(process.env) }),
  };
}
