// What stands between a tool call and the outside, with a sink that does what a test tells it.

import { describe, expect, test } from "vitest";
import type { Outgoing, Sink, SinkHost, SinkType } from "../../src/contract/sink.ts";
import type { JsonObject, View } from "../../src/contract.ts";
import { ConnectorError, consentRequired, DeliveryError, UsageError } from "../../src/errors.ts";
import { createMask } from "../../src/host/secret-mask.ts";
import type { PlannedSink } from "../../src/plan/plan.ts";
import { powerOf } from "../../src/plan/powers.ts";
import { type CallRecord, Sinks } from "../../src/router/sinks.ts";
import { lent } from "../support/host.ts";
import { manualClock } from "../support/manual-clock.ts";
import { answeredEvent } from "../support/sink.ts";

interface Actor {
  send(outgoing: Outgoing, signal: AbortSignal): ReturnType<Sink["send"]>;
  readonly repeatable?: boolean;
}

const done = { text: "done", response: { status: 201 } };

const keeping = (sent: string[]): Actor => ({
  async send(outgoing) {
    sent.push(JSON.stringify(outgoing));
    return done;
  },
});

function planned(name: string, actor: Actor, more: Partial<PlannedSink> = {}): PlannedSink {
  const type: SinkType = {
    type: "actor",
    summary: "Does what a test tells it.",
    options: {},
    validate: () => true,
    reaches: () => [],
    repeatable: () => actor.repeatable === true,
    prepare: (_, { id, roots }) => ({
      kind: "file",
      folder: "/",
      file: id,
      mode: "append",
      content: JSON.stringify(roots),
    }),
    create: () => ({ send: (outgoing, signal) => actor.send(outgoing, signal) }),
  };
  return {
    name,
    type,
    options: {},
    defaults: {},
    code: {
      cel: () => undefined,
      template: () => undefined,
      value: () => undefined,
      regex: () => undefined,
      glob: () => undefined,
    },
    description: "",
    input: {},
    validate: () => true,
    usesEvent: false,
    powers: [],
    fingerprint: name,
    ...more,
  };
}

function open(secrets: readonly string[] = []) {
  const clock = manualClock();
  const records: CallRecord[] = [];
  const person = { allows: false };
  let lastId = 0;
  const host: SinkHost = { ...lent(clock), clock };
  const sinks = new Sinks({
    host,
    consent: {
      allows: () => person.allows,
      async demand(powers) {
        if (powers.length > 0 && !person.allows) throw consentRequired();
      },
    },
    mask: createMask(secrets),
    newId() {
      lastId += 1;
      return `call-${lastId}`;
    },
    record: (call) => void records.push(call),
  });
  const call = (name: string, input: JsonObject = {}, event?: View) =>
    sinks.call(name, { input, session: "4711", ...(event === undefined ? {} : { event }) });
  return { sinks, clock, records, person, call };
}

test("a call sends what was prepared and leaves a record", async () => {
  const { sinks, call, records } = open();
  const sent: Outgoing[] = [];
  sinks.use([
    planned("note", {
      async send(outgoing) {
        sent.push(outgoing);
        return done;
      },
    }),
  ]);
  expect(await call("note", { text: "hello" }, answeredEvent)).toBe("done");
  expect(sent).toHaveLength(1);
  expect(JSON.parse((sent[0] as { content: string }).content)).toEqual({
    input: { text: "hello" },
    event: answeredEvent,
    time: "2026-01-05T09:00:00.000Z",
  });
  expect(records).toEqual([
    { sink: "note", session: "4711", eventId: "1m8321t0m8zzw", outcome: "done", tookMs: 0 },
  ]);
  expect(sinks.report()).toEqual([{ name: "note", type: "actor", calls: 1, failures: 0 }]);
});

test("a power that waits keeps everything back and says what waits", async () => {
  const { sinks, call, person, records } = open();
  let count = 0;
  const send = async () => {
    count += 1;
    return done;
  };
  sinks.use([
    planned(
      "gh",
      { send },
      { powers: [powerOf((text) => text, { power: "command", value: "gh pr list", component: "sinks.gh" })] },
    ),
  ]);
  await expect(call("gh")).rejects.toMatchObject({
    code: "E_CONSENT_REQUIRED",
    message: "gh waits for consent: run the command gh pr list (sinks.gh)",
    hint: expect.stringContaining("channel-router trust"),
  });
  expect(count).toBe(0);
  person.allows = true;
  expect(await call("gh")).toBe("done");
  expect(records.map(({ outcome }) => outcome)).toEqual(["refused", "done"]);
});

