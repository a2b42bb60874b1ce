// A command source: its program keeps running, or runs again and again.

import type { Host, LoopOptions, Round } from "../../contract/host.ts";
import type { Emit, Source } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { createLoopSource, everySoOften } from "../../intake/loop-source.ts";
import { createSchedule, goOnFrom } from "../../intake/schedule.ts";
import { line } from "../../text.ts";
import { aborted } from "../../waiting.ts";
import type { CommandOptions } from "./options.ts";
import { type Run, startRun } from "./run.ts";

/** A program that ran this long did not fail at its start. */
const worksAfterMs = 10_000;
const usualTimeoutMs = 10 * 60 * 1_000;

export function createCommandSource(name: string, options: CommandOptions, host: Host): Source {
  const { clock, log } = host;
  const { everyMs, cron, restart = "always", timeoutMs = usualTimeoutMs } = options;
  let current: Run | undefined;
  let finished: string | undefined;
  let isReported = false;

  function misfit(fault: string): void {
    if (isReported) return;
    isReported = true;
    log.warn(
      line`source ${name}: a line is not valid JSON and becomes an event as it is: ${fault} (logged once)`,
    );
  }

  async function begin(emit: Emit, signal: AbortSignal): Promise<Run> {
    current = undefined;
    current = await startRun(options, host, emit, signal, misfit);
    return current;
  }

  async function runOnce(emit: Emit, signal: AbortSignal): Promise<void> {
    const run = await begin(emit, signal);
    let isLate = false;
    const cancel = clock.after(timeoutMs, () => {
      isLate = true;
      void run.kill();
    });
    try {
      await run.ended;
    } catch (error) {
      if (!isLate) throw error;
      throw new ConnectorError(
        "E_COMMAND_END",
        `the command ${options.command[0]} ran longer than ${timeoutMs / 1_000} s`,
        {
          retryable: true,
          hint: "raise timeout:, or leave out every and cron for a program that keeps running",
        },
      );
    } finally {
      cancel();
      current = undefined;
    }
  }

  async function keepRunning(emit: Emit, signal: AbortSignal, round: Round): Promise<void> {
    if (finished !== undefined) return aborted(signal);
    const run = await begin(emit, signal);
    const cancel = clock.after(worksAfterMs, round.works);
    const end = await run.ended
      .then(
        (code) =>
          new ConnectorError("E_COMMAND_END", `the command ${options.command[0]} exited with code ${code}`, {
            retryable: true,
            hint: "for a program that exits by itself add every: or cron:, or restart: failure",
          }),
        (error: unknown) => ({ failure: error }),
      )
      .finally(() => {
        cancel();
        current = undefined;
      });
    if (signal.aborted) return;
    const isFailure = "failure" in end;
    if (restart === "never" || (restart === "failure" && !isFailure)) {
      finished = isFailure && end.failure instanceof Error ? end.failure.message : (end as Error).message;
      log.info(line`source ${name}: ${finished}; it is not started again`);
      return;
    }
    throw isFailure ? end.failure : end;
  }

  function timing(emit: Emit): LoopOptions {
    if (everyMs !== undefined) {
      // A program may have done its work before it failed: it is not run more often than requested.
      const backoff = { firstMs: everyMs, maxMs: everyMs };
      return { run: (signal) => runOnce(emit, signal), ...everySoOften(everyMs), backoff };
    }
    if (cron === undefined)
      return { run: (signal, round) => keepRunning(emit, signal, round), pauseMs: () => 1 };
    return scheduled({ ...options, cron }, host, (signal) => runOnce(emit, signal));
  }

  const source = createLoopSource(name, host, {
    loop: timing,
    place: () => finished ?? `${options.command[0]}${current === undefined ? "" : `, pid ${current.pid}`}`,
    held: () => current?.held(),
  });
  return {
    ...source,
    health() {
      const health = source.health?.() ?? { state: "stopped" };
      return finished === undefined || health.state === "stopped"
        ? health
        : { state: "stopped", detail: finished };
    },
    async stop(deadline) {
      const cut = () => void current?.kill(0);
      deadline.addEventListener("abort", cut, { once: true });
      if (deadline.aborted) cut();
      await source.stop(deadline);
      deadline.removeEventListener("abort", cut);
    },
  };
}

/** At the times of a cron expression, which are kept over restarts. */
function scheduled(
  { cron, tz, missed = "once" }: Pick<CommandOptions, "tz" | "missed"> & { readonly cron: string },
  { clock, store }: Host,
  run: (signal: AbortSignal) => Promise<void>,
): LoopOptions {
  const schedule = createSchedule(cron, tz, missed);
  return {
    async run(signal, round) {
      const nowMs = clock.now();
      const noted = store.get("last");
      const lastMs = goOnFrom(noted, nowMs);
      if (lastMs !== noted) await store.set("last", lastMs);
      const next = schedule.nextMs(lastMs);
      if (next === undefined || next > nowMs) return round.skip();
      const due = schedule.due(lastMs, nowMs).at(-1);
      try {
        if (due === undefined) round.skip();
        else await run(signal);
      } finally {
        // A run that was cut off by the end of this process counts as missed.
        if (!signal.aborted) await store.set("last", due?.timeMs ?? nowMs);
      }
    },
    pauseMs: schedule.pauseMs,
    dueMs: schedule.nextMs,
  };
}
