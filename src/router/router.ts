// Runs a plan: starts its sources, replaces it with another plan while events arrive, and stops them.

import { setMaxListeners } from "node:events";
import { denyAll } from "../access/deny-all.ts";
import type { AnsweredEvent, Chat, Message, People } from "../contract/chat.ts";
import type { Counts, EndpointInfo, Sample, TrySource } from "../contract/event.ts";
import type { ClaimRegister, Host, Listener } from "../contract/host.ts";
import type { SourcePage } from "../contract/page.ts";
import type { ConsentGate } from "../contract/power.ts";
import type { Arrival, Outcome, RouterEvent, SourceHealth } from "../contract.ts";
import { didYouMeanHint } from "../did-you-mean.ts";
import { ConnectorError, isRouterError, UsageError } from "../errors.ts";
import { createHost, type HostOptions } from "../host/source-host.ts";
import { hideInMessages, hideInReport } from "../host/source-mask.ts";
import { createRefusals, type Refusal, type RefusalReport, type Refusals } from "../http/refusals.ts";
import type { OpenListener } from "../http/server.ts";
import { type Changes, diffPlans, type PlanDiff } from "../plan/diff.ts";
import type { Admission, Plan, PlannedSource } from "../plan/plan.ts";
import { line } from "../text.ts";
import { aborted } from "../waiting.ts";
import { createAdmissionTurns } from "./admission-turns.ts";
import {
  type AcceptedEvent,
  type Cancellation,
  createCounter,
  createEmit,
  type Decision,
  type RuntimeEmit,
  type UnmatchedEvent,
} from "./emit.ts";
import { withoutMarks } from "./known-deliveries.ts";
import type { FilterMemory } from "./memory.ts";
import { RunningSource } from "./running-source.ts";
import { createSlowLane } from "./slow-lane.ts";

export interface RouterOptions extends HostOptions {
  readonly listener: OpenListener;
  /** `trace` keeps every channel's answer for every event: for interactive use, not for production. */
  readonly detail: "decision" | "trace";
  /** What filters remember. */
  readonly memory: FilterMemory;
  /** Checked before each start of a source. */
  readonly consent: Pick<ConsentGate, "demand">;
  /** What no other router may hold while a source runs. Default: others are not checked. */
  readonly claims?: ClaimRegister;
  /** Who may write through this source. Default: no one. */
  people?(source: PlannedSource, refused: Host["refused"]): People;
  newId(nowMs: number): string;
  /** See `EmitOptions.commit`. */
  commit(accepted: AcceptedEvent, withdrawal: Cancellation): Promise<unknown>;
  /** Called with every decision once it is final. */
  observe?(decision: Decision): void;
  /** The same for batches that no channel wanted; absent: `observe` is called for each. */
  observeUnmatched?(unmatched: UnmatchedEvent, source: string): void;
  /** How to try a source whose payload must be real, for example that of a test. */
  tryWith?(source: string): TrySource;
  /** Called when a source that had to wait has started. */
  started?(source: SourceReport): void;
  /** Called for every request that became no event; `source` is absent where no source answers. */
  refused?(refusal: Refusal, source?: string): void;
}

export interface SourceReport extends SourceHealth {
  readonly name: string;
  readonly type: string;
  /** When its latest event was accepted or rejected by admission, since the router started. */
  readonly lastEventMs?: number;
  readonly endpointInfo?: EndpointInfo;
  readonly refused?: RefusalReport;
}

export interface RouterReport {
  readonly sources: readonly SourceReport[];
  readonly counts: Counts;
  readonly address: string | undefined;
  /** Requests that no source answers. */
  readonly unrouted?: RefusalReport;
}

/** The HTTP server's part of a plan; `addresses` only when it has to move. */
export type NextListen = Parameters<OpenListener["stage"]>[0];

export interface Preview {
  readonly event: RouterEvent;
  readonly admission: Admission;
}

