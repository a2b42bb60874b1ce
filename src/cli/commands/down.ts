// `down`: ends the router that `up` started, whether it runs the config at the moment or stands by. Waits until it is gone.

import { setTimeout as sleep } from "node:timers/promises";
import { realPath, stateFolder } from "../../config/paths.ts";
import { ConnectorError } from "../../errors.ts";
import { safeJson, text } from "../../text.ts";
import type { CommandContext, ProcessIdentity, RunningRouter } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { configFile, findRouter, reachRouter, requireRouter } from "../find-router.ts";
import { printed } from "../print.ts";
import { findUp } from "../up-file.ts";
import type { TalkOptions } from "./status.ts";

const downWithinMs = 10_000;

export async function down(options: TalkOptions, world: CommandContext): Promise<ExitCode> {
  const file = realPath(configFile(world, options.config));
  const router = await findRouter(world, file);
  const started = await findUp(router?.folder ?? stateFolder(world.env, file), world.processes);
  const gone = await endIt(started, router, options, world);
  await untilGone(gone, world);
  const next = await findRouter(world, file);
  if (options.json) {
    world.print(printed(safeJson({ pid: gone.pid, config: file, ...(next && { owner: next.pid }) })));
    return 0;
  }
  const after =
    next === undefined ? "" : `; the Claude session of pid ${next.pid} runs it for as long as it is open`;
  world.print(text`down: pid ${gone.pid} has ended, ${file}${after}\n`);
  return 0;
}

/** Asks the owner in its own words; one that stands by has no socket and is told by signal. */
async function endIt(
  started: ProcessIdentity | undefined,
  router: RunningRouter | undefined,
  options: TalkOptions,
  world: CommandContext,
): Promise<ProcessIdentity> {
  if (started !== undefined && router?.pid !== started.pid) {
    process.kill(started.pid, "SIGTERM");
    return started;
  }
  // Says that none runs, or that the router belongs to a session.
  const { router: owner, ask } =
    router === undefined ? await reachRouter(world, options.config) : requireRouter(world, router);
  await ask("down", {});
  return owner;
}

async function untilGone(identity: ProcessIdentity, { processes }: CommandContext): Promise<void> {
  const endMs = performance.now() + downWithinMs;
  while (await processes.isRunning(identity)) {
    if (performance.now() > endMs) {
      throw new ConnectorError("E_CONTROL", `pid ${identity.pid} did not exit within 10 s`, {
        hint: `kill -9 ${identity.pid} ends it; nothing that was accepted is lost`,
      });
    }
    await sleep(50);
  }
}
