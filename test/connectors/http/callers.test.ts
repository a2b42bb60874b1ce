import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { http } from "../../../src/connectors/http/index.ts";
import type { AnsweredEvent } from "../../../src/contract/chat.ts";
import type { Arrival, Emit, Outcome, Source } from "../../../src/contract.ts";
import { surroundings } from "../../support/host.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { type Served, serve } from "./serving.ts";

const about = (id: string): AnsweredEvent => ({ id, data: null });
const waiting = { respond: { waitMs: 30_000 } };

/** A source whose callers wait, and a way to know that the next event was taken. */
async function serveWaiting(outcomes: readonly Outcome[] = []): Promise<
  Served & {
    clock: ReturnType<typeof manualClock>;
    taken(count: number): Promise<Arrival[]>;
    reply: NonNullable<Source["reply"]>;
  }
> {
  const clock = manualClock();
  const arrivals: Arrival[] = [];
  const emit: Emit = async (arrival) => {
    arrivals.push(arrival);
    return outcomes[arrivals.length - 1] ?? { eventId: `e${arrivals.length}`, outcome: "accepted" };
  };
  const hook = await serve(waiting, { clock, emit });
  return {
    ...hook,
    clock,
    async taken(count) {
      await expect.poll(() => arrivals.length, { timeout: 30_000 }).toBe(count);
      // The caller is kept waiting from the moment that emit settled.
      await turn();
      return arrivals;
    },
    reply: (event, message) => hook.source.reply!(event, message),
  };
}

