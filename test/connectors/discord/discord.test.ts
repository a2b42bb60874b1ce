// The discord source against a Discord on loopback.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
// As beside a source that polls: what is loaded first carries the requests of Discord's library, too.
import "undici";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import { discord } from "../../../src/connectors/discord/index.ts";
import type { DiscordOptions } from "../../../src/connectors/discord/options.ts";
import type { AnsweredEvent } from "../../../src/contract/chat.ts";
import type { Arrival, Emit, Source } from "../../../src/contract.ts";
import { DeliveryError } from "../../../src/errors.ts";
import { createMemoryCursors } from "../../../src/host/store.ts";
import { createListener } from "../../../src/http/server.ts";
import { type FakePeople, fakePeople } from "../../support/fake-people.ts";
import { hostOf, quiet } from "../../support/host.ts";
import { outgoingFile } from "../../support/outgoing-file.ts";
import { type DiscordServer, startDiscord } from "../../support/servers/discord.ts";

const clean: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});

interface Bot {
  readonly source: Source;
  readonly arrivals: Arrival[];
  readonly told: string[];
  readonly lines: string[];
  /** Settles when so many have been taken. */
  arrived(count: number): Promise<void>;
}

async function server(): Promise<DiscordServer> {
  const started = await startDiscord();
  clean.push(() => started.close());
  started.addChannel({ id: "10", type: 1, recipients: [{ id: "42" }] });
  started.addChannel({ id: "20", type: 0, name: "ops", guild_id: "5" });
  started.addChannel({ id: "21", type: 11, name: "an incident", guild_id: "5", parent_id: "20" });
  return started;
}

async function bot(
  far: DiscordServer,
  more: {
    people?: FakePeople;
    options?: Partial<DiscordOptions>;
    cursors?: ReturnType<typeof createMemoryCursors>;
    emit?: Emit;
  } = {},
): Promise<Bot> {
  const options: DiscordOptions = {
    token: far.token,
    apiRoot: far.apiRoot,
    maxDownloadBytes: 1_000,
    edits: true,
    access: { dm: "pairing", allow: [], groups: {}, mentionPatterns: [], bots: [] },
    ...more.options,
  };
  const told: string[] = [];
  const lines: string[] = [];
  const listener = createListener({
    addresses: [{ host: "127.0.0.1", port: 0, loopback: true }],
    hosts: [],
    trusted: () => true,
    log: quiet,
  });
  const write = (line: string) => void lines.push(line);
  const host = hostOf({
    clock: systemClock,
    listener,
    log: { info: write, warn: write, error: write },
    announce: (content) => void told.push(content),
    ...(more.people === undefined ? {} : { people: more.people }),
    ...(more.cursors === undefined ? {} : { cursors: more.cursors }),
  });
  const arrivals: Arrival[] = [];
  let changed = () => {};
  const source = discord.create("chat", options, host);
  clean.push(
    () => listener.close(AbortSignal.abort()),
    () => source.stop(AbortSignal.timeout(2_000)),
  );
  await source.start(async (arrival) => {
    const outcome = (await more.emit?.(arrival)) ?? ({ eventId: "e", outcome: "accepted" } as const);
    arrivals.push(arrival);
    changed();
    return outcome;
  });
  return {
    source,
    arrivals,
    told,
    lines,
    arrived: (count) =>
      new Promise((resolve) => {
        changed = () => {
          if (arrivals.length >= count) resolve();
        };
        changed();
      }),
  };
}

function eventOf(arrival: Arrival): AnsweredEvent {
  return {
    id: "e1",
    data: arrival.data,
    ...(arrival.sender === undefined ? {} : { sender: arrival.sender }),
  };
}

