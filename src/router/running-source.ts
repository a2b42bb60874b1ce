// One source at work: its object, its tries to start, its end. Whether it should run is the router's to say.

import type { ClaimRegister } from "../contract/claim-register.ts";
import type { EmitAll, Taken } from "../contract/emit-all.ts";
import type { Host } from "../contract/host.ts";
import type { ConsentGate } from "../contract/power.ts";
import type { Arrival, Clock, Emit, Log, Outcome, Source, SourceHealth } from "../contract.ts";
import { ConnectorError, isRouterError } from "../errors.ts";
import { retry } from "../host/retry.ts";
import type { PlannedSource } from "../plan/plan.ts";
import { line, stackOf, text } from "../text.ts";
import type { RuntimeEmit } from "./emit.ts";

export interface RunningSource {
  readonly name: string;
  /** What it was made of. */
  readonly planned: PlannedSource;
  readonly emit: Emit;
  source(): Source;
  health(): SourceHealth;
  /** Has not started, and is not about to. */
  isStranded(): boolean;
  /**
   * Tries once. What arrives is held until `open`. Rejects when it did not start in time; but one that waits for a person, or for
   * another router, is no failure: it is stranded then, and to be persisted with.
   */
  begin(): Promise<void>;
  /** What arrived and what will arrive is taken. */
  open(): void;
  /** Tries until it has started or cannot; settles when it did, or waits for its next try. Begins anew when called again. */
  persist(): Promise<void>;
  /** What it has begun may end, until the deadline; then it is cut, and named when it does not even stop then. */
  end(drainMs: number): Promise<void>;
  /** At once in order: for the end of the process. */
  stop(deadline: AbortSignal): Promise<void>;
}

interface RunningSourceOptions {
  readonly planned: PlannedSource;
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
  /** Asked before each start. */
  readonly consent: Pick<ConsentGate, "demand">;
  /** What no other router may hold meanwhile. */
  readonly claims: ClaimRegister;
  /** Told when it has started after it had to wait. */
  started(): void;
  /** Made once: what it knows (rate, outstanding calls) lives as long as this source. */
  readonly emit: RuntimeEmit;
}

/** A source that has not started by then does not hold up a reload any longer. */
const startWithinMs = 10_000;
/** For a source whose deadline has passed, to stop with what it has. */
const cutMs = 500;