/** What runs now. Replaced as a whole, never changed: one assignment is the moment of a reload. */
interface Active {
  readonly plan: Plan;
  readonly sources: readonly RunningSource[];
  /**
   * By source: its current entry in the plan, which may differ from the one it was created from in everything
   * but its fingerprint.
   */
  readonly planned: ReadonlyMap<RunningSource, PlannedSource>;
}

const nothing: Active = {
  plan: {
    sources: [],
    channels: [],
    sinks: [],
    powers: [],
    listen: { loopback: true, hosts: [], powers: [] },
    console: { enabled: false, isRemote: false, readOnly: false, metrics: false, powers: [] },
  },
  sources: [],
  planned: new Map(),
};

/** How long removed sources may take to finish. */
const drainMs = 10_000;

/** For a router without others. */
const noRegister: ClaimRegister = { take: async () => async () => {} };

export class Router {
  readonly #options: RouterOptions;
  readonly #clock: RouterOptions["clock"];
  readonly #log: RouterOptions["log"];
  readonly #listener: RouterOptions["listener"];
  readonly #memory: RouterOptions["memory"];
  readonly #newId: RouterOptions["newId"];
  readonly #counter = createCounter();
  readonly #slowLane = createSlowLane();
  readonly #admissions = createAdmissionTurns();
  readonly #unrouted: Refusals;
  readonly #logged = new Set<string>();
  /** By source: they outlive its objects. */
  readonly #refusalsBySource = new Map<string, Refusals>();
  readonly #lastEventMs = new Map<string, number>();
  /** No longer in the plan, but still finishing. */
  readonly #draining = new Set<RunningSource>();
  #isStopping = false;
  #applying: Promise<unknown> = Promise.resolve();
  #active = nothing;

  constructor(options: RouterOptions) {
    this.#options = options;
    const { clock, log, listener, memory, newId } = options;
    this.#clock = clock;
    this.#log = log;
    this.#listener = listener;
    this.#memory = memory;
    this.#newId = newId;
    const unrouted = createRefusals("listener", { clock, log });
    this.#unrouted = unrouted;
    listener.onUnrouted((refusal) => {
      this.#counter.add("refused");
      unrouted.add(refusal);
      options.refused?.(refusal);
    });
  }

