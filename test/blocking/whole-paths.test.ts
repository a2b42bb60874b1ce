// What comes in goes through many parts, in one turn of the event loop where none of them waits: requests against the real server with plan
// and journal, a digest of very many events, the recovery of a large journal, the arguments of a tool. Each as a whole, calibrated as
// in inputs.test.ts.

import { createHmac } from "node:crypto";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { commandSink } from "../../src/connectors/command/sink/index.ts";
import { fileSink } from "../../src/connectors/file/sink/index.ts";
import { httpSink } from "../../src/connectors/http/sink/index.ts";
import type { SinkType } from "../../src/contract/sink.ts";
import type { Json } from "../../src/contract.ts";
import { openJournal } from "../../src/journal/journal.ts";
import type { PlannedSource } from "../../src/plan/plan.ts";
import { createCounter, createEmit } from "../../src/router/emit.ts";
import { createEventIds } from "../../src/router/event-id.ts";
import { createMemory } from "../../src/router/memory.ts";
import { readMessage } from "../../src/session/json-rpc.ts";
import { checkToolInput } from "../../src/session/tool-input.ts";
import { serve } from "../connectors/http/serving.ts";
import { shapedRouter } from "../dispatch/shaping/shaped-router.ts";
import { createBench, record } from "../journal/fixture.ts";
import { compileOf } from "../plan/plan-of.ts";
import { expectNoBlock, maxBlockMs } from "../support/loop-watchdog.ts";
import { manualClock } from "../support/manual-clock.ts";
import { outgoing, planSink } from "../support/sink.ts";
import { slowness } from "../support/slowness.ts";
import { hostileTexts } from "./hostile-texts.ts";

const mebibyte = 1024 * 1024;
const atMostMs = maxBlockMs * slowness();
const noBlock = <T>(work: () => Promise<T>) => expectNoBlock(work, atMostMs);

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});
const newFolder = async () => {
  const folder = await mkdtemp(join(tmpdir(), "cr-blocking-"));
  folders.push(folder);
  return folder;
};
const log = { info: () => {}, warn: () => {}, error: () => {} };

