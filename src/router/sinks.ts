// Runs the sinks: everything between a tool call and the outside. First consent, then what may be sent, then
// sending with retries; and a line in the journal for every call. A call ends on the sink that it started
// with, whatever is loaded meanwhile.

import type { ConsentGate } from "../contract/power.ts";
import type { Sink, SinkHost, SinkReport, SinkResult } from "../contract/sink.ts";
import type { JsonObject, View } from "../contract.ts";
import { ConnectorError, DeliveryError, isRouterError, UsageError } from "../errors.ts";
import { boundedHost } from "../host/bounds.ts";
import { retry } from "../host/retry.ts";
import { type Mask, maskAll } from "../host/secret-mask.ts";
import { outgoingOf, rootsOf } from "../plan/outgoing.ts";
import type { PlannedSink } from "../plan/plan.ts";
import { describePower } from "../plan/powers.ts";
import { aborted } from "../waiting.ts";

export interface CallOfSink {
  /** Checked, with defaults, without `event_id`. */
  readonly input: JsonObject;
  /** The event that it answers. */
  readonly event?: View;
  readonly session: string;
  /** Fires when the client cancels the call: work in progress is cancelled. */
  readonly cancelled?: AbortSignal;
}

/** The outcome of one call; it contains no secret. */
export interface CallRecord {
  readonly sink: string;
  readonly session: string;
  readonly eventId?: string;
  /** `refused`: nothing was sent. `failed`, `cancelled`: it may have been sent. */
  readonly outcome: "done" | "failed" | "refused" | "cancelled";
  readonly tookMs: number;
  readonly detail?: string;
}

interface SinksOptions {
  readonly host: SinkHost;
  readonly consent: ConsentGate;
  readonly mask: Mask;
  newId(): string;
  record(call: CallRecord): void;
}

interface Active {
  readonly planned: PlannedSink;
  readonly sink: Sink;
}

const maxUnderWay = 16;
const attempts = 3;
/** Claude waits meanwhile; anything slower is better called again. */
const maxWaitMs = 20_000;
const maxDetail = 300;
const nothingSent: ReadonlySet<string> = new Set(["E_CONSENT_REQUIRED", "E_CAPABILITY"]);

export class Sinks {
  readonly #host: SinksOptions["host"];
  readonly #consent: SinksOptions["consent"];
  readonly #mask: SinksOptions["mask"];
  readonly #newId: SinksOptions["newId"];
  readonly #record: SinksOptions["record"];
  #active: ReadonlyMap<string, Active> = new Map();
  readonly #counts = new Map<string, { calls: number; failures: number; lastError?: string }>();
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #ending = new AbortController();
  #isStopping = false;

  constructor({ host, consent, mask, newId, record }: SinksOptions) {
    this.#host = host;
    this.#consent = consent;
    this.#mask = mask;
    this.#newId = newId;
    this.#record = record;
  }

