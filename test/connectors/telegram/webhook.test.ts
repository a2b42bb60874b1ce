import { describe, expect, it } from "vitest";
import { checkOptions, reachesOf } from "../../../src/connectors/telegram/check.ts";
import { telegram } from "../../../src/connectors/telegram/index.ts";
import { DeliveryError } from "../../../src/errors.ts";
import { surroundings } from "../../support/host.ts";
import { eventually } from "../../support/router.ts";
import { ann, type BotTestOptions, defaults, startBot } from "./bot.ts";

const webhook = { path: "/telegram", secret: "a-secret-of-16-signs" };
const options = { ...defaults, apiRoot: "https://api.telegram.org" };

async function hooked(test: BotTestOptions = {}) {
  const bot = await startBot({ publicUrl: "https://me.example/base/", options: { webhook }, ...test });
  await eventually(() => bot.server.webhook());
  return { ...bot, address: bot.listener.address() ?? "" };
}

/** The emulator posts to the path that it was given, which is under the base of the public address. */
const direct = (server: Awaited<ReturnType<typeof hooked>>["server"], address: string, secret?: string) => {
  const hook = server.webhook();
  if (hook !== undefined) hook.url = hook.url.replace("/base/", "/");
  return server.post(address, secret);
};

describe("by webhook", () => {
  it("Telegram is told where to post, with the secret and one post at a time", async () => {
    const { server, source } = await hooked();
    expect(server.webhook()).toEqual({ url: "https://me.example/base/telegram", secret: webhook.secret });
    expect(server.calls.find(({ method }) => method === "setWebhook")?.fields.max_connections).toBe(1);
    expect(source.health?.().detail).toBe("@router_bot, by webhook");
  });

  it("a message becomes an event, and is answered when that is safe", async () => {
    let isFull = true;
    const { server, arrivals, address } = await hooked({
      emit: (taken) => async (arrival) => {
        if (isFull) throw new DeliveryError("E_JOURNAL_FULL", "the disk is full");
        taken.push(arrival);
        return { eventId: "e", outcome: "accepted" };
      },
    });
    server.write(ann, "hello");
    expect(await direct(server, address)).toBe(503);
    isFull = false;
    expect(await direct(server, address)).toBe(200);
    expect(arrivals.map(({ text }) => text)).toEqual(["hello"]);
  });

  it("whoever does not know the secret gets nothing in", async () => {
    const { server, arrivals, address } = await hooked();
    server.write(ann, "hello");
    for (const secret of ["", "x", `${webhook.secret}x`])
      expect(await direct(server, address, secret)).toBe(401);
    const bare = await fetch(`${address}/telegram`, { method: "POST", body: "{}" });
    expect(bare.status).toBe(401);
    expect(arrivals).toEqual([]);
  });

  it("rubbish is refused", async () => {
    const { address } = await hooked();
    const headers = { "x-telegram-bot-api-secret-token": webhook.secret };
    for (const body of ["", "null", "[]", "{", '{"update_id":"1"}']) {
      const answer = await fetch(`${address}/telegram`, { method: "POST", headers, body });
      expect(answer.status).toBe(400);
    }
    const large = await fetch(`${address}/telegram`, {
      method: "POST",
      headers,
      body: "x".repeat(2_000_000),
    });
    expect(large.status).toBe(413);
  });

  it("Telegram's word on why it cannot post is the source's", async () => {
    const { server, source, clock } = await hooked();
    server.write(ann, "hello");
    server.cannotPost("Connection refused", clock.now() / 1_000 + 300);
    await clock.advance(10 * 60_000);
    await eventually(() => source.health?.().state === "waiting");
    expect(source.health?.().detail).toMatch(/cannot post to public_url: Connection refused/);
  });

  it("needs a public address by https", () => {
    const issues = (publicUrl?: string) =>
      checkOptions(
        { ...options, webhook },
        { ...surroundings, ...(publicUrl === undefined ? {} : { publicUrl }) },
      );
    expect(issues()[0]?.message).toMatch(/^needs public_url/);
    expect(issues("http://me.example")[0]?.message).toMatch(/begins with https/);
    expect(issues("https://me.example")).toEqual([]);
  });
});

describe("what the type says of itself", () => {
  it("claims its bot without telling the token, and its path", () => {
    const [token, ...rest] = telegram.claims?.({ ...options, webhook }) ?? [];
    expect(token).toMatch(/^token:[0-9a-f]{12}$/);
    expect(rest).toEqual(["route:POST /telegram"]);
  });

  it("reaches the server that gets its token, and admits who knows the secret of its webhook", () => {
    const webhook = { path: "/telegram", secret: "a-secret-of-16-letters" };
    const reaches = reachesOf({ ...options, apiRoot: "http://127.0.0.1:8081/x", webhook });
    expect(reaches).toEqual([
      { to: "host", url: "http://127.0.0.1:8081/x" },
      { to: "people", who: "anyone who knows the secret of /telegram" },
    ]);
  });

  it("keeps its place when the bot gets a new token", () => {
    const keeps = (token: string) => telegram.storeKey?.({ ...options, token });
    expect(keeps("123:new")).toEqual(keeps("123:old"));
    expect(keeps("124:old")).not.toEqual(keeps("123:old"));
  });

  it("imagines the event of a text, of a message and of an update", () => {
    const textOf = (payload: string) => telegram.sampleArrival(options, payload, {}).text;
    const message = { message_id: 1, date: 1, chat: { id: 4, type: "private" }, from: ann, text: "hi" };
    expect(textOf("how is it?")).toBe("how is it?");
    expect(textOf('"how is it?"')).toBe("how is it?");
    expect(textOf(JSON.stringify(message))).toBe("hi");
    expect(textOf(JSON.stringify({ update_id: 1, message }))).toBe("hi");
    expect(() => textOf('{"update_id":1,"message":{"message_id":1}}')).toThrow(/not a message of a user/);
  });
});
