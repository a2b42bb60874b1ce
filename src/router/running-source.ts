// One running source: its object, its start attempts, its end. The router decides whether it should run.

import type { BatchResult, EmitAll } from "../contract/emit-all.ts";
import type { ClaimRegister, Host } from "../contract/host.ts";
import type { ConsentGate } from "../contract/power.ts";
import type { Arrival, Clock, Emit, Log, Outcome, Source, SourceHealth } from "../contract.ts";
import { ConnectorError, isRouterError } from "../errors.ts";
import { retry } from "../host/retry.ts";
import type { PlannedSource } from "../plan/plan.ts";
import { line, stackOf, text } from "../text.ts";
import type { RuntimeEmit } from "./emit.ts";

interface RunningSourceOptions {
  readonly planned: PlannedSource;
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
  /** Checked before each start. */
  readonly consent: Pick<ConsentGate, "demand">;
  /** What no other router may hold meanwhile. */
  readonly claims: ClaimRegister;
  /** Called when it has started after it had to wait. */
  started(): void;
  /** Created once: its state (rate, outstanding calls) lives as long as this source. */
  readonly emit: RuntimeEmit;
}

/** A source that has not started within this time no longer holds up a reload. */
const startWithinMs = 10_000;
/** How long a source has to stop after its deadline. */
const cutMs = 500;

export class RunningSource {
  readonly #options: RunningSourceOptions;
  readonly planned: RunningSourceOptions["planned"];
  readonly #host: RunningSourceOptions["host"];
  readonly #clock: RunningSourceOptions["clock"];
  readonly #log: RunningSourceOptions["log"];
  readonly name: string;
  #source: Source;
  /** Set by the router while the source has not started; the source's own health from then on. */
  #waiting: SourceHealth | undefined = { state: "starting" };
  #trying = new AbortController();
  #isOpen = true;
  #hold: Promise<void> | undefined;
  #open = (): void => {};
  #giveBack = async (): Promise<void> => {};
  readonly emit: Emit;