  /** Replaces the sinks. Calls in progress continue. */
  use(planned: readonly PlannedSink[]): void {
    this.#active = new Map(
      planned.map((one) => {
        const before = this.#active.get(one.name);
        if (before?.planned.fingerprint === one.fingerprint)
          return [one.name, { planned: one, sink: before.sink }];
        return [one.name, { planned: one, sink: one.type.create(one.name, one.options, this.#hostFor(one)) }];
      }),
    );
    for (const name of this.#counts.keys()) if (!this.#active.has(name)) this.#counts.delete(name);
  }

  /**
   * Settles with the result for Claude. Rejects with a RouterError that Claude can read; nothing was sent
   * when it is a UsageError or waits for consent.
   */
  async call(name: string, call: CallOfSink): Promise<SinkResult> {
    const one = this.#active.get(name);
    if (one === undefined)
      throw new UsageError("E_TOOL_UNKNOWN", `no sink named ${name} any more`, {
        hint: "the config was changed: read the list of tools again",
      });
    if (this.#isStopping || this.#underWay.size >= maxUnderWay)
      throw new DeliveryError(
        "E_SINK_FAILED",
        this.#isStopping ? "the router is ending" : "too many calls are in progress",
        {
          hint: "nothing was sent: try again later",
        },
      );
    const running = this.#run(one, call);
    this.#underWay.add(running);
    try {
      return await running;
    } finally {
      this.#underWay.delete(running);
    }
  }

  report(): readonly SinkReport[] {
    return [...this.#active.values()].map(({ planned: { name, type } }) => ({
      name,
      type: type.type,
      ...(this.#counts.get(name) ?? { calls: 0, failures: 0 }),
    }));
  }

  /**
   * No new call starts; calls in progress may finish until the deadline, and are cancelled then. Idempotent.
   */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#isStopping = true;
    await Promise.race([Promise.allSettled(this.#underWay), aborted(deadline)]);
    this.#ending.abort();
  }

  /** An argument that contains a secret is rejected; a secret that came with an event is hidden. */
  #withoutSecrets(
    { input, event }: CallOfSink,
    { defaults }: PlannedSink,
  ): Pick<CallOfSink, "input" | "event"> {
    for (const [name, value] of Object.entries(input)) {
      // The config's own value for an argument that was left out.
      if (JSON.stringify(value) === JSON.stringify(defaults[name])) continue;
      if (JSON.stringify(maskAll(value, this.#mask)) === JSON.stringify(value)) continue;
      throw new UsageError("E_SINK_SECRET", `${name} holds a secret of the config: nothing was sent`, {
        hint: "leave it out; the sink has the secrets that it needs",
      });
    }
    return {
      input,
      ...(event === undefined ? {} : { event: maskAll(event, this.#mask) as unknown as View }),
    };
  }

  #hostFor({ launch, bound }: PlannedSink): SinkHost {
    const host = bound === undefined ? this.#host : boundedHost(this.#host, bound);
    return launch === undefined ? host : { ...host, spawn: (command) => host.spawn({ ...command, launch }) };
  }

  async #demandConsent({ name, powers }: PlannedSink): Promise<void> {
    try {
      await this.#consent.demand(powers);
    } catch (error) {
      if (!(error instanceof ConnectorError) || error.code !== "E_CONSENT_REQUIRED") throw error;
      const waiting = powers.filter((power) => !this.#consent.allows(power));
      const what = waiting.map(describePower).join(", and to ");
      throw new ConnectorError("E_CONSENT_REQUIRED", `${name} waits for consent: ${what}`, {
        hint: "nothing was sent; tell the user to type channel-router trust in a terminal",
      });
    }
  }

  /** Sends it, with retries where they do no harm. */
  async #send({ planned, sink }: Active, id: string, call: CallOfSink): Promise<SinkResult> {
    const facts = {
      id,
      timeMs: this.#host.clock.now(),
      folders: this.#host,
      ...this.#withoutSecrets(call, planned),
    };
    const outgoing = outgoingOf(planned, facts);
    const isRepeatable = planned.type.repeatable?.(planned.options) === true;
    const { cancelled } = call;
    const signal =
      cancelled === undefined ? this.#ending.signal : AbortSignal.any([this.#ending.signal, cancelled]);
    const answer = await retry(() => sink.send(outgoing, signal), {
      clock: this.#host.clock,
      signal,
      attempts: isRepeatable ? attempts : 1,
      maxWaitMs,
      onWait: () => {},
    });
    if (answer === undefined)
      throw new DeliveryError(
        "E_SINK_FAILED",
        `the ${cancelled?.aborted ? "call was cancelled" : "router ended"} before it was done`,
      );
    const result = planned.code.template("result");
    if (result === undefined) return answer.own === undefined ? answer.text : { own: answer.own };
    try {
      return result({ ...rootsOf(facts), response: answer.response });
    } catch (error) {
      // It was sent: a failure here must not look like a failure to send.
      if (!isRouterError(error)) throw error;
      return `${answer.text}\n(its result could not be written: ${error.message})`;
    }
  }

  async #run(one: Active, call: CallOfSink): Promise<SinkResult> {
    const { name } = one.planned;
    const beganMs = this.#host.clock.now();
    const count = this.#counts.get(name) ?? { calls: 0, failures: 0 };
    this.#counts.set(name, count);
    const note = (outcome: CallRecord["outcome"], detail?: string) => {
      count.calls += 1;
      delete count.lastError;
      if (outcome !== "done" && outcome !== "cancelled") {
        count.failures += 1;
        if (detail !== undefined) count.lastError = detail;
      }
      this.#record({
        sink: name,
        session: call.session,
        ...(call.event === undefined ? {} : { eventId: call.event.id }),
        outcome,
        tookMs: this.#host.clock.now() - beganMs,
        ...(detail === undefined ? {} : { detail }),
      });
    };
    try {
      await this.#demandConsent(one.planned);
      call.cancelled?.throwIfAborted();
      const text = await this.#send(one, this.#newId(), call);
      note("done");
      return text;
    } catch (error) {
      if (call.cancelled?.aborted) {
        note("cancelled");
        throw new DeliveryError("E_SINK_FAILED", `${name} was cancelled`, {
          hint: "it may be partly done: look before you call this again",
        });
      }
      const isRefused = error instanceof UsageError || (isRouterError(error) && nothingSent.has(error.code));
      const reason = isRouterError(error) ? error.message : "a bug in the router";
      note(isRefused ? "refused" : "failed", this.#mask(reason).slice(0, maxDetail));
      throw error;
    }
  }
}