describe("a source with respond: { wait }", () => {
  it("can be answered, and no other", async () => {
    expect(http.answers?.({ path: "/", methods: ["POST"], maxBodyBytes: 1, ...waiting })).toBe(true);
    expect(http.answers?.({ path: "/", methods: ["POST"], maxBodyBytes: 1 })).toBe(false);
    const hook = await serve();
    expect(hook.source.reply).toBeUndefined();
  });

  it("keeps the caller until the reply, which is the answer", async () => {
    const hook = await serveWaiting();
    let answered = false;
    const answer = hook.send({ body: "what is up?" }).finally(() => {
      answered = true;
    });
    const [arrival] = await hook.taken(1);
    expect(answered).toBe(false);
    expect(arrival?.ttlMs).toBe(30_000);
    expect(await hook.reply(about("e1"), { text: "All is <well>.\n" })).toBe("the caller has the answer");
    expect(await answer).toMatchObject({ status: 200, text: "All is <well>.\n" });
    expect((await answer).headers).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
  });

  it.each([
    ['{"ok":true}', undefined, "application/json"],
    ["[1]", "*/*", "application/json"],
    ["[1]", "text/html, application/json;q=0.5", "application/json"],
    ["[1]", "text/html", "text/plain; charset=utf-8"],
    ["{not json", undefined, "text/plain; charset=utf-8"],
    ["5", undefined, "text/plain; charset=utf-8"],
  ])("answers %s to a caller that accepts %s as %s", async (text, accept, type) => {
    const hook = await serveWaiting();
    const answer = hook.send({ body: "x", ...(accept === undefined ? {} : { headers: { accept } }) });
    await hook.taken(1);
    await hook.reply(about("e1"), { text });
    expect((await answer).headers["content-type"]).toBe(type);
    expect((await answer).text).toBe(text);
  });

  it("answers 504 with the event's id when no reply came in time", async () => {
    const hook = await serveWaiting();
    const answer = hook.send({ body: "x" });
    await hook.taken(1);
    await hook.clock.advance(30_000);
    expect(await answer).toMatchObject({
      status: 504,
      json: { error: "no answer came in time", event_id: "e1", outcome: "accepted" },
    });
    await expect(hook.reply(about("e1"), { text: "late" })).rejects.toMatchObject({
      code: "E_REPLY_GONE",
      message: "the caller is gone: it timed out after 30 s",
    });
  });

  it("answers once: a second reply is refused", async () => {
    const hook = await serveWaiting();
    const answer = hook.send({ body: "x" });
    await hook.taken(1);
    await hook.reply(about("e1"), { text: "first" });
    await expect(hook.reply(about("e1"), { text: "second" })).rejects.toMatchObject({
      code: "E_REPLY_DONE",
    });
    expect((await answer).text).toBe("first");
  });

  it("says of an event that waited elsewhere or not at all that its caller is gone", async () => {
    const hook = await serveWaiting();
    await expect(hook.reply(about("of-another-process"), { text: "x" })).rejects.toMatchObject({
      code: "E_REPLY_GONE",
    });
  });

  it("notices a caller that went away", async () => {
    const hook = await serveWaiting();
    const { socket } = await hook.open();
    socket.write("POST /hook HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\n\r\nx");
    await hook.taken(1);
    socket.destroy();
    await once(socket, "close");
    // A request that came later was answered: the end of the connection has been seen by then.
    await hook.send({ path: "/other" });
    await expect(hook.reply(about("e1"), { text: "x" })).rejects.toMatchObject({
      code: "E_REPLY_GONE",
      message: "the caller is gone: it closed the connection before an answer came",
    });
    // Nothing is left that would hold a stop.
    await hook.source.stop(new AbortController().signal);
  });

  it("answers at once what nobody will answer: dropped, unmatched, and duplicates of what waits no more", async () => {
    const outcomes = (["dropped", "unmatched", "duplicate"] as const).map((outcome) => ({
      eventId: "e",
      outcome,
    }));
    const hook = await serveWaiting(outcomes);
    for (const expected of outcomes) {
      expect(await hook.send({ body: "x" })).toMatchObject({
        status: 202,
        json: { outcome: expected.outcome },
      });
    }
  });

  it("gives a delivery that came again while its first caller waits the same answer", async () => {
    const hook = await serveWaiting([
      { eventId: "e1", outcome: "accepted" },
      { eventId: "e1", outcome: "duplicate" },
    ]);
    const first = hook.send({ body: "x" });
    await hook.taken(1);
    const again = hook.send({ body: "x" });
    await hook.taken(2);
    await hook.reply(about("e1"), { text: "both" });
    expect([(await first).text, (await again).text]).toEqual(["both", "both"]);
  });

  it("answers each of many callers its own", async () => {
    const hook = await serveWaiting();
    const answers = Array.from({ length: 50 }, (_, index) => hook.send({ body: String(index) }));
    const arrivals = await hook.taken(50);
    for (const index of arrivals.keys()) {
      await hook.reply(about(`e${index + 1}`), { text: `to ${arrivals[index]?.data}` });
    }
    expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(
      Array.from({ length: 50 }, (_, index) => `to ${index}`),
    );
  });

  it("takes no further request while 256 callers wait", async () => {
    const hook = await serveWaiting();
    const answers = Array.from({ length: 256 }, () => hook.send({ body: "x" }));
    await hook.taken(256);
    expect(await hook.send({ body: "x" })).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    await hook.clock.advance(30_000);
    expect(new Set((await Promise.all(answers)).map(({ status }) => status))).toEqual(new Set([504]));
    const next = hook.send({ body: "x" });
    await hook.taken(257);
    await hook.reply(about("e257"), { text: "again" });
    expect((await next).text).toBe("again");
  });

  it("lets the caller go when it stops, without waiting for its deadline", async () => {
    const hook = await serveWaiting();
    const answer = hook.send({ body: "x" });
    await hook.taken(1);
    await hook.source.stop(new AbortController().signal);
    expect(await answer).toMatchObject({
      status: 504,
      json: { error: "the router stopped before an answer came", event_id: "e1" },
    });
  });

  it("keeps nobody waiting whose event was taken while it stopped", async () => {
    let safe: (outcome: Outcome) => void = () => {};
    let asked = false;
    const emit = () => {
      asked = true;
      return new Promise<Outcome>((resolve) => {
        safe = resolve;
      });
    };
    const hook = await serve(waiting, { emit });
    const answer = hook.send({ body: "x" });
    await expect.poll(() => asked).toBe(true);
    const stopped = hook.source.stop(new AbortController().signal);
    safe({ eventId: "e1", outcome: "accepted" });
    await stopped;
    expect((await answer).status).toBe(504);
  });

  it("cuts off a caller that does not read its answer", async () => {
    const hook = await serveWaiting();
    const { socket } = await hook.open();
    socket.pause();
    socket.write("POST /hook HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\n\r\nx");
    await hook.taken(1);
    const replied = hook.reply(about("e1"), { text: "x".repeat(50_000_000) });
    replied.catch(() => undefined);
    await turn();
    await hook.clock.advance(10_000);
    await expect(replied).rejects.toMatchObject({ code: "E_REPLY_GONE" });
  });
});

describe("the options of respond", () => {
  const issues = (respond: object) =>
    http
      .check?.({ path: "/", methods: ["POST"], maxBodyBytes: 1, respond }, surroundings)
      .map(({ path, message }) => `${path.join(".")}: ${message}`);

  it.each([
    [{ waitMs: 30_000 }, []],
    [{ status: 200, body: "x" }, []],
    [{ waitMs: 999 }, ["respond.wait: must be from 1s to 1h"]],
    [{ waitMs: 3_600_001 }, ["respond.wait: must be from 1s to 1h"]],
    [
      { waitMs: 30_000, status: 200, body: "x" },
      [
        "respond.status: has no effect together with wait: the answer is Claude's reply",
        "respond.body: has no effect together with wait: the answer is Claude's reply",
      ],
    ],
  ])("%j", (respond, expected) => {
    expect(issues(respond)).toEqual(expected);
  });
});
