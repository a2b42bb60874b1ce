import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Outcome } from "../../../src/contract.ts";
import { DeliveryError } from "../../../src/errors.ts";
import { serve } from "./serving.ts";

const json = { "content-type": "application/json" };

describe("answers", () => {
  it("answers 202 with the event's id and outcome, uncached, unsniffed and without CORS", async () => {
    const hook = await serve();
    const answer = await hook.send({ headers: json, body: '{"a":1}' });
    expect(answer).toMatchObject({ status: 202, json: { event_id: "e1", outcome: "accepted" } });
    expect(answer.headers).toMatchObject({
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  it.each(["dropped", "unmatched", "duplicate"] as const)(
    "answers 202 for an event that was %s",
    async (outcome) => {
      const hook = await serve({}, { emit: async () => ({ eventId: "e", outcome }) });
      expect(await hook.send({ headers: json, body: "{}" })).toMatchObject({
        status: 202,
        json: { event_id: "e", outcome },
      });
    },
  );

  it("does not answer before the event is safe", async () => {
    let safe: (outcome: Outcome) => void = () => {};
    let emitted = () => {};
    const asked = new Promise<void>((resolve) => {
      emitted = resolve;
    });
    const hook = await serve(
      {},
      {
        emit: () => {
          emitted();
          return new Promise((resolve) => {
            safe = resolve;
          });
        },
      },
    );
    let answered = false;
    const answer = hook.send({ headers: json, body: "{}" }).then((result) => {
      answered = true;
      return result;
    });
    await asked;
    await turn();
    await turn();
    expect(answered).toBe(false);
    safe({ eventId: "e", outcome: "accepted" });
    expect((await answer).status).toBe(202);
  });

  it("answers with the status and body of respond", async () => {
    const asJson = await serve({ respond: { status: 200, body: '{"type":5}' } });
    expect(await asJson.send({ body: "x" })).toMatchObject({ status: 200, json: { type: 5 } });
    const asText = await serve({ respond: { status: 200, body: "thanks" } });
    const answer = await asText.send({ body: "x" });
    expect([answer.text, answer.headers["content-type"]]).toEqual(["thanks", "text/plain; charset=utf-8"]);
    const nothing = await serve({ respond: { status: 204 } });
    expect(await nothing.send({ body: "x" })).toMatchObject({ status: 204, text: "" });
  });

  it("answers 429 with Retry-After over the rate, and 503 when an event was not taken", async () => {
    const limited = await serve(
      {},
      { emit: () => Promise.reject(new DeliveryError("E_RATE", "too many", { retryAfterMs: 90_500 })) },
    );
    const tooMany = await limited.send({ body: "x" });
    expect([tooMany.status, tooMany.headers["retry-after"]]).toEqual([429, "91"]);
    const full = await serve(
      {},
      { emit: () => Promise.reject(new DeliveryError("E_SESSION_BUSY", "secret detail")) },
    );
    const busy = await full.send({ body: "x" });
    expect([busy.status, busy.headers["retry-after"]]).toEqual([503, "1"]);
    expect(busy.text).not.toContain("secret detail");
  });

  it("answers 500 and logs when emit has a bug, and goes on serving", async () => {
    let calls = 0;
    const hook = await serve(
      {},
      {
        emit: async () => {
          calls += 1;
          if (calls === 1) throw new TypeError("a bug");
          return { eventId: "e", outcome: "accepted" };
        },
      },
    );
    expect((await hook.send({ body: "x" })).status).toBe(500);
    expect(hook.log.join("\n")).toContain("a bug");
    expect((await hook.send({ body: "x" })).status).toBe(202);
  });

  it("answers 404 for another path and 405 with Allow for another method", async () => {
    const hook = await serve({ methods: ["POST", "PUT"] });
    expect((await hook.send({ path: "/other" })).status).toBe(404);
    const answer = await hook.send({ method: "DELETE" });
    expect([answer.status, answer.headers.allow]).toEqual([405, "HEAD, POST, PUT"]);
  });

  it("says nothing about why a signature was refused", async () => {
    const hook = await serve({ verify: { scheme: "github", secret: "s" } });
    const answer = await hook.send({ headers: { "x-hub-signature-256": "sha256=00" }, body: "{}" });
    expect([answer.status, answer.json]).toEqual([401, { error: "unauthorized" }]);
    expect(hook.arrivals).toEqual([]);
  });

  it("verifies before it parses", async () => {
    const hook = await serve({ verify: { scheme: "github", secret: "s" } });
    expect((await hook.send({ headers: json, body: "{not json" })).status).toBe(401);
  });
});

describe("the event", () => {
  it("has the request's parts, with names in lower case", async () => {
    const hook = await serve({ path: "/deploy/:env/*", methods: ["PUT"] });
    await hook.send({
      method: "PUT",
      path: "/deploy/prod/eu/1?a=1&a=2&b=x%20y",
      headers: { ...json, "X-Kind": "deploy" },
      body: '{"ok":true}',
    });
    expect(hook.arrivals[0]).toMatchObject({
      data: { ok: true },
      text: '{"ok":true}',
      trust: "unverified",
      method: "PUT",
      path: "/deploy/prod/eu/1",
      params: { env: "prod", "*": "eu/1" },
      query: { a: "1", b: "x y" },
    });
    expect(hook.arrivals[0]?.headers?.["x-kind"]).toBe("deploy");
  });

  it("has no terminal escapes in its parameters", async () => {
    const hook = await serve({ path: "/log/:name" });
    await hook.send({ path: "/log/%1b%5B31mred?line=%1B[1mbold%1b[0m", headers: json, body: "{}" });
    expect(hook.arrivals[0]).toMatchObject({ params: { name: "red" }, query: { line: "bold" } });
  });

  it("never shows a credential", async () => {
    const secret = "s3cret-token";
    const always = { cookie: `a=${secret}`, "proxy-authorization": secret };
    const cases = [
      {
        verify: { scheme: "bearer", secret } as const,
        headers: { authorization: `Bearer ${secret}` },
        path: "/hook",
      },
      {
        verify: { scheme: "token", secret, header: "X-Key" } as const,
        headers: { "x-key": secret },
        path: "/hook",
      },
      {
        verify: { scheme: "token", secret, query: "key" } as const,
        headers: {},
        path: `/hook?key=${secret}&a=1`,
      },
      { verify: { scheme: "gitlab", secret } as const, headers: { "x-gitlab-token": secret }, path: "/hook" },
    ];
    for (const { verify, headers, path } of cases) {
      const hook = await serve({ verify });
      expect((await hook.send({ path, headers: { ...always, ...headers }, body: "x" })).status).toBe(202);
      expect(hook.arrivals[0]?.trust).toBe("verified");
      expect(JSON.stringify(hook.arrivals)).not.toContain(secret);
    }
  });

  it("does not lose a header to its number", async () => {
    const hook = await serve();
    const headers = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`x-${index}`, "1"]));
    await hook.send({ headers, body: "x" });
    expect(hook.arrivals[0]?.headers).toMatchObject(headers);
  });

  it("refuses 10,000 headers and goes on serving", async () => {
    const hook = await serve();
    const connection = await hook.open();
    const many = Array.from({ length: 10_000 }, (_, index) => `x-${index}: 1\r\n`).join("");
    connection.socket.write(`POST /hook HTTP/1.1\r\nhost: localhost\r\n${many}content-length: 0\r\n\r\n`);
    expect(await connection.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 431 /);
    expect((await hook.send({ body: "x" })).status).toBe(202);
    expect(hook.arrivals).toHaveLength(1);
  });
});

describe("connections", () => {
  it("answers pipelined requests in order and keeps the connection after a refusal", async () => {
    const hook = await serve();
    const connection = await hook.open();
    const post = (body: string) =>
      `POST /hook HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    connection.socket.write(post("{}") + post("{x}") + post("[]"));
    const text = await connection.until(/HTTP.*HTTP.*HTTP.*\r\n\r\n.*\n/s);
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])).toEqual(["202", "400", "202"]);
  });

  it.each([
    ["two lengths", "content-length: 2\r\ncontent-length: 4\r\n\r\n{}{}"],
    ["a length and chunks", "content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"],
    ["a length that is no number", "content-length: +2\r\n\r\n{}"],
  ])("takes no request with %s", async (_, rest) => {
    const hook = await serve();
    const connection = await hook.open();
    connection.socket.write(`POST /hook HTTP/1.1\r\nhost: localhost\r\n${rest}`);
    expect(await connection.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 400 /);
    expect(hook.arrivals).toEqual([]);
  });

  it("survives clients that go away in the middle of a body", async () => {
    const hook = await serve();
    for (let index = 0; index < 20; index += 1) {
      const { socket } = await hook.open();
      socket.write("POST /hook HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nhalf");
      socket.destroy();
    }
    expect((await hook.send({ body: "x" })).status).toBe(202);
    expect(hook.arrivals).toHaveLength(1);
    expect(hook.log).toEqual([]);
  });

  it("lets a request in flight end before stop settles, and takes no other", async () => {
    let safe: (outcome: Outcome) => void = () => {};
    let emitted = () => {};
    const asked = new Promise<void>((resolve) => {
      emitted = resolve;
    });
    const emit = () => {
      emitted();
      return new Promise<Outcome>((resolve) => {
        safe = resolve;
      });
    };
    const hook = await serve({}, { emit });
    const first = hook.send({ body: "x" });
    await asked;
    let stopped = false;
    const stopping = hook.source.stop(new AbortController().signal).then(() => {
      stopped = true;
    });
    expect((await hook.send({ body: "y" })).status).toBe(404);
    expect(stopped).toBe(false);
    safe({ eventId: "e", outcome: "accepted" });
    await stopping;
    expect((await first).status).toBe(202);
  });

  it("emits nothing for a body that ends after stop settled", async () => {
    const hook = await serve();
    const connection = await hook.open();
    connection.socket.write("POST /hook HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\nha");
    await hook.send({ body: "first" });
    await hook.source.stop(AbortSignal.abort());
    connection.socket.write("lf");
    expect(await connection.until(/\r\n\r\n/)).toMatch(/^HTTP\/1\.1 503 /);
    expect(hook.arrivals).toHaveLength(1);
  });
});