describe("secrets of the config", () => {
  test("are refused in an argument, however deep", async () => {
    const { sinks, call, records } = open(["s3cret-token-1"]);
    const sent: string[] = [];
    sinks.use([planned("note", keeping(sent))]);
    await expect(call("note", { a: "x", b: [{ c: "see s3cret-token-1!" }] })).rejects.toMatchObject({
      code: "E_SINK_SECRET",
      message: "b holds a secret of the config: nothing was sent",
    });
    expect(sent).toEqual([]);
    expect(JSON.stringify(records)).not.toContain("s3cret");
  });

  test("that an event carries are hidden in what goes out", async () => {
    const { sinks, call } = open(["s3cret-token-1"]);
    const sent: string[] = [];
    sinks.use([planned("note", keeping(sent))]);
    await call("note", {}, { ...answeredEvent, data: { log: "token s3cret-token-1 leaked" } });
    expect(sent.join()).toContain("token ••• leaked");
    expect(sent.join()).not.toContain("s3cret");
  });

  test("are hidden in what a failure leaves", async () => {
    const { sinks, call, records } = open(["s3cret-token-1"]);
    sinks.use([
      planned("note", {
        send: () =>
          Promise.reject(new DeliveryError("E_SINK_FAILED", "no s3cret-token-1 here", { retryable: false })),
      }),
    ]);
    await expect(call("note")).rejects.toMatchObject({ code: "E_SINK_FAILED" });
    expect(records[0]).toMatchObject({ outcome: "failed", detail: "no ••• here" });
    expect(sinks.report()[0]).toMatchObject({ failures: 1, lastError: "no ••• here" });
  });
});

describe("trying again", () => {
  const failing = (times: number, error: () => Error, repeatable: boolean) => {
    const ids: string[] = [];
    const actor: Actor = {
      repeatable,
      async send(outgoing) {
        ids.push((outgoing as { file: string }).file);
        if (ids.length <= times) throw error();
        return done;
      },
    };
    return { ids, actor };
  };
  const busy = (retryAfterMs?: number) => () =>
    new ConnectorError("E_HTTP_STATUS", "answered 503", { retryable: true, retryAfterMs });

  test("happens where a call may be repeated, with the same id, three times in all", async () => {
    const { sinks, call, clock } = open();
    const { ids, actor } = failing(2, busy(), true);
    sinks.use([planned("put", actor)]);
    const calling = call("put");
    await clock.advance(10_000);
    expect(await calling).toBe("done");
    expect(ids).toEqual(["call-1", "call-1", "call-1"]);
    const more = failing(9, busy(), true);
    sinks.use([planned("put", more.actor, { fingerprint: "another" })]);
    const failed = call("put").catch((error: unknown) => error);
    await clock.advance(60_000);
    expect(await failed).toMatchObject({ message: "answered 503" });
    expect(more.ids).toHaveLength(3);
  });

  test("does not happen where a call may not be repeated, or cannot help", async () => {
    const { sinks, call, clock } = open();
    const post = failing(1, busy(), false);
    const wrong = failing(1, () => new ConnectorError("E_HTTP_STATUS", "answered 422"), true);
    sinks.use([planned("post", post.actor), planned("wrong", wrong.actor)]);
    for (const name of ["post", "wrong"]) {
      const failed = call(name).catch((error: unknown) => error);
      await clock.advance(60_000);
      expect(await failed).toBeInstanceOf(ConnectorError);
    }
    expect([post.ids.length, wrong.ids.length]).toEqual([1, 1]);
  });

  test("waits as long as the far side says, unless Claude would wait too long", async () => {
    const { sinks, call, clock } = open();
    const soon = failing(1, busy(5_000), true);
    sinks.use([planned("put", soon.actor)]);
    const calling = call("put");
    await clock.advance(4_000);
    expect(soon.ids).toHaveLength(1);
    await clock.advance(2_000);
    expect(await calling).toBe("done");
    const late = failing(1, busy(120_000), true);
    sinks.use([planned("put", late.actor, { fingerprint: "another" })]);
    await expect(call("put")).rejects.toMatchObject({ retryAfterMs: 120_000 });
  });
});

