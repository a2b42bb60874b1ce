// One trace for each event, from its request to its acknowledgement. Names and numbers only: no attribute holds any text of
// a payload. The trace of an event follows from its id and its stored headers, so the next leader continues it.

import type { Link, Span, SpanOptions } from "@opentelemetry/api";
import type { Clock, RouterEvent } from "../../contract.ts";
import type { WrittenDelivery } from "../../dispatch/context.ts";
import { keyOf } from "../../dispatch/entries.ts";
import { noticeChannel } from "../../dispatch/notices.ts";
import type { Journal } from "../../journal/journal.ts";
import type { Member, StateChange } from "../../journal/records.ts";
import type { Decision } from "../../router/emit.ts";
import { idTimeMs } from "../../router/event-id.ts";
import type { CallRecord } from "../../router/sinks.ts";
import type { EventObserver } from "../metrics/observers.ts";
import { rootIdsOf, type SpanExporter } from "./exporter.ts";

interface EventTracesOptions {
  readonly exporter: SpanExporter;
  readonly clock: Clock;
  /** The state folder: what makes the ids of this router's traces its own. */
  readonly folder: string;
  readonly startedMs: number;
  read: Journal["read"];
}

type Attributes = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** Of events on their way; the oldest are forgotten, and found again in the journal. */
const maxKnown = 10_000;
const maxReading = 64;
const maxLinks = 32;
const outcomes = ["handled", "ignored", "failed"];

interface Known {
  readonly root: Span;
  admittedMs?: number;
  storedMs?: number;
}

export class EventTraces implements EventObserver {
  readonly #options: EventTracesOptions;
  readonly #known = new Map<string, Known>();
  readonly #reading = new Map<string, Promise<Span | undefined>>();
  /** By delivery: the span of its latest line, and when the client took that, and showed it. */
  readonly #lines = new Map<string, { readonly span: Span; readonly writtenMs: number; shownMs?: number }>();

  constructor(options: EventTracesOptions) {
    this.#options = options;
  }

  admitted(event: RouterEvent): void {
    this.#knownOf(event).admittedMs = this.#now();
  }

  stored(event: RouterEvent): void {
    this.#knownOf(event).storedMs = this.#now();
  }

