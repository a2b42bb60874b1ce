// The rounds of one source: when the next one is, how long to wait after a failure, and who is notified. The
// only place, beside the start of a source, that retries.

import type { Loop, LoopOptions } from "../contract/host.ts";
import type { Clock, Log, SourceHealth } from "../contract.ts";
import { ConnectorError, isRouterError } from "../errors.ts";
import { line, type SafeText, stackOf, text } from "../text.ts";
import { aborted } from "../waiting.ts";

/**
 * This many failures in a row are worth an event, and so is one that is followed by a pause of this length.
 */
const notifyAfter = 3;
const longPauseMs = 60 * 60_000;
const defaultBackoff: NonNullable<LoopOptions["backoff"]> = { firstMs: 1_000, maxMs: 60_000 };

interface LoopContext {
  /** The prefix of its log lines: `source releases`. */
  readonly subject: string;
  readonly clock: Clock;
  readonly log: Log;
  /** An event of our own about this subject; a later one replaces one that no session has received. */
  announce(content: SafeText): void;
  /** From 0 to 1. Default Math.random. */
  random?(): number;
}

export function createLoop(options: LoopOptions, context: LoopContext): Loop {
  const { clock, log, subject, random = Math.random } = context;
  const { firstMs, maxMs, leastMs = () => 0 } = options.backoff ?? defaultBackoff;
  const stopping = new AbortController();
  let state: "ready" | "running" | "stopped" = "ready";
  let round: Promise<void> | undefined;
  let failures = 0;
  /** In a row. */
  let shortRounds = 0;
  let failingSinceMs = 0;
  let lastError: string | undefined;
  let lacksLibrary = false;
  let isAnnounced = false;
  let nextMs: number | undefined;
  let cancel = () => {};

  function works(): void {
    if (failures > 0) log.info(line`${subject}: works again`);
    if (isAnnounced)
      context.announce(line`${subject} works again after ${span(clock.now() - failingSinceMs)}.`);
    failures = 0;
    lastError = undefined;
    isAnnounced = false;
  }

  /** Milliseconds until the next round. */
  function failed(error: unknown): number {
    const isOurs = isRouterError(error);
    const reason = isOurs ? lineOf(error) : "failed through a bug in this program";
    if (failures === 0) failingSinceMs = clock.now();
    const retryAfterMs = error instanceof ConnectorError ? error.retryAfterMs : undefined;
    const isHopeless = error instanceof ConnectorError && !error.retryable;
    const backoffMs = Math.max(leastMs(), Math.min(isHopeless ? maxMs : firstMs * 2 ** failures, maxMs));
    const nowMs = clock.now();
    const pauseMs = Math.max(retryAfterMs ?? 0, backoffMs) * (1 + random() / 10);
    const tryMs = options.dueMs === undefined ? nowMs + pauseMs : options.dueMs(nowMs);
    failures += 1;
    const again = tryMs === undefined ? "no retry" : `next try in ${span(tryMs - nowMs)}`;
    if (!isOurs) log.error(text`${subject}: ${stackOf(error)}`);
    else if (lastError !== reason) log.warn(line`${subject}: ${reason}; ${again}`);
    lastError = reason;
    lacksLibrary = isOurs && error.code === "E_LIBRARY";
    const isLong = (tryMs ?? Number.POSITIVE_INFINITY) - nowMs >= longPauseMs;
    if ((failures >= notifyAfter || isLong) && !isAnnounced) {
      isAnnounced = true;
      const count = failures === 1 ? "once" : `${failures} times in ${span(nowMs - failingSinceMs)}`;
      const goesOn = tryMs === undefined ? "" : "it goes on trying, ";
      context.announce(line`${subject} fails: ${reason}. Tried ${count}; ${goesOn}${again}.`);
    }
    return options.dueMs === undefined ? pauseMs : options.pauseMs(nowMs);
  }

  function pauseAfter(tookMs: number): number {
    const pauseMs = options.pauseMs(clock.now());
    shortRounds = options.shortMs !== undefined && tookMs < options.shortMs ? shortRounds + 1 : 0;
    if (shortRounds === 0) return pauseMs;
    return Math.max(pauseMs, Math.min(firstMs * 2 ** (shortRounds - 1), maxMs) * (1 + random() / 10));
  }

  function wait(ms: number): void {
    if (state !== "running") return;
    nextMs = clock.now() + ms;
    cancel = clock.after(ms, begin);
  }

  function begin(): void {
    cancel();
    nextMs = undefined;
    let isGood = false;
    const good = () => {
      if (isGood || state !== "running") return;
      isGood = true;
      works();
    };
    const begunMs = clock.now();
    let isSkipped = false;
    const skip = () => {
      isSkipped = true;
    };
    round = (async () => {
      let pauseMs: number;
      try {
        await options.run(stopping.signal, { failures, works: good, skip });
        if (!isSkipped) good();
        pauseMs = pauseAfter(clock.now() - begunMs);
      } catch (error) {
        if (state !== "running") return;
        pauseMs = failed(error);
      }
      round = undefined;
      wait(pauseMs);
    })();
  }

  return {
    start() {
      if (state !== "ready") throw new Error(`${subject} was started twice`);
      state = "running";
      if (options.firstMs === undefined || options.firstMs <= 0) begin();
      else wait(options.firstMs);
    },
    now() {
      if (state === "running" && round === undefined) begin();
    },
    async stop(deadline) {
      state = "stopped";
      cancel();
      stopping.abort();
      await Promise.race([round, aborted(deadline)]);
    },
    health(): SourceHealth {
      const tryMs = nextMs === undefined ? undefined : (options.dueMs ?? (() => nextMs))(clock.now());
      const next = tryMs === undefined ? {} : { nextTryMs: tryMs };
      if (state === "stopped") return { state };
      if (state === "ready") return { state: "starting" };
      if (lastError === undefined) return { state: "running", ...next };
      return { state: "waiting", detail: lastError, lastError, ...lackOf(lacksLibrary), ...next };
    },
  };
}

function lineOf({ message, hint }: { readonly message: string; readonly hint: string | undefined }): string {
  return hint === undefined ? message : `${message} (${hint})`;
}

function span(ms: number): string {
  if (ms < 90_000) return `${Math.max(1, Math.round(ms / 1_000))} s`;
  if (ms < 90 * 60_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

function lackOf(lacksLibrary: boolean): Pick<SourceHealth, "lacksLibrary"> {
  return lacksLibrary ? { lacksLibrary } : {};
}
