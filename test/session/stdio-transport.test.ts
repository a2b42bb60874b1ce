import { PassThrough, Writable } from "node:stream";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { maxJsonValues } from "../../src/json.ts";
import { createStdioTransport, type StdioTransportOptions } from "../../src/session/stdio-transport.ts";
import { keepLog, settle, stallingOutput } from "./streams.ts";

const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function start(options: Partial<StdioTransportOptions> = {}) {
  const input = (options.input as PassThrough | undefined) ?? new PassThrough();
  const out = stallingOutput();
  const log = keepLog();
  const messages: JSONRPCMessage[] = [];
  const transport = createStdioTransport({ output: out.stream, log, flushMs: 50, ...options, input });
  transport.onmessage = (message) => void messages.push(message as JSONRPCMessage);
  await transport.start();
  open.push(async () => {
    out.go();
    await transport.close();
  });
  return { input, out, log, messages, transport };
}

describe("reading", () => {
  test("messages arrive, with LF and with CRLF, several in one chunk and one in several", async () => {
    const { input, messages } = await start();
    const line = JSON.stringify(ping);
    input.write(`${line}\r\n${line}\n\n${line.slice(0, 9)}`);
    input.write(`${line.slice(9)}\n`);
    await settle();
    expect(messages).toEqual([ping, ping, ping]);
  });

  test("garbage is logged once for each kind and the conversation goes on", async () => {
    const { input, messages, log, out } = await start();
    input.write('hello\nworld\n[1]\n"x"\n{}\n\u0000\ufffd\n');
    input.write(`${JSON.stringify(ping)}\n`);
    await settle();
    expect(messages).toEqual([ping]);
    expect(log.lines).toHaveLength(4);
    expect(log.lines[0]).toContain("not JSON");
    expect(log.lines.join()).not.toContain("hello");
    expect(out.lines()).toEqual([]);
  });

  test("a broken request with an id is refused by that id", async () => {
    const { input, out } = await start();
    input.write('{"jsonrpc":"2.0","id":"a","method":7}\n{"id":4,"method":"ping"}\n');
    await settle();
    const answers = out.lines().map((line) => JSON.parse(line));
    expect(answers.map(({ id, error }) => [id, error.code])).toEqual([
      ["a", -32600],
      [4, -32600],
    ]);
  });

  test("a message of too many values is refused by its id, and the conversation goes on", async () => {
    const { input, messages, out } = await start();
    const list = `[${"1,".repeat(maxJsonValues)}1]`;
    input.write(`{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"list":${list}}}\n`);
    input.write(`{"jsonrpc":"2.0","method":"notifications/x","params":{"list":${list}}}\n`);
    input.write(`${JSON.stringify(ping)}\n`);
    for (let n = 0; n < 200 && messages.length === 0; n += 1) await settle();
    expect(messages).toEqual([ping]);
    const answers = out.lines().map((line) => JSON.parse(line));
    expect(answers.map(({ id, error }) => [id, error.message])).toEqual([
      [5, "Invalid request: a message of too many values"],
    ]);
  });

  test("no bytes whatever end it or throw", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 10 }), async (chunks) => {
        const { input, messages } = await start();
        for (const chunk of chunks) input.write(chunk);
        input.write(`\n${JSON.stringify(ping)}\n`);
        await settle();
        expect(messages.at(-1)).toEqual(ping);
      }),
      { numRuns: 50 },
    );
  });

  test("a line over the limit is dropped with one line in the log", async () => {
    const { input, messages, log } = await start({ maxLineBytes: 1000 });
    for (let n = 0; n < 5; n += 1) input.write("x".repeat(700));
    input.write(`\n${JSON.stringify(ping)}\n`);
    await settle();
    expect(messages).toEqual([ping]);
    expect(log.lines).toEqual([expect.stringContaining("more than 1000 bytes")]);
  });

  test("a handler that throws is a logged bug, and the next message is handled", async () => {
    const { input, transport, log } = await start();
    let calls = 0;
    transport.onmessage = () => {
      calls += 1;
      throw new Error("broken handler");
    };
    input.write(`${JSON.stringify(ping)}\n${JSON.stringify(ping)}\n`);
    await settle();
    expect(calls).toBe(2);
    expect(log.lines[0]).toContain("broken handler");
  });
});

