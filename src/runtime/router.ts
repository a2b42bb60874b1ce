// Runs a Plan: starts its sources, keeps trying those that have to wait, and stops them. The only mutable room.

import type {
  AnsweredEvent,
  Arrival,
  Clock,
  Emit,
  Host,
  Invitation,
  Log,
  Message,
  Outcome,
  RouterEvent,
  Source,
  SourceHealth,
} from "../contract.ts";
import { didYouMeanHint } from "../did-you-mean.ts";
import { DeliveryError, isRouterError, UsageError } from "../errors.ts";
import type { Admission, Plan, PlannedSource } from "../plan/plan.ts";
import type { Consent } from "./consent.ts";
import { type Counts, createCounter } from "./counts.ts";
import { type AcceptedEvent, createEmit, type Decision } from "./emit.ts";
import type { OpenListener } from "./listener.ts";
import type { FilterMemory } from "./memory.ts";
import { createRefusals, type Refusal, type RefusalReport, type Refusals } from "./refusals.ts";
import { retry } from "./retry.ts";

export interface RouterOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly listener: OpenListener;
  /** `trace` keeps every channel's answer for every event: for people who watch, not for production. */
  readonly detail: "decision" | "trace";
  /** What filters remember. */
  readonly memory: FilterMemory;
  /** Asked before each start of a source. */
  readonly consent: Pick<Consent, "demand">;
  newId(nowMs: number): string;
  /** See `EmitOptions.commit`. */
  commit(accepted: AcceptedEvent, signal: AbortSignal): Promise<unknown>;
  /** Told of every decision once it stands. */
  observe?(decision: Decision): void;
  /** Told when a source that had to wait has started. */
  started?(source: SourceReport): void;
  /** Told of every request that became no event; `source` is absent where no source answers. */
  refused?(refusal: Refusal, source?: string): void;
}

export interface SourceReport extends SourceHealth {
  readonly name: string;
  readonly type: string;
  readonly invitation?: Invitation;
  readonly refused?: RefusalReport;
}

export interface RouterReport {
  readonly sources: readonly SourceReport[];
  readonly counts: Counts;
  readonly address: string | undefined;
  /** Requests that no source answers. */
  readonly unrouted?: RefusalReport;
}

export interface Router {
  /** Settles when every source has started or is waiting for its next try; a source that cannot start stops no other. */
  start(plan: Plan): Promise<void>;
  /** Sources first, then the listener. Idempotent. */
  stop(deadline: AbortSignal): Promise<void>;
  report(): RouterReport;
  /** Takes an arrival as if this source had received it. Rejects as `Emit` does, with a UsageError for an unknown source. */
  emit(source: string, arrival: Arrival): Promise<Outcome>;
  /** Hands an answer to the source of an event. Rejects with a RouterError that Claude can read. */
  reply(source: string, event: AnsweredEvent, message: Message): Promise<string>;
  /** What the arrival would come to now, with every channel's answer. Nothing is remembered or told. */
  preview(source: string, arrival: Arrival): Preview;
}

export interface Preview {
  readonly event: RouterEvent;
  readonly admission: Admission;
}

interface Running {
  readonly planned: PlannedSource;
  readonly emit: Emit;
  readonly refusals: Refusals;
  /** A source is started once: each try has a new one. */
  source: Source;
  /** The router's word while the source has not started; the source's own from then on. */
  waiting: SourceHealth | undefined;
}