export function createRunningSource(options: RunningSourceOptions): RunningSource {
  const { planned, host, clock, log } = options;
  const { name } = planned;
  let source = create();
  /** The router's word while the source has not started; the source's own from then on. */
  let waiting: SourceHealth | undefined = { state: "starting" };
  let trying = new AbortController();
  let isOpen = true;
  let hold: Promise<void> | undefined;
  let open = (): void => {};
  let giveBack = async (): Promise<void> => {};

  /** A source is started once: each try has a new one. */
  function create(): Source {
    return planned.type.create(name, planned.options, host);
  }

  const one = async (arrival: Arrival): Promise<Outcome> => {
    if (!isOpen) await hold;
    return options.emit(arrival);
  };
  const many = (arrivals: readonly Arrival[], whole?: (index: number) => Arrival): Taken =>
    isOpen || hold === undefined
      ? options.emit.all(arrivals, whole)
      : { count: 0, underWay: [], ready: hold };
  const { sieve } = options.emit.all;
  const all: EmitAll = Object.assign(many, {
    ...(sieve === undefined
      ? {}
      : {
          sieve: {
            ...sieve,
            needs: (paths: ReadonlySet<string>) => (isOpen ? sieve.needs(paths) : undefined),
          },
        }),
  });
  const emit: Emit = Object.assign(one, { all });

  function wait(error: ConnectorError, next?: string): void {
    const reason = error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
    if (waiting?.state !== "waiting")
      log.warn(line`source ${name}: ${reason}${next === undefined ? "" : "; it will try again"}`);
    waiting = { state: "waiting", detail: next === undefined ? reason : `${reason}; ${next}` };
  }

  /** Once a person agreed, and nobody else holds what it needs. */
  async function startIt(signal: AbortSignal, prepare: () => void): Promise<void> {
    await options.consent.demand(planned.powers);
    if (signal.aborted) return;
    const release = await options.claims.take(planned.claims);
    if (signal.aborted) return release();
    giveBack = release;
    prepare();
    try {
      await source.start(emit);
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Never rejects: what one source fails to end is no reason to leave the others running. */
  const stop = async (
    deadline: AbortSignal,
    drain?: (deadline: AbortSignal) => Promise<void>,
  ): Promise<void> => {
    trying.abort();
    try {
      await drain?.(deadline);
      await source.stop(deadline);
      await giveBack();
    } catch (error) {
      log.error(text`source ${name} failed to stop: ${stackOf(error)}`);
    }
  };

  return {
    name,
    planned,
    emit,
    source: () => source,
    health: () => waiting ?? source.health?.() ?? { state: "running" },
    isStranded: () => waiting?.state === "waiting" || waiting?.state === "failed",
    async begin() {
      isOpen = false;
      hold = new Promise((resolve) => {
        open = resolve;
      });
      try {
        const starting = startIt(trying.signal, () => {});
        await within(starting, startWithinMs, clock, () => {
          throw new ConnectorError("E_SOURCE_START", `did not start within ${startWithinMs / 1_000} s`);
        });
      } catch (error) {
        if (!waitsForOthers(error)) throw error;
        wait(error);
        return;
      }
      waiting = undefined;
    },
    open() {
      isOpen = true;
      open();
    },
    persist() {
      trying.abort();
      trying = new AbortController();
      const { signal } = trying;
      // The first attempt is waited for; the later ones are not: a source that waits must not hold up the others.
      return new Promise<void>((resolve) => {
        const attempt = () =>
          startIt(signal, () => {
            source = create();
          });
        retry(attempt, {
          clock,
          signal,
          onWait(error, delayMs) {
            if (signal.aborted) return;
            // A person's answer counts at once, whenever the next look is.
            wait(error, isUntrusted(error) ? undefined : `next try in ${Math.ceil(delayMs / 1_000)} s`);
            resolve();
          },
        })
          .then(
            () => {
              if (signal.aborted) return;
              const waited = waiting?.state === "waiting";
              waiting = undefined;
              if (!waited) return;
              log.info(line`source ${name}: started`);
              options.started();
            },
            (error: unknown) => {
              if (signal.aborted) return;
              const detail = startFailure(error);
              waiting = { state: "failed", detail };
              log.error(line`source ${name} cannot start: ${detail}`);
            },
          )
          .finally(resolve);
      });
    },
    async end(drainMs) {
      const deadline = new AbortController();
      const cancel = clock.after(drainMs, () => deadline.abort());
      const ended = stop(deadline.signal, (signal) => source.drain?.(signal) ?? Promise.resolve());
      await within(ended, drainMs + cutMs, clock, () => {
        log.warn(line`source ${name} did not stop within ${drainMs / 1_000} s and was left behind`);
      });
      cancel();
    },
    stop: (deadline) => stop(deadline),
  };
}

function isUntrusted(error: unknown): error is ConnectorError {
  return error instanceof ConnectorError && error.code === "E_CONSENT_REQUIRED";
}

/** No failure of the source: a person, or another router, has to do something first. */
function waitsForOthers(error: unknown): error is ConnectorError {
  return isUntrusted(error) || (error instanceof ConnectorError && error.code === "E_CLAIM_HELD");
}

/** Why a source did not start, in one line for a person. */
export function startFailure(error: unknown): string {
  const hint = isRouterError(error) && error.hint !== undefined ? `: ${error.hint}` : "";
  return `${error instanceof Error ? error.message : String(error)}${hint}`;
}

/** Settles as `work` does, or with what `late` says. */
function within(work: Promise<void>, ms: number, clock: Clock, late: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => {
      try {
        late();
        resolve();
      } catch (error) {
        reject(error);
      }
    });
    work.then(resolve, reject).finally(cancel);
  });
}
