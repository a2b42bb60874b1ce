// The http sink against a real server on loopback.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import { httpSink } from "../../../src/connectors/http/sink/index.ts";
import type { OutgoingRequest } from "../../../src/contract/sink.ts";
import type { JsonObject } from "../../../src/contract.ts";
import { lent } from "../../support/host.ts";
import { runs } from "../../support/runs.ts";
import { outgoing, planSink, proveSink, type WrittenSink } from "../../support/sink.ts";
import { testSink } from "../sink-conformance.ts";

interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

let server: Server;
let address: string;
const received: Received[] = [];
let answer: (response: ServerResponse) => void = (response) => response.end("fine");

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    received.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
    answer(response);
  });
  // A long test in between must not find its connection closed.
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise<void>((resolve) => void server.close(() => resolve()));
});
afterEach(() => {
  received.length = 0;
  answer = (response) => response.end("fine");
});

const text = { type: "string" };
const host = { ...lent(systemClock), clock: systemClock };

async function call(written: WrittenSink, input: JsonObject = {}) {
  const sink = await planSink(httpSink, written);
  const made = httpSink.create("tested", sink.options as never, host);
  return made.send(outgoing(sink, input) as OutgoingRequest, new AbortController().signal);
}

const request = (more: JsonObject, rest: JsonObject = {}): WrittenSink => ({
  input: { a: text, b: text, n: { type: "number" }, list: { type: "array" } },
  options: { request: { url: `${address}/x`, ...more }, ...rest },
});

describe("conformance", () => {
  testSink({
    type: httpSink,
    written: () => ({
      input: { body: text },
      options: { request: { url: `${address}/c`, json: { body: "{{input.body}}" } } },
    }),
    input: { body: "hello" },
    host: async () => host,
    done: async () => received.length,
  });
});

describe("a request", () => {
  test("has its values in their places", async () => {
    const { text: said, response } = await call(
      request({
        method: "PUT",
        url: `${address}/repos/{{event.data.repo}}/pulls/{{event.vars.pr}}?q={{input.a}}&static=1`,
        headers: { "X-Note": "note {{input.b}}" },
        json: {
          body: "{{input.a}}!",
          n: "{{input.n}}",
          list: "{{input.list}}",
          pr: "{{event.data.pr}}",
          draft: "{{event.data.draft}}",
          left: "{{event.data.nothing}}",
          two: ["{{input.n}}", 2, null, true],
        },
      }),
      { a: "a/b?c&d=#e f", b: "B", n: 1.5, list: ["x", { y: 1 }] },
    );
    expect(said).toBe("answered 200");
    expect(response).toMatchObject({ status: 200, text: "fine" });
    const [got] = received;
    expect(got?.method).toBe("PUT");
    expect(got?.url).toBe("/repos/acme%2Fapp/pulls/7?q=a%2Fb%3Fc%26d%3D%23e%20f&static=1");
    expect(got?.headers).toMatchObject({ "x-note": "note B", "content-type": "application/json" });
    expect(JSON.parse(got?.body ?? "")).toEqual({
      body: "a/b?c&d=#e f!",
      n: 1.5,
      list: ["x", { y: 1 }],
      pr: 7,
      draft: false,
      two: [1.5, 2, null, true],
    });
  });

  test("sends a form or a text", async () => {
    await call(request({ form: { "a b": "{{input.a}}", c: "1" } }), { a: "x&y=z" });
    await call(request({ body: "> {{input.a}}", headers: { "content-type": "text/markdown" } }), { a: "hé" });
    expect(received.map(({ body }) => body)).toEqual(["a+b=x%26y%3Dz&c=1", "> hé"]);
    expect(received.map(({ headers }) => headers["content-type"])).toEqual([
      "application/x-www-form-urlencoded",
      "text/markdown",
    ]);
  });

  test("carries one id for all tries where it is asked for", async () => {
    const sink = await planSink(httpSink, request({ json: 1 }, { idempotency_key: "Idempotency-Key" }));
    expect((outgoing(sink) as OutgoingRequest).headers["idempotency-key"]).toBe("call-1");
    expect(httpSink.repeatable?.(sink.options as never)).toBe(true);
    for (const [method, may] of [
      ["GET", true],
      ["PUT", true],
      ["DELETE", true],
      ["POST", false],
      ["PATCH", false],
    ] as const) {
      const one = await planSink(httpSink, request({ method }));
      expect([method, httpSink.repeatable?.(one.options as never)]).toEqual([method, may]);
    }
  });

  test.each([
    ["a line end in a header", { headers: { "x-a": "{{input.a}}" } }, "x\r\nx-b: 1", "header x-a"],
    ["what a header cannot hold", { headers: { "x-a": "{{input.a}}" } }, "日本", "header x-a"],
    ["a part that leads upwards", { url: "https://h.example/a/{{input.a}}/c" }, "..", 'the part ".."'],
    ["a part that stays", { url: "https://h.example/a/{{input.a}}/c" }, ".", 'the part "."'],
    ["a hidden way upwards", { url: "https://h.example/a/{{input.a}}" }, "../admin", "the part"],
    ["a hidden way with backslashes", { url: "https://h.example/a/{{input.a}}" }, "x\\..\\y", "the part"],
    ["a value that makes a dot two", { url: "https://h.example/a/.{{input.a}}" }, ".", 'the part ".."'],
    ["an empty part", { url: "https://h.example/users/{{input.a}}/keys" }, "", "would be empty"],
    [
      "an empty last part",
      { method: "DELETE", url: "https://h.example/users/{{input.a}}" },
      "",
      "would be empty",
    ],
    ["an empty body", { body: " {{input.b}}\n" }, "a", "the body of the request would be empty"],
    ["a control character", { url: "https://h.example/{{input.a}}" }, "a\u0000b", "control character"],
  ])("is refused for %s", async (_, more, a, message) => {
    const sink = await planSink(httpSink, request(more as JsonObject));
    expect(() => outgoing(sink, { a, b: "", n: 0, list: [] })).toThrow(
      expect.objectContaining({ code: "E_SINK_REFUSED", message: expect.stringContaining(message) }),
    );
  });

  test("may have the empty parts that its template has", async () => {
    const sink = await planSink(httpSink, request({ url: "https://h.example/a//{{input.a}}/" }));
    expect((outgoing(sink, { a: "x" }) as OutgoingRequest).url).toBe("https://h.example/a//x/");
  });
});