test("a result that cannot be written does not make a call that was done look failed", async () => {
  const { sinks, call } = open();
  const code = {
    ...planned("x", { send: async () => done }).code,
    template: (path: string) =>
      path === "result"
        ? () => {
            throw new UsageError("E_TEMPLATE_RENDER", "the template failed");
          }
        : undefined,
  };
  sinks.use([planned("note", { send: async () => done }, { code })]);
  expect(await call("note")).toBe("done\n(its result could not be written: the template failed)");
});

describe("a reload", () => {
  test("lets a call end on the sink that it began with", async () => {
    const { sinks, call } = open();
    let finish: (answer: typeof done) => void = () => {};
    sinks.use([planned("note", { send: () => new Promise((resolve) => (finish = resolve)) })]);
    const before = call("note");
    sinks.use([
      planned("note", { send: async () => ({ ...done, text: "the new one" }) }, { fingerprint: "new" }),
    ]);
    expect(await call("note")).toBe("the new one");
    await Promise.resolve();
    finish({ ...done, text: "the old one" });
    expect(await before).toBe("the old one");
  });

  test("takes a sink away", async () => {
    const { sinks, call } = open();
    sinks.use([planned("note", { send: async () => done })]);
    sinks.use([]);
    await expect(call("note")).rejects.toMatchObject({ code: "E_TOOL_UNKNOWN" });
    expect(sinks.report()).toEqual([]);
  });
});

describe("a call that is cancelled", () => {
  const untilAborted = (_: unknown, signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) =>
      signal.addEventListener("abort", () =>
        reject(new ConnectorError("E_HTTP_FAILED", "it was cancelled", { retryable: true })),
      ),
    );

  test("is cut, not made again, and noted as cancelled", async () => {
    const { sinks, records } = open();
    let sent = 0;
    const send: Actor["send"] = (outgoing, signal) => {
      sent += 1;
      return untilAborted(outgoing, signal);
    };
    sinks.use([planned("note", { send, repeatable: true })]);
    const cancelling = new AbortController();
    const calling = sinks.call("note", { input: {}, session: "s1", cancelled: cancelling.signal });
    await new Promise(setImmediate);
    cancelling.abort();
    await expect(calling).rejects.toMatchObject({ code: "E_SINK_FAILED", message: "note was cancelled" });
    expect(sent).toBe(1);
    expect(records.map(({ outcome }) => outcome)).toEqual(["cancelled"]);
    expect(sinks.report()[0]).toMatchObject({ calls: 1, failures: 0 });
  });

  test("before anything was sent sends nothing", async () => {
    const { sinks, records } = open();
    const sent: string[] = [];
    sinks.use([planned("note", keeping(sent))]);
    const cancelled = AbortSignal.abort();
    await expect(sinks.call("note", { input: {}, session: "s1", cancelled })).rejects.toMatchObject({
      message: "note was cancelled",
    });
    expect(sent).toEqual([]);
    expect(records).toHaveLength(1);
  });
});

describe("the end", () => {
  test("lets a call end within its time", async () => {
    const { sinks, call } = open();
    let finish: (answer: typeof done) => void = () => {};
    sinks.use([planned("note", { send: () => new Promise((resolve) => (finish = resolve)) })]);
    const calling = call("note");
    const stopped = sinks.stop(new AbortController().signal);
    await expect(call("note")).rejects.toMatchObject({ message: "the router is ending" });
    finish(done);
    expect(await calling).toBe("done");
    await stopped;
  });

  test("cuts a call at the deadline", async () => {
    const { sinks, call } = open();
    sinks.use([
      planned("note", {
        send: (_, signal) =>
          new Promise((_resolve, reject) =>
            signal.addEventListener("abort", () =>
              reject(new DeliveryError("E_SINK_FAILED", "it was cancelled")),
            ),
          ),
      }),
    ]);
    const calling = call("note").catch((error: unknown) => error);
    await sinks.stop(AbortSignal.abort());
    expect(await calling).toMatchObject({ message: "it was cancelled" });
  });
});

test("more calls at once than there may be are turned away", async () => {
  const { sinks, call } = open();
  sinks.use([planned("note", { send: () => new Promise(() => {}) })]);
  const all = Array.from({ length: 17 }, () => call("note"));
  await expect(all[16]).rejects.toMatchObject({ message: "too many calls are in progress" });
});
