import { once } from "node:events";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { isFaultOfSender } from "../../../src/http/body.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { serve } from "./serving.ts";

const json = { "content-type": "application/json" };
const bomb = Buffer.alloc(64 * 1024 * 1024);

describe("compressed bodies", () => {
  const body = '{"text":"hello"}';
  it.each([
    ["gzip", gzipSync(body)],
    ["x-gzip", gzipSync(body)],
    ["deflate", deflateSync(body)],
    ["deflate", deflateRawSync(body)],
    ["br", brotliCompressSync(body)],
    ["identity", Buffer.from(body)],
    ["GZIP", gzipSync(body)],
  ])("are inflated: %s", async (encoding, bytes) => {
    const hook = await serve();
    const answer = await hook.send({ headers: { ...json, "content-encoding": encoding }, body: bytes });
    expect(answer.status).toBe(202);
    expect(hook.arrivals[0]).toMatchObject({ data: { text: "hello" }, text: body });
  });

  it.each([
    ["gzip", gzipSync(bomb)],
    ["deflate", deflateSync(bomb)],
    ["br", brotliCompressSync(bomb)],
  ])("that inflate beyond max_body are answered with 413: %s", async (encoding, bytes) => {
    expect(bytes.length).toBeLessThan(100_000);
    const hook = await serve();
    const before = process.memoryUsage().rss;
    const answer = await hook.send({ headers: { "content-encoding": encoding }, body: bytes });
    expect(answer.status).toBe(413);
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024);
    expect(hook.arrivals).toEqual([]);
  });

  it.each([
    ["gzip", Buffer.from("not gzip")],
    ["gzip", gzipSync("cut short").subarray(0, 12)],
    ["deflate", Buffer.from([0x78, 0x9c, 0xff, 0xff])],
    ["br", Buffer.from("not brotli at all")],
  ])("that are broken are answered with 400: %s", async (encoding, bytes) => {
    const hook = await serve();
    const answer = await hook.send({ headers: { "content-encoding": encoding }, body: bytes });
    expect(answer).toMatchObject({ status: 400, json: { error: `the body is not valid ${encoding}` } });
  });

  it.each([
    ["Z_DATA_ERROR", true],
    ["ERR__ERROR_FORMAT_RESERVED", true],
    ["Z_MEM_ERROR", false],
    ["ERR_OUT_OF_RANGE", false],
    [undefined, false],
  ])("that fail for a reason of our own are not blamed on the sender: %s", (code, isTheirs) => {
    expect(isFaultOfSender(Object.assign(new Error("failed"), code === undefined ? {} : { code }))).toBe(
      isTheirs,
    );
  });

  it.each(["zstd", "gzip, gzip", "__proto__", "constructor"])(
    "of an unknown kind are answered with 415: %s",
    async (encoding) => {
      const hook = await serve();
      const answer = await hook.send({ headers: { "content-encoding": encoding }, body: "x" });
      expect([answer.status, answer.headers["accept-encoding"]]).toEqual([415, "gzip, deflate, br"]);
    },
  );
});

describe("large bodies", () => {
  it("are refused by their length before they are read, and the connection is closed", async () => {
    const hook = await serve();
    const { socket, until } = await hook.open();
    socket.write(`POST /hook HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${2 ** 31}\r\n\r\n`);
    const text = await until(/larger/);
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toMatch(/connection: close/i);
    expect(text).toContain("larger than 1048576 bytes");
    socket.end();
    await once(socket, "close");
  });

  it("without a length are refused as soon as they are too large", async () => {
    const hook = await serve({ maxBodyBytes: 1_000 });
    const { socket, until } = await hook.open();
    socket.write("POST /hook HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
    for (let index = 0; index < 3; index += 1) socket.write(`190\r\n${"a".repeat(400)}\r\n`);
    expect(await until(/larger/)).toMatch(/^HTTP\/1\.1 413 /);
    expect(hook.arrivals).toEqual([]);
  });

  it("are taken up to the bound exactly, in chunks as well", async () => {
    const hook = await serve({ maxBodyBytes: 1_000 });
    expect((await hook.send({ body: "a".repeat(1_000) })).status).toBe(202);
    expect(
      (await hook.send({ headers: { "transfer-encoding": "chunked" }, body: "a".repeat(1_000) })).status,
    ).toBe(202);
    expect((await hook.send({ body: "a".repeat(1_001) })).status).toBe(413);
  });

  it("do not hold the connection when their sender never stops", async () => {
    const clock = manualClock();
    const hook = await serve({ maxBodyBytes: 10 }, { clock });
    const { socket, until } = await hook.open();
    socket.write("POST /hook HTTP/1.1\r\nhost: localhost\r\ncontent-length: 999999\r\n\r\n");
    await until(/larger/);
    const closed = once(socket, "close");
    await clock.advance(1_000);
    await closed;
    expect(socket.destroyed).toBe(true);
  });
});

describe("slow bodies", () => {
  it("that lie in the socket when their time is over are taken", async () => {
    const late: (() => void)[] = [];
    const clock = {
      now: () => 0,
      after(_: number, run: () => void) {
        late.push(run);
        return () => {};
      },
    };
    const hook = await serve({}, { clock });
    const { socket, until } = await hook.open();
    const body = "x".repeat(300_000);
    socket.write(`POST /hook HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\nx`);
    await vi.waitFor(() => expect(late).not.toEqual([]));
    // Both at once: the timer fires before the socket is read.
    socket.write(body.slice(1));
    for (const run of late) run();
    expect(await until(/HTTP/)).toMatch(/^HTTP\/1\.1 202 /);
    expect(hook.arrivals[0]?.text).toBe(body);
  });

  it("are answered with 408 after ten seconds, and the connection is closed", async () => {
    const clock = manualClock();
    const hook = await serve({}, { clock });
    const { socket, until } = await hook.open();
    socket.write("POST /hook HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nhalf");
    await hook.send({ body: "another client is served meanwhile" });
    const closed = once(socket, "close");
    await clock.advance(9_999);
    socket.write("x");
    expect(socket.destroyed).toBe(false);
    await clock.advance(1);
    expect(await until(/10 s/)).toMatch(/^HTTP\/1\.1 408 /);
    await closed;
    expect(hook.arrivals).toHaveLength(1);
  });
});