describe("what comes in", () => {
  test("what comes to nothing is not worth a line in the journal, however much comes", async () => {
    const far = await server();
    const kept = createMemoryCursors();
    let moves = 0;
    const cursors = {
      ...kept,
      async moveCursor(...move: Parameters<typeof kept.moveCursor>) {
        moves += 1;
        await kept.moveCursor(...move);
      },
    };
    const people = fakePeople({
      receive: ({ sender }) => (sender.id === "42" ? { as: "event" } : { as: "nothing" }),
    });
    const { arrived } = await bot(far, { people, cursors });
    await far.untilConnected();
    for (let index = 0; index < 250; index += 1)
      far.say({ channel: "10", author: { id: "66" }, content: `flood ${index}` });
    far.say({ channel: "10", content: "hello" });
    await arrived(1);
    expect(people.received).toHaveLength(251);
    expect(moves).toBeLessThan(10);
  });

  test("what cannot be read ends nothing", async () => {
    const far = await server();
    const { arrived, arrivals } = await bot(far);
    await far.untilConnected();
    for (const kind of ["CHANNEL_DELETE", "MESSAGE_CREATE", "INTERACTION_CREATE", "THREAD_UPDATE"])
      far.dispatch(kind, null);
    far.dispatch("MESSAGE_CREATE", { id: "1", channel_id: "10", type: 0, author: null });
    far.dispatch("INTERACTION_CREATE", { id: "1", type: 3, data: { custom_id: 5 } });
    far.say({ channel: "10", content: "still here" });
    await arrived(1);
    expect(arrivals[0]?.text).toBe("still here");
  });

  test("a direct message is an event with its sender, its place and its attachments", async () => {
    const far = await server();
    const { arrived, arrivals, source } = await bot(far);
    await far.untilConnected();
    const file = { id: "7", filename: "a/<b>.png", content_type: "image/png; x=1", size: 12, url: "" };
    const id = far.say({ channel: "10", content: "look", attachments: [file] });
    await arrived(1);
    expect(arrivals[0]).toEqual({
      data: {
        text: "look",
        chat_id: "10",
        message_id: id,
        chat_type: "direct",
        attachments: [{ id: "7", kind: "image", name: "_b_.png", mime: "image/png", bytes: 12 }],
      },
      text: "look",
      trust: "sender",
      sender: { id: "42", name: "Ann" },
      deliveryId: `10/${id}`,
      conversation: "10",
    });
    expect(source.health?.()).toMatchObject({ state: "running" });
  });

  test("in a thread the channel is the chat, and a mention or an answer to us is for us", async () => {
    const far = await server();
    const people = fakePeople();
    const { arrived, arrivals } = await bot(far, { people });
    await far.untilConnected();
    const us = { id: far.botId, username: "router", global_name: null };
    far.say({
      channel: "21",
      content: `<@${far.botId}> what of <@43>?`,
      mentions: [us, { id: "43", username: "bob", global_name: "Bob" }],
    });
    far.say({
      channel: "20",
      content: "and?",
      type: 19,
      message_reference: { message_id: "1" },
      referenced_message: { author: us, content: "done" },
    });
    far.say({ channel: "20", content: "among ourselves", author: { bot: true, id: "66" } });
    await arrived(3);
    expect(arrivals[0]?.data).toMatchObject({
      text: "what of @Bob?",
      chat_id: "20",
      thread_id: "21",
      chat_name: "an incident",
      chat_type: "group",
    });
    expect(arrivals[1]?.data).toMatchObject({ reply_to: "1", quote: "done" });
    expect(people.received.map(({ isForUs, isBot, chat }) => [isForUs, isBot, chat])).toEqual([
      [true, false, { id: "21", kind: "group", parentId: "20" }],
      [true, false, { id: "20", kind: "group" }],
      [false, true, { id: "20", kind: "group" }],
    ]);
  });

  test("our own messages and Discord's notices are left out; whoever is not admitted leaves no trace", async () => {
    const far = await server();
    const people = fakePeople({
      receive: ({ text }) => (text === "stranger" ? { as: "nothing" } : { as: "event" }),
    });
    const { arrived, arrivals } = await bot(far, { people });
    await far.untilConnected();
    far.say({ channel: "10", content: "mine", author: { id: far.botId } });
    far.say({ channel: "20", content: "", type: 7 });
    far.say({ channel: "10", content: "stranger" });
    far.say({ channel: "10", content: "last" });
    await arrived(1);
    expect(arrivals.map(({ text }) => text)).toEqual(["last"]);
    expect(people.received.map(({ text }) => text)).toEqual(["stranger", "last"]);
    expect(far.requests).toEqual([]);
  });

  test("a message that its writer changes comes again, unless the config says no", async () => {
    const far = await server();
    const change = (id: string, content: string, more = {}) =>
      far.dispatch("MESSAGE_UPDATE", {
        ...far.messagesIn("10").find((one) => one.id === id),
        content,
        edited_timestamp: new Date().toISOString(),
        ...more,
      });
    const heard = [];
    for (const edits of [true, false]) {
      const people = fakePeople();
      const { arrived, arrivals, source } = await bot(far, { people, options: { edits } });
      await far.untilConnected(heard.length + 1);
      const id = far.say({ channel: "10", content: "frist" });
      change(id, "frist", { edited_timestamp: null });
      change(id, "first");
      change(id, "first", { edited_timestamp: "2020-01-01T00:00:00Z", pinned: true });
      far.say({ channel: "10", content: "next" });
      await arrived(edits ? 3 : 2);
      // It decides no permission prompt.
      const second = people.received.map(({ isSecondHand = false }) => isSecondHand);
      expect(second).toEqual(edits ? [false, true, false] : [false, false]);
      heard.push(arrivals.map(({ text, data }) => [text, (data as { edited?: true }).edited]));
      expect(new Set(arrivals.map(({ deliveryId }) => deliveryId)).size).toBe(arrivals.length);
      await source.stop(AbortSignal.timeout(2_000));
    }
    expect(heard).toEqual([
      [
        ["frist", undefined],
        ["first", true],
        ["next", undefined],
      ],
      [
        ["frist", undefined],
        ["next", undefined],
      ],
    ]);
  });

  test("what access says is answered in the chat, a verdict with an emoji", async () => {
    const far = await server();
    const people = fakePeople({
      receive: ({ text }) =>
        text === "hi"
          ? { as: "answer", text: "Pair with a1b2c3" }
          : { as: "verdict", emoji: "✅", text: "sent" },
    });
    await bot(far, { people });
    await far.untilConnected();
    far.say({ channel: "10", content: "hi" });
    const verdict = far.say({ channel: "10", content: "yes abcde" });
    await far.until(/reactions/);
    expect(far.requests.map(({ line, body }) => [line, body.content])).toEqual([
      ["POST /channels/10/messages", "Pair with a1b2c3"],
      [`PUT /channels/10/messages/${verdict}/reactions/✅/@me`, undefined],
    ]);
  });

  test("a message that could not be stored is tried again, and order is kept", async () => {
    const far = await server();
    let refusals = 1;
    const { arrived, arrivals } = await bot(far, {
      async emit() {
        if (refusals-- > 0) throw new DeliveryError("E_JOURNAL_FULL", "full", { retryAfterMs: 10 });
        return { eventId: "e", outcome: "accepted" };
      },
    });
    await far.untilConnected();
    for (const content of ["1", "2", "3"]) far.say({ channel: "10", content });
    await arrived(3);
    expect(arrivals.map(({ text }) => text)).toEqual(["1", "2", "3"]);
  });

  test("a message whose channel cannot be looked up now comes again", async () => {
    const far = await server();
    const { arrived, arrivals, lines } = await bot(far);
    await far.untilConnected();
    const down = { message: "Internal Server Error" };
    for (let times = 0; times < 2; times += 1) far.failNext("/channels/20", 500, down);
    far.say({ channel: "20", content: "now" });
    await arrived(1);
    expect(arrivals.map(({ text }) => text)).toEqual(["now"]);
    expect(lines.join("\n")).not.toContain("left out");
  });
});

