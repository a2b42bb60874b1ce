// `up --foreground`: a router process without a client of its own.

import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../../clock.ts";
import { realPath, stateFolder } from "../../config/paths.ts";
import { guardAgainstCrashes } from "../../daemon/crash-guard.ts";
import { createLog } from "../../daemon/log.ts";
import { openLogFile } from "../../daemon/log-file.ts";
import { joinAsClient } from "../../daemon/start/join-cluster.ts";
import { line } from "../../text.ts";
import { version } from "../../version.ts";
import { aborted } from "../../waiting.ts";
import { openConsoleOf } from "../console/open-console.ts";
import type { UpConfig, UpState } from "../context.ts";
import { type ExitCode, stopSignal } from "../exit.ts";

const shutdownMs = 1_900;
const maxLogBytes = 5 * 1024 * 1024;
const keptLogs = 3;
/** Of this process. */
const stderrFd = 2;

/** `chosen`: the user named the file, or it is their own. */
export async function runForeground(
  { file, chosen, log: settings, logFile }: UpConfig,
  ready: (state: UpState) => void,
): Promise<ExitCode> {
  const found = { file, chosen, tried: [file] };
  let secrets: readonly string[] = [];
  const log = createLog({
    ...settings,
    now: Date.now,
    secrets: () => secrets,
    ...(logFile === undefined
      ? {}
      : { write: openLogFile({ path: logFile, fd: stderrFd, maxBytes: maxLogBytes, keep: keptLogs }) }),
  });
  log.info(line`started: channel-router ${version}, pid ${process.pid}, ${file}`);
  const ending = new AbortController();
  const asked = aborted(ending.signal);
  const cluster = joinAsClient({
    location: { folder: stateFolder(process.env, file), config: realPath(file) },
    found,
    find: () => found,
    notes: [],
    log,
    onSecrets(known) {
      secrets = known;
    },
    openConsole: openConsoleOf,
    end: () => ending.abort(),
  });
  guardAgainstCrashes(log, systemClock, () => process.exit(1));
  // The leader reloads on it; a standby must not end because of it.
  process.on("SIGHUP", () => {});
  // Nothing else keeps this process alive: it has no stdin to read.
  const alive = setInterval(() => {}, 60_000);
  void (async () => {
    while (cluster.state().mode === "seeking") await sleep(20);
    const mode = cluster.state().mode === "leader" ? "leader" : "standby";
    if (mode === "standby") log.info(line`standby: another process runs ${file}`);
    ready({ mode });
  })();
  const cause = await Promise.race([
    cluster.ended.then(() => "replaced"),
    stopSignal(["SIGINT", "SIGTERM"]),
    asked.then(() => "channel-router down"),
  ]);
  log.info(line`stopping: ${cause}`);
  clearInterval(alive);
  setTimeout(() => process.exit(0), shutdownMs).unref();
  await cluster.close();
  log.info(line`stopped`);
  return 0;
}