describe("a request", () => {
  const secret = "a-secret-of-many";
  const fill = (piece: string, length: number) => piece.repeat(Math.floor(length / piece.length));
  const values = 249_000;
  const hostile = (name: string) =>
    hostileTexts.find((one) => one.name === name)?.make as (n: number) => string;
  const form = (parts: number, type: string, content: string) =>
    `--b\r\ncontent-disposition: form-data; name="a"\r\ncontent-type: ${type}\r\n\r\n${content}\r\n`
      .repeat(parts)
      .concat("--b--");

  /** Content type and body, of a sender that has proven itself and may send 8 MiB. */
  const bodies: Readonly<Record<string, readonly [type: string, body: string]>> = {
    "many keys": ["application/json", `{${Array.from({ length: values }, (_, n) => `"key${n}":1`).join()}}`],
    "many objects": [
      "application/json",
      `[${Array.from({ length: values / 2 }, (_, n) => `{"k${n}":1}`).join()}]`,
    ],
    "large numbers": [
      "application/json",
      `[${Array.from({ length: values }, (_, n) => `1234567890123456789${n}`).join()}]`,
    ],
    "many texts with escapes": ["application/json", `[${fill('"\\u001b[1mé<\\"&%41",', values * 20)}1]`],
    "millions of values": ["application/json", `[${fill("1,", 8 * mebibyte)}1]`],
    "millions of empty lists": ["text/plain", `[${fill("[],", 8 * mebibyte)}1]`],
    "many lines": ["application/x-ndjson", fill('{"a":[1,2]}\n', values * 4)],
    "blank lines": ["application/x-ndjson", fill("\n", 8 * mebibyte)],
    "fields of a form": ["application/x-www-form-urlencoded", hostile("many fields")(8 * mebibyte)],
    "one field of a form": ["application/x-www-form-urlencoded", `a=${fill("%2525+", 8 * mebibyte)}`],
    "parts of text": ["multipart/form-data; boundary=b", form(256, "text/plain", fill("\u001b[1m", 30_000))],
    "parts of JSON": [
      "multipart/form-data; boundary=b",
      form(256, "application/json", `[${fill("1,", 30_000)}1]`),
    ],
    "too many parts": ["multipart/form-data; boundary=b", form(60_000, "text/plain", "a")],
    "a part that never ends": [
      "multipart/form-data; boundary=b",
      `${form(1, "a/b", "")}${fill("\r\n--b", 8 * mebibyte)}`,
    ],
    XML: ["application/xml", fill("<a b='c'>&amp;", 8 * mebibyte)],
    "control characters": ["text/plain", fill("\0", 8 * mebibyte)],
    ...Object.fromEntries(
      [
        "terminal escapes",
        "open terminal escapes",
        "emoji",
        "invisible characters",
        "tags of the client",
        "escapes of a URL",
        "line ends",
        "backslashes",
        "stars",
      ].map((name) => [`${name} as text`, ["text/plain", hostile(name)(4 * mebibyte)] as const]),
    ),
    "the secret again and again": ["text/plain", fill(`${secret} `, 8 * mebibyte)],
  };

  /** Listener, source, plan and journal; gives the port. */
  async function openRouter(): Promise<number> {
    const clock = manualClock();
    const memory = createMemory(clock);
    const journal = await openJournal({
      folder: await newFolder(),
      term: 1,
      isCurrent: () => true,
      clock,
      log,
    });
    const { plan } = await compileOf({
      all: { continue: true },
      data: { content: "{{data}}", continue: true },
      matched: { match: { "data.a.*.b": { regex: "(a|b)*c+d" } }, continue: true },
      when: { when: "text.contains('zzz') || data == 'x' || data.a == text", continue: true },
      keyed: { dedupe: { key: "{{data}}/{{text}}", forMs: 1_000 } },
    } as Parameters<typeof compileOf>[0]);
    const emit = createEmit(() => ({ ...(plan.sources[0] as PlannedSource), name: "post" }), {
      ...{ clock, memory, counter: createCounter(), detail: "decision", newId: createEventIds() },
      observe: () => {},
      observeUnmatched: () => {},
      refused: () => {},
      commit: ({ event, deliveries, memory: writes }, signal) =>
        journal.append(
          { event, deliveries: deliveries.map(({ eventId: _, ...rest }) => rest), memory: writes },
          signal,
        ),
    });
    const verify = { scheme: "hmac", header: "x-sig", secret } as const;
    const { port } = await serve({ verify, maxBodyBytes: 64 * mebibyte }, { clock, emit });
    onTestFinished(() => journal.close());
    return port;
  }

  /** Signed before, since that is the sender's work; in pieces, as a network brings them. */
  function post(
    port: number,
    type: string,
    body: Buffer,
    headers: Record<string, string> | readonly string[] = {},
  ) {
    const sig = createHmac("sha256", secret).update(body).digest("hex");
    return () =>
      new Promise<number>((resolve, reject) => {
        const more = Array.isArray(headers) ? headers : Object.entries(headers).flat();
        const all = [
          "host",
          "localhost",
          "content-type",
          type,
          "x-sig",
          sig,
          "content-length",
          `${body.length}`,
        ];
        const outgoing = httpRequest(
          {
            port,
            host: "127.0.0.1",
            method: "POST",
            path: "/hook",
            headers: [...all, ...more],
            agent: false,
          },
          (response) => {
            response.resume();
            response.on("end", () => resolve(response.statusCode ?? 0));
          },
        );
        outgoing.on("error", reject);
        let at = 0;
        const write = () => {
          if (at >= body.length) return outgoing.end();
          const piece = body.subarray(at, at + 65_536);
          at += piece.length;
          outgoing.write(piece, () => setImmediate(write));
        };
        write();
      });
  }

  test.each(Object.keys(bodies))(
    "of %s",
    async (name) => {
      const [type, text] = bodies[name] as readonly [string, string];
      const status = await noBlock(post(await openRouter(), type, Buffer.from(text)));
      expect([202, 400, 413, 503]).toContain(status);
    },
    120_000,
  );

  test.each([
    ["255 headers", Array.from({ length: 240 }, (_, n) => [`x-h${n}`, "%2525%41&amp;a-secret"]).flat()],
    ["one long header", ["x-long", fill("%25", 15_000)]],
    ["one header again and again", Array.from({ length: 240 }, () => ["cookie", "a=b; c=d"]).flat()],
    ["too many headers", Array.from({ length: 1_000 }, (_, n) => [`a${n}`, "b"]).flat()],
    ["a long type", ["x-type", fill("a;b=", 14_000)]],
  ])("with %s", async (_, headers) => {
    const port = await openRouter();
    const send = () => post(port, "application/json", Buffer.from('{"a":1}'), headers)();
    const statuses = await noBlock(() => Promise.all(Array.from({ length: 20 }, send)));
    expect([202, 431]).toContain(statuses[0]);
  });

  test.each([1, 16, 64, 1_024])("in chunks of %d bytes, from many senders at once", async (size) => {
    const body = Buffer.from(JSON.stringify({ a: "x".repeat(Math.min(4_000 * size, mebibyte)) }));
    const sig = createHmac("sha256", secret).update(body).digest("hex");
    const chunk = `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`;
    const { open } = await serve({ verify: { scheme: "hmac", header: "x-sig", secret } });
    const raw = Buffer.from(
      `POST /hook HTTP/1.1\r\nhost: localhost\r\nx-sig: ${sig}\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(Math.floor(body.length / size))}0\r\n\r\n`,
    );
    const connections = await Promise.all(Array.from({ length: 8 }, open));
    await noBlock(async () => {
      for (const { socket } of connections) socket.write(raw);
      await Promise.all(connections.map(({ until }) => until(/HTTP\/1.1 \d+/)));
    });
  });
});

