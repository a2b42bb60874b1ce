// `up --foreground`: a router process without a client of its own.

import { setTimeout as sleep } from "node:timers/promises";
import { realPath, stateFolder } from "../../config/paths.ts";
import { guardAgainstCrashes } from "../../daemon/crash-guard.ts";
import { createLog } from "../../daemon/log.ts";
import { joinAsClient } from "../../daemon/start/join-cluster.ts";
import { systemClock } from "../../host/clock.ts";
import { aborted } from "../../waiting.ts";
import type { UpConfig, UpState } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { stopSignal } from "../stop-signal.ts";

const shutdownMs = 1_900;

/** `chosen`: the user named the file, or it is their own. */
export async function runForeground(
  { file, chosen }: UpConfig,
  ready: (state: UpState) => void,
): Promise<ExitCode> {
  const found = { file, chosen, tried: [file] };
  let secrets: readonly string[] = [];
  const log = createLog({ secrets: () => secrets });
  const ending = new AbortController();
  const asked = aborted(ending.signal);
  const ownership = joinAsClient({
    place: { folder: stateFolder(process.env, file), config: realPath(file) },
    found,
    find: () => found,
    notes: [],
    log,
    onSecrets(known) {
      secrets = known;
    },
    end: () => ending.abort(),
  });
  guardAgainstCrashes(log, systemClock, () => process.exit(1));
  // The leader reloads on it; a standby must not end because of it.
  process.on("SIGHUP", () => {});
  // Nothing else keeps this process alive: it has no stdin to read.
  const alive = setInterval(() => {}, 60_000);
  void (async () => {
    while (ownership.state().mode === "seeking") await sleep(20);
    ready({ mode: ownership.state().mode === "owner" ? "owner" : "standby" });
  })();
  await Promise.race([ownership.ended, stopSignal(["SIGINT", "SIGTERM"]), asked]);
  clearInterval(alive);
  setTimeout(() => process.exit(0), shutdownMs).unref();
  await ownership.close();
  return 0;
}
