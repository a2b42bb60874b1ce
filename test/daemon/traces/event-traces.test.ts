// Which spans an event gets, and what belongs to which: with an exporter that keeps them in memory.

import type { Link, Span, SpanKind, SpanOptions } from "@opentelemetry/api";
import { expect, test } from "vitest";
import type { RouterEvent } from "../../../src/contract.ts";
import { EventTraces } from "../../../src/daemon/traces/event-traces.ts";
import type { RootIds, SpanExporter } from "../../../src/daemon/traces/exporter.ts";
import { createEventIds } from "../../../src/router/event-id.ts";
import { manualClock } from "../../support/manual-clock.ts";

interface Kept {
  readonly name: string;
  readonly parent: string;
  readonly options: SpanOptions;
  isFailed?: true;
  endMs?: number;
}

function open() {
  const clock = manualClock();
  const spans: Kept[] = [];
  const make = (name: string, parent: string, options: SpanOptions, spanId: string) => {
    const kept: Kept = { name, parent, options };
    return {
      spanContext: () => ({ spanId, traceId: "", traceFlags: 1 }),
      setAttribute: () => undefined,
      end(time: Date) {
        kept.endMs = time.getTime();
        spans.push(kept);
      },
      kept,
    } as unknown as Span;
  };
  let count = 0;
  const exporter: SpanExporter = {
    kinds: { INTERNAL: 0, SERVER: 1, CLIENT: 2, PRODUCER: 3, CONSUMER: 4 } as unknown as typeof SpanKind,
    startRoot: (name, { spanId }: RootIds, options) => make(name, "", options, spanId),
    startChild: (name, parent, options) =>
      make(name, parent.spanContext().spanId, options, `child ${++count}`),
    linkTo: (span): Link => ({ context: span.spanContext() }),
    markFailed: (span) => {
      (span as unknown as { kept: Kept }).kept.isFailed = true;
    },
    flush: async () => undefined,
    close: () => undefined,
  };
  const stored = new Map<string, unknown>();
  const newId = createEventIds(() => 1);
  const begin = () =>
    new EventTraces({
      ...{ exporter, clock, folder: "/state", startedMs: clock.now() },
      read: async (id) => stored.get(id) as never,
    });
  const event = (more: Partial<RouterEvent> = {}) => {
    const made = {
      source: "github",
      connector: "http",
      timeMs: clock.now(),
      trust: "verified",
      data: null,
      text: "",
    };
    const full = { ...made, id: newId(clock.now()), ...more } as RouterEvent;
    stored.set(full.id, { type: "event", event: full });
    return full;
  };
  const named = (name: string) => spans.filter((span) => span.name === name);
  return { clock, spans, stored, newId, begin, event, named };
}

const line = (id: string) => ({ id, channel: "ci", session: "7", attempt: 1, tokens: 3 });

test("steps that end a delivery without an acknowledgement are spans, and a dead one has failed", async () => {
  const { clock, begin, event, named } = open();
  const traces = begin();
  for (const state of ["expired", "superseded", "silenced", "dead"] as const) {
    const one = event();
    traces.admitted(one);
    traces.stored(one);
    traces.decided({ event: one, outcome: "accepted" });
    await clock.advance(1_000);
    traces.changed({ id: one.id, channel: "ci", state, reason: "text of an event" });
    const [span] = named(state);
    expect(span?.isFailed).toBe(state === "dead" ? true : undefined);
    expect(JSON.stringify(span)).not.toContain("text of an event");
  }
  expect(named("receive github")).toHaveLength(4);
});

test("an arrival that no channel takes ends with its admission, and a batch of them has no spans", () => {
  const { begin, event, spans } = open();
  const traces = begin();
  traces.decided({ event: event({ method: "POST", receivedMs: 0 }), outcome: "unmatched" });
  expect(spans.map(({ name }) => name)).toEqual(["admit", "receive github"]);
  expect(spans[1]?.options).toMatchObject({ kind: 1, startTime: new Date(0) });
});

test("the next leader continues the trace and does not send its first span again", async () => {
  const { clock, begin, event, named, spans } = open();
  const one = event();
  const first = begin();
  first.decided({ event: one, outcome: "accepted" });
  await clock.advance(60_000);
  const second = begin();
  second.written(line(one.id));
  second.changed({ id: one.id, channel: "ci", state: "sent", shown: true });
  await clock.advance(5_000);
  second.changed({ id: one.id, channel: "ci", state: "acked", reason: "handled: by hand" });
  second.called({ sink: "ops", session: "7", eventId: one.id, outcome: "failed", tookMs: 30 });
  await clock.advance(0);
  expect(named("receive github")).toHaveLength(1);
  const [deliver] = named("deliver ci");
  expect(deliver?.options.startTime).toEqual(new Date(one.timeMs));
  expect(deliver?.endMs).toBe(one.timeMs + 60_000);
  // Of events that the journal was read for, the steps are children of the first span.
  const root = deliver?.parent;
  expect(named("sink ops")[0]).toMatchObject({ parent: root, isFailed: true });
  expect(named("ack")[0]?.options.attributes).toMatchObject({ "channel_router.ack": "handled" });
  expect(spans.every(({ options, endMs }) => (options.startTime as Date).getTime() <= (endMs ?? 0))).toBe(
    true,
  );
});

test("a digest is a trace of its own that links to those of its members", async () => {
  const { clock, begin, event, newId, stored, named } = open();
  const traces = begin();
  const members = [event(), event()];
  traces.decided({ event: members[0] as RouterEvent, outcome: "accepted" });
  const id = newId(clock.now());
  stored.set(id, {
    type: "digest",
    id,
    delivery: { channel: "ci" },
    members: members.map((one) => ({ id: one.id, channel: "ci" })),
  });
  traces.written(line(id));
  await clock.advance(0);
  const [digest] = named("digest");
  expect(digest?.options.links).toHaveLength(2);
  expect(digest?.options.attributes).toMatchObject({ "messaging.batch.message_count": 2 });
  expect(named("deliver ci")).toHaveLength(1);
});

test("an event that is not stored any more is not traced", async () => {
  const { clock, begin, newId, spans } = open();
  begin().written(line(newId(clock.now())));
  await clock.advance(0);
  expect(spans).toEqual([]);
});