describe("no argument can leave its place", () => {
  const anything = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string(),
    fc
      .array(
        fc.constantFrom(
          "..",
          ".",
          "/",
          "\\",
          "%2e",
          "%2F",
          "?",
          "#",
          "@",
          ":",
          "//",
          "&",
          "=",
          "\n",
          "\t",
          " ",
          "h",
          "é",
          "\ud800",
          "{{",
          "}}",
        ),
      )
      .map((parts) => parts.join("")),
  );

  test("in path and query: scheme, host, the number of parts and the other values stay", async () => {
    const sink = await planSink(httpSink, {
      input: { a: text, b: text, q: text },
      options: {
        request: {
          method: "GET",
          url: "https://api.example.com:8443/v1/{{input.a}}/x/{{input.b}}?q={{input.q}}&k=v",
        },
      },
    });
    fc.assert(
      fc.property(anything, anything, anything, (a, b, q) => {
        let url: URL;
        try {
          url = new URL((outgoing(sink, { a, b, q }) as OutgoingRequest).url);
        } catch (error) {
          expect(error).toMatchObject({ code: "E_SINK_REFUSED" });
          return;
        }
        expect([url.origin, url.username, url.password, url.hash]).toEqual([
          "https://api.example.com:8443",
          "",
          "",
          "",
        ]);
        const parts = url.pathname.split("/");
        expect(parts.map(decodeURIComponent)).toEqual(["", "v1", a.toWellFormed(), "x", b.toWellFormed()]);
        expect([...url.searchParams]).toEqual([
          ["q", q.toWellFormed()],
          ["k", "v"],
        ]);
      }),
      { numRuns: runs(600) },
    );
  });

  test("in a header or a form: there is one, and it holds the value", async () => {
    const sink = await planSink(httpSink, {
      input: { a: text },
      options: {
        request: {
          url: "https://h.example/",
          headers: { "x-a": "{{input.a}}" },
          form: { f: "{{input.a}}", g: "1" },
        },
      },
    });
    fc.assert(
      fc.property(anything, (a) => {
        try {
          const { headers, body } = outgoing(sink, { a }) as OutgoingRequest;
          expect(headers["x-a"]).toBe(a.trim());
          expect(headers["x-a"]).not.toMatch(/[\r\n\0]/);
          expect([...new URLSearchParams(body)]).toEqual([
            ["f", a.toWellFormed()],
            ["g", "1"],
          ]);
        } catch (error) {
          if (!(error instanceof Error) || !("code" in error)) throw error;
          expect(error.code).toBe("E_SINK_REFUSED");
        }
      }),
      { numRuns: runs(400) },
    );
  });
});