  /**
   * Settles when every source has started or is waiting for a retry; a source that cannot start stops no
   * other.
   */
  async start(plan: Plan): Promise<void> {
    this.#activate(
      plan,
      enabled(plan).map((planned) => this.#createOne(planned, this.#listener)),
    );
    await Promise.all(this.#active.sources.map((one) => one.persist()));
  }

  /**
   * Applies another plan. New sources start beside the old ones; then all events use the new plan from one
   * moment to the next, and removed sources finish, for at most 10 s. Settles with the difference once the
   * new plan is active. Rejects when something new did not start: then the old plan stays active. A source
   * that waits for consent is not a failure: everything else is applied. Several calls run one after the
   * other.
   */
  apply(plan: Plan, listen: NextListen): Promise<PlanDiff> {
    const done = this.#applying.then(() => this.#change(plan, listen));
    this.#applying = done.catch(() => undefined);
    return done;
  }

  /**
   * Starts the sources again that have failed or wait, because something outside the config may have changed.
   * Settles with what has become of each.
   */
  tryAgain(): Promise<readonly SourceReport[]> {
    const done = this.#applying.then(async () => {
      if (this.#isStopping) return [];
      const { sources, planned } = this.#active;
      const tried = await Promise.all(
        sources.map(async (one) => ((await one.tryAgain(AbortSignal.timeout(drainMs))) ? [one] : [])),
      );
      return tried.flat().map((one) => this.#reportOf(one, planned.get(one) as PlannedSource));
    });
    this.#applying = done.catch(() => undefined);
    return done;
  }

  /** The active plan. */
  plan(): Plan {
    return this.#active.plan;
  }

  /** Stops sources first, then the HTTP server. Idempotent. */
  async stop(deadline: AbortSignal): Promise<void> {
    // Each source may listen to it: that is not a leak, and needs no warning on stderr.
    setMaxListeners(0, deadline);
    this.#isStopping = true;
    this.#listener.leave();
    await Promise.race([this.#applying, aborted(deadline)]);
    await Promise.all([...this.#active.sources, ...this.#draining].map((one) => one.stop(deadline)));
    await this.#listener.close(deadline);
  }

  report(): RouterReport {
    const elsewhere = this.#unrouted.report();
    return {
      sources: [...this.#active.planned].map(([one, planned]) => this.#reportOf(one, planned)),
      counts: this.#counter.counts(),
      address: this.#listener.address(),
      ...(elsewhere === undefined ? {} : { unrouted: elsewhere }),
    };
  }

  /**
   * Accepts an arrival as if this source had received it. Rejects as `Emit` does, with a UsageError for an
   * unknown source.
   */
  async emit(source: string, arrival: Arrival): Promise<Outcome> {
    return this.#find(source).emit(arrival);
  }

  /** Passes an answer to the source of an event. Rejects with a RouterError that Claude can read. */
  async reply(name: string, event: AnsweredEvent, message: Message): Promise<string> {
    // The caller may be waiting in an object that a reload has replaced: only that one knows it.
    const candidates = [
      ...[...this.#draining].filter((one) => one.name === name),
      ...this.#active.sources.filter((one) => one.name === name),
    ];
    let refusal: unknown;
    for (const one of candidates) {
      const source = one.source();
      try {
        if (source.reply !== undefined) return await source.reply(event, message);
      } catch (error) {
        if (!isRouterError(error)) throw error;
        if (error.code !== "E_REPLY_GONE") throw error;
        refusal = error;
      }
    }
    this.#find(name);
    throw refusal ?? new UsageError("E_REPLY_NONE", `events of ${name} cannot be answered`);
  }

  /** What a chat can do beyond `reply`; undefined where no chat of this name runs. */
  chat(name: string): Chat | undefined {
    const one = this.#active.sources.find((other) => other.name === name);
    return one?.health().state === "running" ? one.source().chat : undefined;
  }

  /** The page of a running source; undefined where no source of this name has one. */
  page(name: string): SourcePage | undefined {
    const one = this.#active.sources.find((other) => other.name === name);
    return one?.health().state === "running" ? one.source().page : undefined;
  }

  /**
   * The result that the arrival would have now, with every channel's answer. Nothing is remembered or
   * reported.
   */
  preview(source: string, arrival: Arrival): Preview {
    const planned = this.#active.planned.get(this.#find(source)) as PlannedSource;
    const nowMs = this.#clock.now();
    const event = {
      ...withoutMarks(arrival),
      id: this.#newId(nowMs),
      source: planned.name,
      connector: planned.type.type,
      timeMs: nowMs,
    };
    return { event, admission: planned.admit(event, this.#memory, nowMs, { detail: "trace" }) };
  }

  #observe(decision: Decision): void {
    for (const { channel, key, message } of decision.admission?.problems ?? []) {
      if (this.#logged.has(`${channel}/${key}`)) continue;
      this.#logged.add(`${channel}/${key}`);
      this.#log.warn(
        line`channel ${channel}: ${key} failed on event ${decision.event.id}: ${message} (logged once)`,
      );
    }
    this.#options.observe?.(decision);
  }

  #observeUnmatched(unmatched: UnmatchedEvent, source: string): void {
    if (this.#options.observeUnmatched !== undefined) this.#options.observeUnmatched(unmatched, source);
    else if (this.#options.observe !== undefined)
      for (let index = 0; index < unmatched.count; index++) this.#options.observe(unmatched.decision(index));
  }

  #refusalsOf(name: string): Refusals {
    const refusals =
      this.#refusalsBySource.get(name) ??
      createRefusals(`source ${name}`, { clock: this.#clock, log: this.#log });
    this.#refusalsBySource.set(name, refusals);
    return refusals;
  }

  #refuse(refusal: Refusal, name: string): void {
    this.#refusalsOf(name).add(refusal);
    this.#options.refused?.(refusal, name);
  }

  /** Counts what it rejects; the statuses are those that an http source answers then. */
  #emitOf(current: () => PlannedSource): RuntimeEmit {
    const { name } = current();
    return createEmit(current, {
      clock: this.#clock,
      memory: this.#memory,
      counter: this.#counter,
      newId: this.#newId,
      observe: (decision) => {
        this.#lastEventMs.set(name, this.#clock.now());
        this.#observe(decision);
      },
      observeUnmatched: (unmatched) => {
        this.#lastEventMs.set(name, this.#clock.now());
        this.#observeUnmatched(unmatched, name);
      },
      refused: (error) =>
        this.#refuse({ status: error.code === "E_RATE" ? 429 : 503, reason: error.message }, name),
      detail: this.#options.detail,
      slowLane: this.#slowLane,
      admissions: this.#admissions,
      commit: this.#options.commit,
    });
  }

  #createOne(planned: PlannedSource, on: Listener): RunningSource {
    let one: RunningSource | undefined;
    const current = () => (one === undefined ? undefined : this.#active.planned.get(one)) ?? planned;
    const refused: Host["refused"] = (refusal) => {
      this.#counter.add("refused");
      this.#refuse(refusal, planned.name);
    };
    const people = this.#options.people?.(planned, refused) ?? denyAll;
    const words = hideInMessages(planned.hidden, this.#options);
    const host = createHost(planned, on, { ...this.#options, ...words, people, refused });
    one = new RunningSource({
      planned,
      host,
      clock: this.#clock,
      log: words.log,
      consent: this.#options.consent,
      claims: this.#options.claims ?? noRegister,
      emit: this.#emitOf(current),
      started: () => {
        if (one !== undefined && this.#options.started !== undefined)
          this.#options.started(this.#reportOf(one, current()));
      },
    });
    return one;
  }

  #reportOf(one: RunningSource, { name, type, sample, hidden }: PlannedSource): SourceReport {
    const health = one.health();
    const isThere = health.state === "running";
    const endpointInfo = isThere ? this.#endpointOf(one, name, sample) : undefined;
    const refused = this.#refusalsBySource.get(name)?.report();
    const last = this.#lastEventMs.get(name);
    return hideInReport(hidden, {
      name,
      type: type.type,
      ...health,
      ...(last === undefined ? {} : { lastEventMs: last }),
      ...(endpointInfo === undefined ? {} : { endpointInfo }),
      ...(refused === undefined ? {} : { refused }),
    });
  }

  #endpointOf(one: RunningSource, name: string, sample: PlannedSource["sample"]): EndpointInfo | undefined {
    const infoWith = (real: Sample | undefined) => one.source().endpointInfo?.(real);
    const real = this.#options.tryWith?.(name);
    const given = real === undefined || "none" in real ? undefined : real.sample;
    if (given === undefined && sample !== "needed") return infoWith(sample);
    const info = infoWith(given);
    if (info === undefined || real === undefined) return info && { address: info.address };
    if ("none" in real) return { address: info.address, noExample: real.none };
    // Where the sender has to sign, the command does without a signature.
    const example = given === undefined ? undefined : info.example;
    return { address: info.address, example: example ?? real.commandLine };
  }

  #find(name: string): RunningSource {
    const found = this.#active.sources.find((one) => one.name === name);
    if (found !== undefined) return found;
    const names = this.#active.sources.map((one) => one.name);
    throw new UsageError("E_USAGE", `no source called ${name} runs`, {
      hint: didYouMeanHint(name, names) ?? `there are: ${names.join(", ") || "none"}`,
    });
  }

  #activate(plan: Plan, sources: readonly RunningSource[]): void {
    const byName = new Map(sources.map((one) => [one.name, one]));
    const inOrder = enabled(plan).map(
      (planned) => [byName.get(planned.name) as RunningSource, planned] as const,
    );
    this.#active = { plan, sources: inOrder.map(([one]) => one), planned: new Map(inOrder) };
  }

  /** Not awaited: stopping removed sources may take a while. */
  #drain(leaving: readonly RunningSource[], endOld: (deadline: AbortSignal) => Promise<void>): void {
    const deadline = new AbortController();
    const cancel = this.#clock.after(drainMs, () => deadline.abort());
    for (const one of leaving) {
      this.#draining.add(one);
      void one.end(drainMs).then(() => this.#draining.delete(one));
    }
    void endOld(deadline.signal).then(cancel);
  }

  async #change(plan: Plan, listen: NextListen): Promise<PlanDiff> {
    const before = this.#active;
    const diff = diffPlans(before.plan, plan);
    const { added, changed, removed, kept } = mapToSets(diff.sources);
    const stopFirst = new Set(diff.stopFirst);
    const stage = this.#listener.stage(listen);
    const fresh = enabled(plan)
      .filter(({ name }) => added.has(name) || changed.has(name))
      .map((planned) => this.#createOne(planned, stage.listener));
    const leaving = before.sources.filter(({ name }) => removed.has(name) || changed.has(name));
    const first = leaving.filter(({ name }) => stopFirst.has(name));

    let endOld: ReturnType<typeof stage.commit>;
    try {
      await stage.bind();
      await Promise.all(first.map((one) => one.end(drainMs)));
      await startSources(fresh);
      if (this.#isStopping) throw new ConnectorError("E_SOURCE_START", "the router is ending");
      endOld = stage.commit((name) => removed.has(name) || changed.has(name));
    } catch (error) {
      await Promise.all(fresh.map((one) => one.end(0)));
      await stage.abandon();
      // Their objects have ended; new ones replace them, and whatever keeps them from starting is reported as
      // usual.
      const again = first.map(({ planned }) => this.#createOne(planned, this.#listener));
      const others = before.sources.filter((one) => !first.includes(one));
      this.#activate(before.plan, [...others, ...again]);
      await Promise.all(again.map((one) => one.persist()));
      throw error;
    }
    this.#activate(plan, [...before.sources.filter(({ name }) => kept.has(name)), ...fresh]);
    for (const one of fresh) one.open();
    for (const { name } of leaving)
      if (removed.has(name)) {
        this.#refusalsBySource.delete(name);
        this.#lastEventMs.delete(name);
      }
    for (const name of [...diff.channels.changed, ...diff.channels.removed])
      for (const key of this.#logged) if (key.startsWith(`${name}/`)) this.#logged.delete(key);
    this.#drain(
      leaving.filter((one) => !first.includes(one)),
      endOld,
    );
    // Sources that wait for consent keep waiting; sources that could not get the old address may get the new
    // one at once.
    for (const one of this.#active.sources)
      if (one.isStranded() && (diff.listen || fresh.includes(one))) void one.persist();
    return diff;
  }
}

function enabled({ sources }: Plan): readonly PlannedSource[] {
  return sources.filter((source) => source.enabled);
}

function mapToSets({ added, removed, changed, kept }: Changes) {
  return { added: new Set(added), removed: new Set(removed), changed: new Set(changed), kept: new Set(kept) };
}

/** Waits for all before it reports the first failure, with the name of its source. */
export async function startSources(sources: readonly RunningSource[]): Promise<void> {
  const results = await Promise.allSettled(sources.map((one) => one.begin()));
  for (const [index, result] of results.entries()) {
    if (result.status === "fulfilled") continue;
    const { name } = sources[index] as RunningSource;
    if (!isRouterError(result.reason)) throw result.reason;
    const { code, message, hint } = result.reason;
    throw new ConnectorError(code, `source ${name} cannot start: ${message}`, { hint, cause: result.reason });
  }
}