test("a digest of 10,000 events is written", async () => {
  const digest = { everyMs: 60_000, waitMs: 60_000, by: "{{data.k}}" };
  const router = await shapedRouter({ noisy: { digest, content: "{{data.k}} {{data.n}}" } } as Parameters<
    typeof shapedRouter
  >[0]);
  let sent = 0;
  const burst = () =>
    Array.from({ length: 10_000 }, (): Json => ({ k: "a", n: sent++, more: "x".repeat(500) }));
  await noBlock(async () => {
    await router.sendAll(burst());
    await router.advance(60_000);
    await router.advance(60_000);
    await router.until(() => router.told().some((line) => line.startsWith("10000: ")));
  });
  expect(router.told().map((line) => line.split(":")[0])).toContain("10000");
}, 300_000);

describe("the recovery of a journal", () => {
  const journals: Readonly<Record<string, (add: ReturnType<typeof record>[]) => void>> = {
    "many events": (add) => {
      for (let n = 0; n < 40_000; n++) add.push(record(`e${n}`, ["a", "b"], { filler: 200 }));
    },
    "large events": (add) => {
      for (let n = 0; n < 40; n++) add.push(record(`e${n}`, ["a"], { filler: mebibyte }));
    },
    "events of many values": (add) => {
      const data = Array.from({ length: 240_000 }, (_, n) => ({ [`k${n}`]: 1 }) as Json).slice(0, 120_000);
      const text = JSON.stringify(data);
      for (let n = 0; n < 3; n++) {
        const one = record(`e${n}`);
        add.push({ ...one, event: { ...one.event, data, text } });
      }
    },
    "much that filters remember": (add) => {
      for (let n = 0; n < 400; n++)
        add.push(
          record(`e${n}`, ["a"], {
            memory: Array.from({ length: 100 }, (_, m) => ({
              ...{ scope: `s${m}`, key: `k${n}`, value: "x".repeat(50), untilMs: 9e12, limit: 1_000 },
            })),
          }),
        );
    },
  };

  test.each(Object.keys(journals))(
    "of %s",
    async (name) => {
      const bench = createBench();
      const records: ReturnType<typeof record>[] = [];
      journals[name]?.(records);
      const journal = await bench.open();
      for (let from = 0; from < records.length; from += 1_000)
        await Promise.all(records.slice(from, from + 1_000).map((one) => journal.append(one)));
      await journal.idle();
      // As a crash leaves it: without a snapshot of the end.
      const folder = await newFolder();
      await cp(bench.folder, folder, { recursive: true });
      let term = 1;
      const { open } = await noBlock(async () => {
        term += 1;
        const opened = await openJournal({ folder, term, isCurrent: () => true, clock: manualClock(), log });
        const stats = opened.stats();
        await opened.close();
        return stats;
      });
      expect(open).toBeGreaterThanOrEqual(records.length);
      await bench.clear();
    },
    300_000,
  );
});

describe("a tool call of 1 MiB", () => {
  const text = { type: "string" };
  const sinks: Readonly<
    Record<string, readonly [SinkType<never>, Parameters<typeof planSink>[1]["options"]]>
  > = {
    "a file": [fileSink as never, { path: "notes", file: "x.md", content: "{{input.a}}\n{{upper input.a}}" }],
    "a request": [
      httpSink as never,
      {
        request: {
          ...{ url: "https://h.example/{{input.a}}", method: "POST" },
          json: { a: "{{input.a}}", b: ["{{input.a}}"] },
        },
      },
    ],
    "a program": [commandSink as never, { command: ["cat"], stdin: "{{json input}}" }],
  };
  test.each(Object.keys(sinks))(
    "to %s",
    async (name) => {
      const [type, options] = sinks[name] as (typeof sinks)[string];
      const sink = await planSink(type, { input: { a: text }, options });
      const slow: string[] = [];
      for (const { name, make } of hostileTexts) {
        const line = JSON.stringify({
          ...{ jsonrpc: "2.0", id: 1, method: "tools/call" },
          params: { name: "tested", arguments: { a: make(mebibyte / 2) } },
        });
        await noBlock(async () => {
          const message = readMessage(line) as { params?: { arguments?: { a: string } } };
          const given = message.params?.arguments ?? JSON.parse(line).params.arguments;
          try {
            checkToolInput({ name: "tested", input: sink.input } as never, given);
            outgoing(sink, given);
          } catch (error) {
            if (error instanceof RangeError && /call stack/.test(error.message)) slow.push(name);
          }
        });
      }
      expect(slow).toEqual([]);
    },
    120_000,
  );
});