  decided({ event, outcome, admission }: Decision): void {
    const known = this.#knownOf(event);
    const { root, admittedMs, storedMs } = known;
    const nowMs = this.#now();
    root.setAttribute("channel_router.outcome", outcome);
    this.#span("admit", root, event.timeMs, admittedMs ?? nowMs, {
      "channel_router.outcome": outcome,
      "channel_router.channels": admission?.deliveries.map(({ channel }) => channel),
    });
    if (admittedMs !== undefined && storedMs !== undefined)
      this.#span("journal", root, admittedMs, storedMs, {});
    root.end(new Date(nowMs));
    if (outcome !== "accepted") this.#known.delete(event.id);
  }

  written(written: WrittenDelivery): void {
    const { id, channel, session, attempt, tokens } = written;
    const writtenMs = this.#now();
    const waitedMs = this.#known.get(id)?.storedMs ?? idTimeMs(id);
    this.#with(id, (root) => {
      const attributes = {
        ...messaging("send", id, channel),
        "channel_router.session": session,
        "channel_router.attempt": attempt,
        "channel_router.tokens": tokens,
      };
      const kind = this.#options.exporter.kinds.PRODUCER;
      const span = this.#span(`deliver ${channel}`, root, waitedMs, writtenMs, attributes, { kind });
      const key = keyOf(written);
      this.#lines.delete(key);
      keepLatest(this.#lines, key, { span, writtenMs });
    });
  }

  changed(change: StateChange): void {
    const { id, channel, state, reason } = change;
    if (change.shown) this.shown(change);
    if (change.read) this.#step("read", change, undefined, messaging("receive", id, channel));
    if (state === "held" || state === "sent") return;
    const fromMs = this.#lines.get(keyOf(change))?.shownMs;
    if (state === "acked") {
      const word = outcomes.find((one) => reason === one || reason?.startsWith(`${one}:`));
      const attributes = { ...messaging("settle", id, channel), "channel_router.ack": word };
      this.#step("ack", change, fromMs, attributes);
    } else this.#step(state, change, fromMs, messaging("settle", id, channel), state === "dead");
  }

  shown(delivery: Member): void {
    const line = this.#lines.get(keyOf(delivery));
    if (line?.shownMs !== undefined) return;
    this.#step("shown", delivery, undefined, messaging("process", delivery.id, delivery.channel));
    if (line !== undefined) line.shownMs = this.#now();
  }

  called({ sink, session, eventId, outcome, tookMs }: CallRecord): void {
    if (eventId === undefined) return;
    const endMs = this.#now();
    this.#with(eventId, (root) => {
      const attributes = {
        "channel_router.sink": sink,
        "channel_router.session": session,
        "channel_router.outcome": outcome,
        "error.type": outcome === "done" ? undefined : outcome,
      };
      const kind = this.#options.exporter.kinds.CLIENT;
      this.#span(`sink ${sink}`, root, endMs - tookMs, endMs, attributes, { kind }, outcome !== "done");
    });
  }

  /** A step of a delivery: a child of its line where that is known, from then until now. */
  #step(
    name: string,
    delivery: Member,
    fromMs: number | undefined,
    attributes: Attributes,
    isFailure = false,
  ): void {
    const line = this.#lines.get(keyOf(delivery));
    const nowMs = this.#now();
    const startMs = fromMs ?? line?.writtenMs ?? nowMs;
    const make = (parent: Span) => {
      const error = isFailure ? { "error.type": name } : {};
      this.#span(name, parent, startMs, nowMs, { ...attributes, ...error }, {}, isFailure);
    };
    if (line === undefined) this.#with(delivery.id, make);
    else make(line.span);
  }

  #span(
    name: string,
    parent: Span,
    startMs: number,
    endMs: number,
    attributes: Attributes,
    options: SpanOptions = {},
    isFailure = false,
  ): Span {
    // Not sampled: then none of its children is.
    if (parent.spanContext().traceFlags === 0) return parent;
    const { exporter } = this.#options;
    // As dates: the SDK takes a small number for a time since the start of the process.
    const startTime = new Date(Math.min(startMs, endMs));
    const span = exporter.startChild(name, parent, {
      ...options,
      startTime,
      attributes: defined(attributes),
    });
    if (isFailure) exporter.markFailed(span);
    span.end(new Date(endMs));
    return span;
  }

  #knownOf(event: RouterEvent): Known {
    const known = this.#known.get(event.id);
    if (known !== undefined) return known;
    const fresh: Known = { root: this.#rootOf(event) };
    keepLatest(this.#known, event.id, fresh);
    return fresh;
  }

  /** Not ended: it is sent only by the process that ends it. */
  #rootOf({ id, source, connector, method, timeMs, receivedMs, headers }: RouterEvent): Span {
    const { exporter, folder } = this.#options;
    const attributes = defined({
      ...messaging("receive", id, source),
      "channel_router.connector": connector,
      "http.request.method": method,
    });
    const kind = method === undefined ? exporter.kinds.CONSUMER : exporter.kinds.SERVER;
    const startTime = new Date(Math.min(receivedMs ?? timeMs, timeMs));
    return exporter.startRoot(
      `receive ${source}`,
      rootIdsOf(folder, id),
      { kind, startTime, attributes },
      headers,
    );
  }

  /** Calls it with the first span of the event, at once or when the journal has been read. */
  #with(eventId: string, make: (root: Span) => void): void {
    const known = this.#known.get(eventId);
    if (known !== undefined) {
      make(known.root);
      return;
    }
    const isNew = !this.#reading.has(eventId);
    if (isNew && this.#reading.size >= maxReading) return;
    const reading = this.#reading.get(eventId) ?? this.#findRoot(eventId);
    this.#reading.set(eventId, reading);
    void reading.then((root) => {
      this.#reading.delete(eventId);
      if (root === undefined) return;
      if (!this.#known.has(eventId)) keepLatest(this.#known, eventId, { root });
      make(root);
    });
  }

  /** Of an event that an earlier leader took, or that the router made itself. */
  async #findRoot(eventId: string): Promise<Span | undefined> {
    const found = await this.#options.read(eventId).catch(() => undefined);
    if (found === undefined) return undefined;
    if ("event" in found) {
      const root = this.#rootOf(found.event);
      if (found.event.source === noticeChannel) this.#endOwn(root, eventId);
      return root;
    }
    const links = await Promise.all(found.members.slice(0, maxLinks).map(({ id }) => this.#linkTo(id)));
    const { exporter, folder } = this.#options;
    const ids = rootIdsOf(folder, eventId);
    const startTime = new Date(idTimeMs(eventId));
    const attributes = {
      "messaging.batch.message_count": found.members.length,
      ...defined(messaging("receive", eventId, found.delivery.channel)),
    };
    const of = { startTime, attributes, links: links.filter((one) => one !== undefined) };
    const root = exporter.startRoot("digest", ids, of, undefined);
    this.#endOwn(root, eventId);
    return root;
  }

  /** An earlier leader has sent its own. */
  #endOwn(root: Span, eventId: string): void {
    const madeMs = idTimeMs(eventId);
    if (madeMs >= this.#options.startedMs) root.end(new Date(madeMs));
  }

  async #linkTo(eventId: string): Promise<Link | undefined> {
    const known = this.#known.get(eventId)?.root;
    const found = known ?? (await this.#options.read(eventId).catch(() => undefined));
    if (found === undefined) return undefined;
    const root = "spanContext" in found ? found : "event" in found ? this.#rootOf(found.event) : undefined;
    return root && this.#options.exporter.linkTo(root);
  }

  #now(): number {
    return this.#options.clock.now();
  }
}

/** By the semantic conventions for messaging. */
function messaging(type: "receive" | "send" | "process" | "settle", id: string, destination: string) {
  return {
    "messaging.system": "channel_router",
    "messaging.operation.type": type,
    "messaging.operation.name": type,
    "messaging.message.id": id,
    "messaging.destination.name": destination,
  };
}

function defined(attributes: Attributes): Record<string, string | number | string[]> {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined)) as Record<
    string,
    string | number | string[]
  >;
}

function keepLatest<V>(map: Map<string, V>, key: string, value: V): void {
  map.set(key, value);
  if (map.size > maxKnown) map.delete(map.keys().next().value as string);
}