export function createRouter(options: RouterOptions): Router {
  const { clock, log, listener, memory, newId } = options;
  const counter = createCounter();
  const unrouted = createRefusals("listener", { clock, log });
  const stopping = new AbortController();
  const told = new Set<string>();
  let running: Running[] = [];

  function observe(decision: Decision): void {
    for (const { channel, key, message } of decision.admission?.problems ?? []) {
      if (told.has(`${channel}/${key}`)) continue;
      told.add(`${channel}/${key}`);
      log.warn(`channel ${channel}: ${key} failed on event ${decision.event.id}: ${message} (told once)`);
    }
    options.observe?.(decision);
  }

  listener.onUnrouted((refusal) => {
    counter.add("refused");
    unrouted.add(refusal);
    options.refused?.(refusal);
  });

  function create(planned: PlannedSource, refusals: Refusals): Source {
    const host: Host = {
      log,
      clock,
      listener,
      refused(refusal) {
        counter.add("refused");
        refusals.add(refusal);
        options.refused?.(refusal, planned.name);
      },
    };
    return planned.type.create(planned.name, planned.options, host);
  }

  /** Counts by itself what it rejects; the statuses are those that an http source answers then. */
  function emitOf(planned: PlannedSource, refusals: Refusals): Emit {
    const emit = createEmit(planned, {
      clock,
      memory,
      counter,
      newId,
      observe,
      detail: options.detail,
      commit: options.commit,
    });
    return async (arrival) => {
      try {
        return await emit(arrival);
      } catch (error) {
        if (error instanceof DeliveryError) {
          const refusal = { status: error.code === "E_RATE" ? 429 : 503, reason: error.message };
          refusals.add(refusal);
          options.refused?.(refusal, planned.name);
        }
        throw error;
      }
    };
  }

  function prepare(planned: PlannedSource): Running {
    const refusals = createRefusals(`source ${planned.name}`, { clock, log });
    return {
      planned,
      refusals,
      emit: emitOf(planned, refusals),
      source: create(planned, refusals),
      waiting: { state: "starting" },
    };
  }

  function reportOf({ planned, source, waiting, refusals }: Running): SourceReport {
    const invitation = waiting === undefined ? source.invitation?.(planned.sample) : undefined;
    const refused = refusals.report();
    return {
      name: planned.name,
      type: planned.type.type,
      ...(waiting ?? source.health?.() ?? { state: "running" }),
      ...(invitation === undefined ? {} : { invitation }),
      ...(refused === undefined ? {} : { refused }),
    };
  }

  function find(name: string): Running {
    const found = running.find(({ planned }) => planned.name === name);
    if (found !== undefined) return found;
    const names = running.map(({ planned }) => planned.name);
    throw new UsageError("E_USAGE", `no source called ${name} runs`, {
      hint: didYouMeanHint(name, names) ?? `there are: ${names.join(", ") || "none"}`,
    });
  }

  async function startOne(one: Running): Promise<void> {
    const { planned, emit } = one;
    // The first attempt is waited for; the later ones are not: a source that waits must not hold up the others.
    await new Promise<void>((resolve) => {
      const attempt = async () => {
        await options.consent.demand(planned.powers);
        if (stopping.signal.aborted) return;
        one.source = create(planned, one.refusals);
        return one.source.start(emit);
      };
      retry(attempt, {
        clock,
        signal: stopping.signal,
        onWait(error, delayMs) {
          const hint = error.hint === undefined ? "" : ` (${error.hint})`;
          const waitsForTime = error.code !== "E_POWER_UNTRUSTED";
          const next = waitsForTime ? `; next try in ${Math.ceil(delayMs / 1_000)} s` : "";
          const detail = `${error.message}${hint}${next}`;
          if (one.waiting?.state !== "waiting")
            log.warn(
              `source ${planned.name}: ${error.message}${hint}${waitsForTime ? "; it will try again" : ""}`,
            );
          one.waiting = { state: "waiting", detail };
          resolve();
        },
      })
        .then(
          () => {
            const waited = one.waiting?.state === "waiting";
            one.waiting = undefined;
            if (!waited || stopping.signal.aborted) return;
            log.info(`source ${planned.name}: started`);
            options.started?.(reportOf(one));
          },
          (error: unknown) => {
            const hint = isRouterError(error) && error.hint !== undefined ? `: ${error.hint}` : "";
            const detail = `${error instanceof Error ? error.message : String(error)}${hint}`;
            one.waiting = { state: "failed", detail };
            log.error(`source ${planned.name} cannot start: ${detail}`);
          },
        )
        .finally(resolve);
    });
  }

  return {
    async start(plan) {
      running = plan.sources.filter(({ enabled }) => enabled).map(prepare);
      await Promise.all(running.map(startOne));
    },
    async stop(deadline) {
      stopping.abort();
      listener.leave();
      await Promise.all(running.map(({ source }) => source.stop(deadline)));
      await listener.close(deadline);
    },
    report() {
      const elsewhere = unrouted.report();
      return {
        sources: running.map(reportOf),
        counts: counter.counts(),
        address: listener.address(),
        ...(elsewhere === undefined ? {} : { unrouted: elsewhere }),
      };
    },
    emit: async (source, arrival) => find(source).emit(arrival),
    async reply(name, event, message) {
      const { source } = find(name);
      if (source.reply === undefined) {
        throw new UsageError("E_REPLY_NONE", `events of ${name} cannot be answered`);
      }
      return source.reply(event, message);
    },
    preview(source, arrival) {
      const { planned } = find(source);
      const nowMs = clock.now();
      const event = {
        ...arrival,
        id: newId(nowMs),
        source: planned.name,
        connector: planned.type.type,
        timeMs: nowMs,
      };
      return { event, admission: planned.admit(event, memory, nowMs, { detail: "trace" }) };
    },
  };
}