describe("a connection that ends", () => {
  test("is resumed, and what came meanwhile arrives once", async () => {
    const far = await server();
    const { arrived, arrivals } = await bot(far);
    await far.untilConnected();
    far.say({ channel: "10", content: "before" });
    await arrived(1);
    far.drop(4_000);
    far.say({ channel: "10", content: "between" });
    await arrived(2);
    expect(far.sessions).toEqual({ identified: 1, resumed: 1 });
    expect(arrivals.map(({ text }) => text)).toEqual(["before", "between"]);
  });

  test("is resumed by the next process from where the last one was", async () => {
    const far = await server();
    const cursors = createMemoryCursors();
    const first = await bot(far, { cursors });
    await far.untilConnected();
    far.say({ channel: "10", content: "before" });
    await first.arrived(1);
    await first.source.stop(AbortSignal.timeout(2_000));
    far.say({ channel: "10", content: "while nobody was there" });
    const second = await bot(far, { cursors });
    await second.arrived(1);
    expect(second.arrivals.map(({ text }) => text)).toEqual(["while nobody was there"]);
    expect(far.sessions).toEqual({ identified: 1, resumed: 1 });
  });

  test("where the session is gone, the chats that are known are asked for what was missed", async () => {
    const far = await server();
    const cursors = createMemoryCursors();
    const first = await bot(far, { cursors });
    await far.untilConnected();
    far.say({ channel: "21", content: "before" });
    await first.arrived(1);
    await first.source.stop(AbortSignal.timeout(2_000));
    far.say({ channel: "21", content: "one" });
    far.say({ channel: "21", content: "two" });
    far.forgetSessions();
    const second = await bot(far, { cursors });
    await second.arrived(2);
    expect(second.arrivals.map(({ text }) => text)).toEqual(["one", "two"]);
    expect(second.arrivals[0]?.data).toMatchObject({ chat_id: "20", thread_id: "21", chat_type: "group" });
  });

  test("more than one page was missed: all of it arrives, in its order", async () => {
    const far = await server();
    const cursors = createMemoryCursors();
    const first = await bot(far, { cursors });
    await far.untilConnected();
    far.say({ channel: "21", content: "before" });
    await first.arrived(1);
    await first.source.stop(AbortSignal.timeout(2_000));
    const missed = Array.from({ length: 230 }, (_, index) => `missed ${index}`);
    for (const content of missed) far.say({ channel: "21", content });
    far.forgetSessions();
    const second = await bot(far, { cursors });
    await second.arrived(missed.length);
    expect(second.arrivals.map(({ text }) => text)).toEqual(missed);
  });

  test("a token that Discord does not know is said clearly, without the token", async () => {
    const far = await server();
    far.refuseToken();
    const { source, lines } = await bot(far);
    while (lines.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(source.health?.()).toMatchObject({
      state: "waiting",
      detail: expect.stringContaining("Discord rejected the token"),
    });
    expect(lines.join("\n")).not.toContain(far.token);
  });
});

describe("what goes out", () => {
  async function talking() {
    const far = await server();
    const people = fakePeople();
    const talk = await bot(far, { people });
    await far.untilConnected();
    const id = far.say({ channel: "10", content: "hello" });
    await talk.arrived(1);
    return {
      far,
      people,
      source: talk.source,
      chat: talk.source.chat,
      event: eventOf(talk.arrivals[0] as Arrival),
      id,
    };
  }

  test("a long answer goes in parts that quote once, with its file at the end, and calls nobody", async () => {
    const { far, source, event, id } = await talking();
    const folder = mkdtempSync(join(tmpdir(), "discord-"));
    clean.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "log.txt");
    writeFileSync(path, "the log");
    const text = `@everyone ${"word ".repeat(500)}\n\n**end**`;
    const said = await source.reply?.(event, { text, files: [outgoingFile(path, "log.txt")] });
    const sent = far.requests.filter(({ line }) => line === "POST /channels/10/messages");
    expect(said).toMatch(/^sent 2 parts \(ids: \d+, \d+\)$/);
    expect(sent.map(({ body }) => String(body.content).length <= 2_000)).toEqual([true, true]);
    expect(sent.map(({ body }) => body.message_reference)).toEqual([
      { message_id: id, fail_if_not_exists: false },
      undefined,
    ]);
    expect(sent.map(({ body }) => body.allowed_mentions)).toEqual([{ parse: [] }, { parse: [] }]);
    // Discord fetches no address that stands in it.
    expect(sent.map(({ body }) => body.flags)).toEqual([4, 4]);
    expect(sent[1]?.body.content).toMatch(/\*\*end\*\*$/);
    expect(sent.map(({ files }) => files)).toEqual([[], [{ name: "log.txt", content: "the log" }]]);
  });

  test("when a later part fails, Claude hears how much went out", async () => {
    const { far, source, event } = await talking();
    const text = `${"a".repeat(1_900)}\n\n${"b".repeat(1_900)}`;
    const replying = source.reply?.(event, { text });
    await far.until(/messages/);
    far.failNext("/channels/10/messages", 403, { message: "Missing Permissions", code: 50013 });
    await expect(replying).rejects.toMatchObject({
      code: "E_CHAT",
      message: expect.stringMatching(/the bot lacks a permission there; 1 of 2 parts went out \(ids: \d+\)/),
    });
  });

  test("reactions, edits, typing, history and files work on the event's own chat", async () => {
    const { far, people, chat, source, event, id } = await talking();
    expect(await chat?.react?.(event, "<:done:123>")).toBe("reacted");
    const said = (await source.reply?.(event, { text: "first" })) ?? "";
    const own = /\d+/.exec(said)?.[0] as string;
    expect(await chat?.edit?.(event, own, "second")).toBe(`edited (id: ${own})`);
    await expect(chat?.edit?.(event, id, "not mine")).rejects.toThrow(/not one of the bot's own/);
    await chat?.typing?.(event);
    expect(far.requests.map(({ line }) => line)).toContain(
      `PUT /channels/10/messages/${id}/reactions/done:123/@me`,
    );
    const page = await chat?.history?.(event, { limit: 10 });
    expect(page?.map(({ text, sender }) => [text, sender?.name])).toEqual([
      ["hello", "Ann"],
      ["second", undefined],
    ]);
    const file = {
      id: "7",
      filename: "x.txt",
      size: 3,
      url: `${far.apiRoot}/files/x.txt`.replace("/api", ""),
    };
    const withFile = far.say({ channel: "10", content: "", attachments: [file] });
    const answered = { ...event, data: { ...(event.data as object), message_id: withFile } };
    const saved = await chat?.download?.(answered, { id: "7", kind: "file" });
    expect(people.saved.get(saved?.path ?? "")?.toString()).toBe("content of /files/x.txt");
  });

  test("a thread that is written to belongs to the chat that may be written to", async () => {
    const { far, chat } = await talking();
    far.addChannel({ id: "30", type: 0, name: "secret", guild_id: "5" });
    far.addChannel({ id: "31", type: 11, name: "a secret", guild_id: "5", parent_id: "30" });
    const send = (chatId: string, threadId: string) => chat?.send?.({ chatId, threadId }, { text: "x" });
    await send("20", "21");
    expect(far.messagesIn("21")).toHaveLength(1);
    for (const thread of ["30", "31", "10", "99"])
      await expect(send("20", thread)).rejects.toMatchObject({ code: "E_CHAT" });
    await expect(send("10", "21")).rejects.toThrow("21 is not a thread of 10");
    expect(["30", "31"].flatMap((channel) => far.messagesIn(channel))).toEqual([]);
  });

  test("a file that does not lie at Discord is not fetched", async () => {
    const { far, chat, event } = await talking();
    const file = { id: "7", filename: "x", size: 3, url: "http://127.0.0.2:1/x" };
    const id = far.say({ channel: "10", content: "", attachments: [file] });
    const answered = { ...event, data: { ...(event.data as object), message_id: id } };
    await expect(chat?.download?.(answered, { id: "7", kind: "file" })).rejects.toThrow(
      /Discord's own hosts/,
    );
  });

  test("a prompt goes to one person with buttons, and is over for good", async () => {
    const { far, people, chat } = await talking();
    const buttons = [
      { button: "more", label: "See more" },
      { button: "allow", label: "Allow" },
      { button: "deny", label: "Deny" },
    ] as const;
    const text = {
      title: ["*Permission*: ", { code: "Bash" }],
      quoted: ["```rm``` x @everyone"],
      foot: [["a_b"]],
    };
    const asked = await chat?.askPermission?.("42", { id: "abcde", text, buttons });
    const prompt = far.requests.at(-1);
    expect(prompt?.line).toBe("POST /channels/7742/messages");
    expect(prompt?.body.content).toBe(
      "**\\*Permission\\*:** `Bash`\n```\n``\u200B`rm``\u200B` x @everyone\n```\na\\_b",
    );
    expect(prompt?.body).toMatchObject({ allowed_mentions: { parse: [] }, flags: 4 });
    const [row] = (prompt?.body.components ?? []) as [{ components: { label: string; custom_id: string }[] }];
    expect(row.components.map(({ label, custom_id }) => [label, custom_id])).toEqual([
      ["See more", "permission:abcde:more"],
      ["Allow", "permission:abcde:allow"],
      ["Deny", "permission:abcde:deny"],
    ]);
    far.press({ customId: "permission:abcde:allow", user: "42", channel: "7742", message: {} });
    await far.until(/interactions/);
    expect(people.presses).toEqual([
      { promptId: "abcde", button: "allow", sender: { id: "42", name: "user 42" } },
    ]);
    if (asked === undefined) throw new Error("no prompt was sent");
    const page = { id: "abcde", text: { ...text, quoted: ["the rest"] }, buttons: buttons.slice(1) };
    const both = (await chat?.continuePermission?.(asked, page)) ?? asked;
    expect(both.message_ids).toHaveLength(2);
    await chat?.expirePermission?.(both, { title: ["Bash"], quoted: ["rm"], foot: [["Sent: allow"]] });
    expect(far.requests.slice(-2).map(({ body }) => [body.content, body.components])).toEqual([
      ["**Bash**\nSent: allow", []],
      ["**Bash**\n```\nrm\n```\nSent: allow", []],
    ]);
    const long = { ...page, text: { ...text, quoted: ["x".repeat(2_000)] } };
    await expect(chat?.askPermission?.("42", long)).rejects.toThrow("one message takes 2000");
  });

  test("whoever presses and may not is told so alone; a press that counts changes nothing by itself", async () => {
    const far = await server();
    const people = fakePeople({
      press: ({ button }) =>
        button === "more" ? { show: "taken" } : { show: "notice", text: "Not for you." },
    });
    await bot(far, { people });
    await far.untilConnected();
    far.press({ customId: "permission:abcde:more", user: "42", channel: "10", message: {} });
    far.press({ customId: "permission:abcde:deny", user: "43", channel: "10", message: {} });
    await far.until(/interactions/, 2);
    const answers = far.requests.map(({ body }) => body as { type: number; data?: Record<string, unknown> });
    expect(answers.find(({ type }) => type === 6)?.data).toBeUndefined();
    expect(answers.find(({ type }) => type === 4)).toMatchObject({
      data: { content: "Not for you.", flags: 64 },
    });
  });
});
