// `down`: stops the router that `up` started, whether it runs the config now or is a standby. Waits until it
// is gone.

import { setTimeout as sleep } from "node:timers/promises";
import { realPath, stateFolder } from "../../config/paths.ts";
import { ConnectorError } from "../../errors.ts";
import { safeJson, text } from "../../text.ts";
import type { CommandContext, ProcessIdentity, RunningRouter } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { configFile, findRouter, reachRouter, requireRouter } from "../find-router.ts";
import { printed } from "../print.ts";
import type { TalkOptions } from "./status.ts";
import { findUp } from "./up.ts";

const downWithinMs = 10_000;

export async function down(options: TalkOptions, context: CommandContext): Promise<ExitCode> {
  const file = realPath(configFile(context, options.config));
  const router = await findRouter(context, file);
  const started = await findUp(router?.folder ?? stateFolder(context.env, file), context.processes);
  const gone = await endIt(started, router, options, context);
  await untilGone(gone, context);
  const next = await findRouter(context, file);
  if (options.json) {
    context.print(printed(safeJson({ pid: gone.pid, config: file, ...(next && { leader: next.pid }) })));
    return 0;
  }
  const after =
    next === undefined ? "" : `; the Claude session of pid ${next.pid} runs it for as long as it is open`;
  context.print(text`down: pid ${gone.pid} has ended, ${file}${after}\n`);
  return 0;
}

/** Asks the leader over its socket; a standby has no socket and gets a signal. */
async function endIt(
  started: ProcessIdentity | undefined,
  router: RunningRouter | undefined,
  options: TalkOptions,
  context: CommandContext,
): Promise<ProcessIdentity> {
  if (started !== undefined && router?.pid !== started.pid) {
    process.kill(started.pid, "SIGTERM");
    return started;
  }
  // Reports that none runs, or that the router belongs to a session.
  const { router: leader, ask } =
    router === undefined ? await reachRouter(context, options.config) : requireRouter(context, router);
  await ask("down", {});
  return leader;
}

async function untilGone(identity: ProcessIdentity, { processes }: CommandContext): Promise<void> {
  const endMs = performance.now() + downWithinMs;
  while (await processes.isRunning(identity)) {
    if (performance.now() > endMs) {
      throw new ConnectorError("E_CONTROL", `pid ${identity.pid} did not exit within 10 s`, {
        hint: `kill -9 ${identity.pid} stops it; accepted events are not lost`,
      });
    }
    await sleep(50);
  }
}