describe("ending", () => {
  test.each([
    ["end", (input: PassThrough) => void input.end(), "stdin ended"],
    ["close", (input: PassThrough) => void input.destroy(), "stdin ended"],
    ["error", (input: PassThrough) => void input.destroy(new Error("EIO")), "stdin failed: EIO"],
  ])("%s of the input ends it with a reason", async (_name, act, reason) => {
    const { input, transport } = await start();
    let closed = 0;
    transport.onclose = () => {
      closed += 1;
    };
    act(input);
    expect(await transport.ended).toBe(reason);
    await transport.close();
    expect(closed).toBe(1);
  });

  test("an input that ended before the start is noticed", async () => {
    const input = new PassThrough();
    input.resume().end();
    await settle();
    const { transport } = await start({ input });
    expect(await transport.ended).toBe("stdin ended");
  });

  test("after the input ended, answers still go out until it is closed", async () => {
    const { input, transport, out } = await start();
    input.end();
    await transport.ended;
    await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
    expect(out.lines()).toHaveLength(1);
    await transport.close();
    await expect(transport.send({ jsonrpc: "2.0", id: 2, result: {} })).rejects.toMatchObject({
      code: "E_SESSION_CLOSED",
    });
  });

  test("a broken pipe ends it, and everything not written rejects", async () => {
    let writes = 0;
    const output = new Writable({
      write(_chunk, _encoding, done) {
        writes += 1;
        done(writes === 1 ? null : Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
      },
    });
    const { transport } = await start({ output });
    transport.release();
    await transport.post("one");
    const lost = await Promise.allSettled([transport.post("two"), transport.post("three")]);
    expect(lost.map((result) => result.status)).toEqual(["rejected", "rejected"]);
    expect(await transport.ended).toBe("stdout was closed (EPIPE)");
    await expect(transport.post("four")).rejects.toMatchObject({ code: "E_SESSION_CLOSED" });
    // Later errors find a listener: an uncaught exception would fail the run.
    output.emit("error", new Error("again"));
  });

  test("closing gives up on a client that does not read", async () => {
    const { transport, out } = await start();
    transport.release();
    out.stall();
    const first = transport.post("never taken");
    const second = transport.post("never begun");
    const lost = Promise.allSettled([first, second]);
    const begin = performance.now();
    await transport.close();
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect((await lost).every((result) => result.status === "rejected")).toBe(true);
  });
});

describe("writing", () => {
  test("events wait until they are released; answers do not", async () => {
    const { transport, out } = await start();
    const event = transport.post("event");
    await transport.send({ jsonrpc: "2.0", id: 1, result: {} });
    expect(out.lines()).toHaveLength(1);
    transport.release();
    await event;
    expect(out.lines()[1]).toBe("event");
  });

  test("a stalled reader gets everything once and in order when it reads again, in few writes", async () => {
    const { transport, out } = await start();
    transport.release();
    out.stall();
    const lines = Array.from({ length: 256 }, (_, index) => `event ${index}`);
    const posts = lines.map((line) => transport.post(line));
    await settle();
    expect(transport.waiting.events.count).toBe(256);
    expect(out.writes).toHaveLength(1);
    out.go();
    await Promise.all(posts);
    expect(out.lines()).toEqual(lines);
    expect(out.writes.length).toBeLessThan(4);
    expect(transport.waiting.events).toEqual({ count: 0, bytes: 0 });
  });

  test("each event settles only when its own write was taken", async () => {
    const { transport, out } = await start();
    transport.release();
    out.stall();
    let settled = 0;
    const posts = [1, 2, 3].map((n) =>
      transport.post(String(n)).then(() => {
        settled += 1;
      }),
    );
    await settle();
    expect(settled).toBe(0);
    out.go();
    await Promise.all(posts);
    expect(settled).toBe(3);
  });

  test("the 257th event is refused as busy, an answer is not, and there is room again afterwards", async () => {
    const { transport, out } = await start();
    transport.release();
    out.stall();
    const posts = Array.from({ length: 256 }, (_, index) => transport.post(`${index}`));
    await expect(transport.post("one more")).rejects.toMatchObject({
      code: "E_SESSION_BUSY",
      retryable: true,
    });
    const answer = transport.send({ jsonrpc: "2.0", id: 9, result: {} });
    out.go();
    await Promise.all([...posts, answer]);
    await transport.post("room again");
    expect(out.lines()).toHaveLength(258);
    // After the events whose write had begun, before those that waited.
    expect(out.lines()[64]).toContain('"id":9');
  });

  test("events are bounded by bytes too, but one large event goes into an empty queue", async () => {
    const { transport, out } = await start({ maxEventBytes: 1000 });
    transport.release();
    out.stall();
    const large = transport.post("é".repeat(2000));
    await expect(transport.post("x")).rejects.toMatchObject({ code: "E_SESSION_BUSY" });
    out.go();
    await large;
  });

  test("an event can be withdrawn while it waits, and not once its write began", async () => {
    const { transport, out } = await start();
    transport.release();
    out.stall();
    const abort = new AbortController();
    const begun = transport.post("begun", abort.signal);
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = transport.post("waiting", abort.signal);
    const after = transport.post("after");
    const refused = expect(waiting).rejects.toMatchObject({ name: "DeliveryError" });
    abort.abort(new Error("reload"));
    await refused;
    out.go();
    await Promise.all([begun, after]);
    expect(out.lines()).toEqual(["begun", "after"]);
    await expect(transport.post("late", abort.signal)).rejects.toMatchObject({ name: "DeliveryError" });
  });

  test("events withdrawn and posted again against a stalled reader take no memory", async () => {
    const { transport, out } = await start();
    out.stall();
    const refusals: Promise<unknown>[] = [];
    for (let n = 0; n < 10_000; n += 1) {
      const abort = new AbortController();
      refusals.push(transport.post("x".repeat(1000), abort.signal).catch((error) => error.code));
      abort.abort();
    }
    expect(new Set(await Promise.all(refusals))).toEqual(new Set(["E_SESSION_BUSY"]));
    expect(transport.waiting.events).toEqual({ count: 0, bytes: 0 });
  });

  test("a client that asks without reading the answers is not read any further", async () => {
    const { input, transport, out, messages } = await start();
    transport.onmessage = (message) => {
      messages.push(message as JSONRPCMessage);
      transport.send({ jsonrpc: "2.0", id: 1, result: {} }).catch(() => undefined);
    };
    out.stall();
    const lines = `${JSON.stringify(ping)}\n`.repeat(1000);
    for (let n = 0; n < 20; n += 1) input.write(lines);
    await settle();
    expect(input.isPaused()).toBe(true);
    const before = messages.length;
    expect(before).toBeLessThan(6000);
    out.go();
    await expect.poll(() => messages.length).toBe(20_000);
    await expect.poll(() => out.lines().length).toBe(20_000);
  });
});