  constructor(options: RunningSourceOptions) {
    this.#options = options;
    const { planned, host, clock, log } = options;
    this.planned = planned;
    this.#host = host;
    this.#clock = clock;
    this.#log = log;
    const { name } = planned;
    this.name = name;
    this.#source = this.#create();
    const { sieve } = options.emit.all;
    const all: EmitAll = Object.assign(
      (arrivals: readonly Arrival[], whole?: (index: number) => Arrival) => this.#many(arrivals, whole),
      {
        ...(sieve === undefined
          ? {}
          : {
              sieve: {
                ...sieve,
                needs: (paths: ReadonlySet<string>) => (this.#isOpen ? sieve.needs(paths) : undefined),
              },
            }),
      },
    );
    this.emit = Object.assign((arrival: Arrival) => this.#one(arrival), { all });
  }

  source(): Source {
    return this.#source;
  }

  health(): SourceHealth {
    return this.#waiting ?? this.#source.health?.() ?? { state: "running" };
  }

  /** Has not started, and is not about to. */
  isStranded(): boolean {
    return this.#waiting?.state === "waiting" || this.#waiting?.state === "failed";
  }

  /**
   * Tries once. Arrivals are held until `open`. Rejects when it did not start in time. A source that waits
   * for consent, or for another router, has not failed: it is stranded then, and `persist` retries it.
   */
  async begin(): Promise<void> {
    this.#isOpen = false;
    this.#hold = new Promise((resolve) => {
      this.#open = resolve;
    });
    try {
      const starting = this.#startIt(this.#trying.signal, () => {});
      await within(starting, startWithinMs, this.#clock, () => {
        throw new ConnectorError("E_SOURCE_START", `did not start within ${startWithinMs / 1_000} s`);
      });
    } catch (error) {
      if (!waitsForOthers(error)) throw error;
      this.#wait(error);
      return;
    }
    this.#waiting = undefined;
  }

  /** Tries again what failed, at the start or later. Settles with whether there was anything to try. */
  async tryAgain(deadline: AbortSignal): Promise<boolean> {
    const { state, lacksLibrary = false } = this.health();
    if (!this.isStranded() && state !== "failed" && !lacksLibrary) return false;
    // Failed while it ran: what is left of it goes first.
    if (this.#waiting === undefined) await this.#stop(deadline);
    await this.persist();
    return true;
  }

  /** Accepts held and future arrivals. */
  open(): void {
    this.#isOpen = true;
    this.#open();
  }

  /**
   * Retries until it has started or cannot; settles when it did, or waits for its next try. Starts again when
   * called again.
   */
  persist(): Promise<void> {
    this.#trying.abort();
    this.#trying = new AbortController();
    const { signal } = this.#trying;
    // The first attempt is awaited; later ones are not: a source that waits must not hold up the others.
    return new Promise<void>((resolve) => {
      const attempt = () =>
        this.#startIt(signal, () => {
          this.#source = this.#create();
        });
      retry(attempt, {
        clock: this.#clock,
        signal,
        onWait: (error, delayMs) => {
          if (signal.aborted) return;
          // The user's answer takes effect at once, whenever the next check is.
          this.#wait(error, isUntrusted(error) ? undefined : `next try in ${Math.ceil(delayMs / 1_000)} s`);
          resolve();
        },
      })
        .then(
          () => {
            if (signal.aborted) return;
            const waited = this.#waiting?.state === "waiting";
            this.#waiting = undefined;
            if (!waited) return;
            this.#log.info(line`source ${this.name}: started`);
            this.#options.started();
          },
          (error: unknown) => {
            if (signal.aborted) return;
            const detail = startFailure(error);
            this.#waiting = { state: "failed", detail };
            this.#log.error(line`source ${this.name} cannot start: ${detail}`);
          },
        )
        .finally(resolve);
    });
  }

  /**
   * Work in progress may finish until the deadline; then it is cancelled, and the source is named in the log
   * when it does not stop even then.
   */
  async end(drainMs: number): Promise<void> {
    const deadline = new AbortController();
    const cancel = this.#clock.after(drainMs, () => deadline.abort());
    const ended = this.#stop(deadline.signal, (signal) => this.#source.drain?.(signal) ?? Promise.resolve());
    await within(ended, drainMs + cutMs, this.#clock, () => {
      this.#log.warn(line`source ${this.name} did not stop within ${drainMs / 1_000} s and was abandoned`);
    });
    cancel();
  }

  /** Stops at once, in order: for the end of the process. */
  stop(deadline: AbortSignal): Promise<void> {
    return this.#stop(deadline);
  }

  /** A source is started once: each try has a new one. */
  #create(): Source {
    return this.planned.type.create(this.name, this.planned.options, this.#host);
  }

  async #one(arrival: Arrival): Promise<Outcome> {
    if (!this.#isOpen) await this.#hold;
    return this.#options.emit(arrival);
  }

  #many(arrivals: readonly Arrival[], whole?: (index: number) => Arrival): BatchResult {
    return this.#isOpen || this.#hold === undefined
      ? this.#options.emit.all(arrivals, whole)
      : { count: 0, underWay: [], ready: this.#hold };
  }

  #wait(error: ConnectorError, next?: string): void {
    const reason = error.hint === undefined ? error.message : `${error.message} (${error.hint})`;
    if (this.#waiting?.state !== "waiting")
      this.#log.warn(line`source ${this.name}: ${reason}${next === undefined ? "" : "; retrying"}`);
    this.#waiting = { state: "waiting", detail: next === undefined ? reason : `${reason}; ${next}` };
  }

  /** Once the user has agreed, and nobody else holds what it needs. */
  async #startIt(signal: AbortSignal, prepare: () => void): Promise<void> {
    await this.#options.consent.demand(this.planned.powers);
    if (signal.aborted) return;
    const release = await this.#options.claims.take(this.planned.claims);
    if (signal.aborted) return release();
    this.#giveBack = release;
    prepare();
    try {
      await this.#source.start(this.emit);
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** Never rejects: a source that fails to stop must not leave the others running. */
  async #stop(deadline: AbortSignal, drain?: (deadline: AbortSignal) => Promise<void>): Promise<void> {
    this.#trying.abort();
    try {
      await drain?.(deadline);
      await this.#source.stop(deadline);
      await this.#giveBack();
    } catch (error) {
      this.#log.error(text`source ${this.name} failed to stop: ${stackOf(error)}`);
    }
  }
}

function isUntrusted(error: unknown): error is ConnectorError {
  return error instanceof ConnectorError && error.code === "E_CONSENT_REQUIRED";
}

/** Not a failure of the source: the user, or another router, has to act first. */
function waitsForOthers(error: unknown): error is ConnectorError {
  return isUntrusted(error) || (error instanceof ConnectorError && error.code === "E_CLAIM_HELD");
}

/** Why a source did not start, in one line for the user. */
export function startFailure(error: unknown): string {
  const hint = isRouterError(error) && error.hint !== undefined ? `: ${error.hint}` : "";
  return `${error instanceof Error ? error.message : String(error)}${hint}`;
}

/** Settles as `work` does, or with the result of `late`. */
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
