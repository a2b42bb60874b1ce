// What pages may ask for, how much of it, and what never leaves.

import { describe, expect, test } from "vitest";
import { manualClock } from "../support/manual-clock.ts";
import { openConsole } from "./open-console.ts";

const secret = "s3cr3t-of-the-test";

describe("a command", () => {
  test("that the console does not have is unknown, those of the command line that change more among them", async () => {
    const console = await openConsole();
    const browser = await console.browser();
    for (const name of ["down", "ask_access", "rings", "console", "toString", "__proto__", "no%2Fsuch", ""])
      expect([name, (await browser.call(name)).status]).toEqual([name, 404]);
    expect(console.commands).toEqual([]);
  });

  test("gets its arguments as they are, and follows nothing", async () => {
    const console = await openConsole();
    const browser = await console.browser();
    await browser.call("events", { limit: 5, follow: true });
    expect(console.commands).toEqual([{ command: "events", args: { limit: 5 } }]);
  });

  test("answers a typed error: what was wrong, and what to do", async () => {
    const { UsageError, ConnectorError } = await import("../../src/errors.ts");
    const errors: Record<string, Error> = {
      status: new UsageError("E_USAGE", `no source named ${secret}`, { hint: `there are: ${secret}` }),
      why: new ConnectorError("E_EVENT_UNKNOWN", "no stored event has the id x"),
      reload: new Error(`a bug with ${secret}`),
    };
    const console = await openConsole({
      secrets: [secret],
      answer: async (command) => Promise.reject(errors[command]),
    });
    const browser = await console.browser();
    expect(await browser.call("status")).toMatchObject({
      status: 400,
      body: { error: { code: "E_USAGE", message: "no source named •••", hint: "there are: •••" } },
    });
    expect(await browser.call("why")).toMatchObject({
      status: 404,
      body: { error: { code: "E_EVENT_UNKNOWN" } },
    });
    expect(await browser.call("reload")).toMatchObject({
      status: 500,
      body: { error: { code: "internal", message: "internal error: the router's log has it" } },
    });
  });

  test("of dev says what dev does not have", async () => {
    const browser = await (await openConsole()).browser();
    for (const name of ["event", "prompts", "consent"])
      expect(await browser.call(name, { event_id: "x" })).toMatchObject({
        status: 403,
        body: { error: { code: "limited" } },
      });
  });
});

describe("a read-only console", () => {
  test("refuses everything that changes something", async () => {
    const console = await openConsole({ settings: { readOnly: true } });
    const browser = await console.browser();
    for (const [name, args] of [
      ["replay", { event_id: "x" }],
      ["send", { source: "x", data: "{}" }],
      ["silence", { channel: "x", for_ms: 1 }],
      ["access", { request: { do: "allow", person: "1" } }],
      ["access", {}],
      ["reload", {}],
      ["save", { text: "", sha256: "" }],
      ["save", { text: "", sha256: "", dry_run: true }],
      ["answer_prompt", { id: "x", allow: true }],
      ["agree", { ids: ["x"], allow: true }],
      ["revoke", { id: "x" }],
    ] as const)
      expect([name, (await browser.call(name, args)).body.error?.code]).toEqual([name, "read_only"]);
    expect(console.commands).toEqual([]);
    for (const name of ["status", "sessions", "events", "why"])
      expect((await browser.call(name)).status).toBe(200);
    expect((await browser.call("access", { request: { do: "list" } })).status).toBe(200);
    expect((await browser.post("/chat/room/messages", {})).status).not.toBe(202);
    expect((await browser.follow()).hello).toBeDefined();
  });

  test("can be switched while pages are open", async () => {
    const console = await openConsole();
    const browser = await console.browser();
    expect((await browser.call("reload")).status).toBe(200);
    console.settings = { ...(console.settings as NonNullable<typeof console.settings>), readOnly: true };
    await console.listener.apply();
    expect((await browser.call("reload")).status).toBe(403);
  });
});

describe("limits", () => {
  test("a body that is too large, of another type, or not an object is refused", async () => {
    const console = await openConsole();
    const browser = await console.browser();
    expect((await browser.call("status", { a: "x".repeat(70_000) })).body.error.code).toBe("too_large");
    expect((await browser.call("send", { source: "s", data: "x".repeat(70_000) })).status).toBe(200);
    expect((await browser.call("send", { data: "x".repeat(2_200_000) })).status).toBe(413);
    expect((await browser.call("status", [])).status).toBe(400);
    expect((await browser.post("/api/status", {}, {}, { "content-type": "text/plain" })).status).toBe(415);
  });

  test("one browser makes 20 requests a second for long, and all together 80", async () => {
    const clock = manualClock();
    const console = await openConsole({ clock });
    const browser = await console.browser();
    const statuses: number[] = [];
    for (let count = 0; count < 80; count += 1) statuses.push((await browser.call("status")).status);
    expect(statuses.filter((status) => status === 200).length).toBe(59);
    expect(statuses.at(-1)).toBe(429);
    await clock.advance(1_000);
    for (let count = 0; count < 20; count += 1) expect((await browser.call("status")).status).toBe(200);
    expect((await browser.call("status")).status).toBe(429);
  });

  test("few commands that read much run at once", async () => {
    let release = () => {};
    const held = new Promise<null>((resolve) => {
      release = () => resolve(null);
    });
    const console = await openConsole({ answer: () => held });
    const browser = await console.browser();
    await browser.session();
    const calls = Array.from({ length: 4 }, () => browser.call("why", { event_id: "x" }));
    let refused = 0;
    for (const call of calls) void call.then(({ status }) => (refused += status === 429 ? 1 : 0));
    await expect.poll(() => refused).toBe(2);
    release();
    expect((await Promise.all(calls)).map(({ status }) => status).sort()).toEqual([200, 200, 429, 429]);
  });
});