describe("an answer", () => {
  test("is there for the result, as data where it is JSON", async () => {
    answer = (response) => {
      response.writeHead(201, { "content-type": "application/json; charset=utf-8", "x-id": "9" });
      response.end('{"html_url":"https://x.example/1"}');
    };
    const { response } = await call(request({}));
    expect(response).toMatchObject({
      status: 201,
      data: { html_url: "https://x.example/1" },
      headers: { "x-id": "9" },
    });
  });

  test("of a GET is what Claude gets", async () => {
    answer = (response) => response.end("line 1\nline 2");
    expect((await call(request({ method: "GET" }))).text).toBe("answered 200\nline 1\nline 2");
  });

  test("that is too long is cut, and the call is done all the same", async () => {
    answer = (response) => response.end("x".repeat(300_000));
    const { text: said, response } = await call(request({}, { max_answer: "1KiB" }));
    expect(said).toBe("answered 200");
    expect(response.text).toHaveLength(1_024);
    const read = await call(request({ method: "GET" }, { max_answer: "1KiB" }));
    expect(read.text).toBe(`answered 200, cut off\n${"x".repeat(1_024)}`);
  });

  test("that does not come leaves open whether it was done, where it may not be repeated", async () => {
    answer = (response) => response.destroy();
    const hint = "it may have been done all the same: look before you call this again";
    await expect(call(request({}))).rejects.toMatchObject({ hint });
    await expect(call(request({ method: "PUT" }))).rejects.toMatchObject({ hint: undefined });
    await expect(call(request({ url: "http://127.0.0.1:1025/" }))).rejects.toMatchObject({ hint: undefined });
  });

  test("that fails says its status and how its body begins", async () => {
    answer = (response) => {
      response.statusCode = 422;
      response.end('{"message": "Validation\n Failed"}');
    };
    await expect(call(request({}))).rejects.toMatchObject({
      code: "E_HTTP_STATUS",
      message: expect.stringMatching(/answered 422/),
      hint: 'response: {"message": "Validation Failed"}',
      retryable: false,
    });
  });

  test.each([
    [429, true, 7_000],
    [503, true, 7_000],
    [404, false, 7_000],
  ])("of %i says whether and when to try again", async (status, retryable, retryAfterMs) => {
    answer = (response) => {
      response.writeHead(status, { "retry-after": "7" });
      response.end();
    };
    await expect(call(request({}))).rejects.toMatchObject({
      retryable,
      retryAfterMs,
      hint: "it asks to wait for 7 s",
    });
  });

  test("that leads to another place is not followed", async () => {
    answer = (response) => {
      response.writeHead(302, { location: "https://elsewhere.example/" });
      response.end();
    };
    await expect(call(request({ method: "GET" }))).rejects.toMatchObject({
      message: expect.stringContaining("redirects to another host"),
    });
    await expect(call(request({}))).rejects.toMatchObject({ message: expect.stringContaining("302") });
    expect(received).toHaveLength(2);
  });

  test("that does not come is waited for so long and no longer", async () => {
    answer = () => {};
    await expect(call(request({}, { timeout: "50ms" }))).rejects.toMatchObject({
      code: "E_HTTP_FAILED",
      message: expect.stringContaining("no answer within"),
    });
    server.closeAllConnections();
  });
});

describe("check", () => {
  const told = async (more: JsonObject, rest: JsonObject = {}) =>
    (await proveSink(httpSink, request(more, rest))).issues.map(
      ({ path, message }) => `${path.slice(2).join(".")}: ${message}`,
    );

  test.each([
    [{ url: "https://{{input.a}}/x" }, "request.url: scheme and host must be literal, before any {{...}}"],
    [{ url: "{{input.a}}" }, "request.url: scheme and host must be literal, before any {{...}}"],
    [{ url: "https://h.{{input.a}}/x" }, "request.url: scheme and host must be literal, before any {{...}}"],
    [
      { url: "https://h.example:{{input.n}}/" },
      "request.url: scheme and host must be literal, before any {{...}}",
    ],
    [
      { url: "https://h.example{{input.a}}/" },
      "request.url: scheme and host must be literal, before any {{...}}",
    ],
    [
      { url: "https://h.example\\{{input.a}}/" },
      "request.url: scheme and host must be literal, before any {{...}}",
    ],
    [{ url: "ftp://h.example/" }, "request.url: must be an http or https URL"],
    [{ url: "/x" }, "request.url: must be an http or https URL"],
    [{ url: "https://me:pw@h.example/" }, "request.url: user and password do not belong in a URL"],
    [{ url: "https://h.example/#x" }, "request.url: a URL that is sent has no part after #"],
    [{ url: "https://h.example/{{#if input.a}}x{{/if}}" }, undefined],
    [{ method: "GET", json: 1 }, "request.json: GET has no body"],
    [{ json: 1, body: "x" }, "request.body: cannot be combined with json"],
    [{ headers: { "a b": "1" } }, "request.headers.a b: is not a header name"],
    [{ headers: { Host: "x" } }, "request.headers.Host: is set by the connection itself"],
  ])("%j", async (more, message) => {
    expect(await told(more as JsonObject)).toEqual(message === undefined ? [] : [message]);
  });

  test("asks for consent for the host", async () => {
    const powers = async (url: string) =>
      (await proveSink(httpSink, { options: { request: { url } } })).sink.powers.map(
        ({ power, value, component }) => [power, value, component],
      );
    expect(await powers("https://API.example.com:443/{{input.a}}")).toEqual([
      ["connect", "POST https://api.example.com", "sinks.tested"],
    ]);
    expect(await powers("http://10.0.0.1:99/x")).toEqual([
      ["connect", "POST http://10.0.0.1:99 (private network)", "sinks.tested"],
    ]);
  });
});
