// The slack source against a Slack on loopback.

import { getEventListeners } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import { slack } from "../../../src/connectors/slack/index.ts";
import type { SlackOptions } from "../../../src/connectors/slack/options.ts";
import type { AnsweredEvent } from "../../../src/contract/chat.ts";
import type { Arrival, Emit, Source } from "../../../src/contract.ts";
import { DeliveryError } from "../../../src/errors.ts";
import { createMemoryCursors } from "../../../src/host/store.ts";
import { createListener } from "../../../src/http/server.ts";
import { type FakePeople, fakePeople } from "../../support/fake-people.ts";
import { hostOf, quiet } from "../../support/host.ts";
import { outgoingFile } from "../../support/outgoing-file.ts";
import { type SlackServer, startSlack } from "../../support/servers/slack.ts";

const original = EventTarget.prototype.addEventListener;
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

async function server(): Promise<SlackServer> {
  const started = await startSlack();
  clean.push(() => started.close());
  return started;
}

async function bot(
  far: SlackServer,
  more: {
    people?: FakePeople;
    options?: Partial<SlackOptions>;
    cursors?: ReturnType<typeof createMemoryCursors>;
    emit?: Emit;
  } = {},
): Promise<Bot> {
  const options: SlackOptions = {
    token: far.token,
    appToken: far.appToken,
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
  const source = slack.create("chat", options, host);
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
  test("a direct message is an event, with names in place of ids, and confirmed to Slack", async () => {
    const far = await server();
    const { arrived, arrivals, source } = await bot(far);
    await far.until(far.isHeard);
    const files = [{ id: "F1", name: "a/<b>.png", mimetype: "image/png", size: 12 }];
    const ts = far.say({
      channel: "D0ANN",
      text: "see <https://x.example/?a=1&amp;b=2|this>, <@U0BOB> &lt;3",
      files,
      subtype: "file_share",
    });
    await arrived(1);
    expect(arrivals[0]).toEqual({
      data: {
        text: "see this (https://x.example/?a=1&b=2), @name of U0BOB <3",
        chat_id: "D0ANN",
        message_id: ts,
        chat_type: "direct",
        attachments: [{ id: "F1", kind: "image", name: "_b_.png", mime: "image/png", bytes: 12 }],
      },
      text: "see this (https://x.example/?a=1&b=2), @name of U0BOB <3",
      trust: "sender",
      sender: { id: "U0ANN", name: "name of U0ANN" },
      deliveryId: `D0ANN/${ts}`,
      conversation: "D0ANN",
    });
    await far.until(() => far.confirmed.length === 1);
    expect(source.health?.()).toMatchObject({ state: "running" });
  });

  test("nothing is asked about whom a stranger names, and what cannot be read ends nothing", async () => {
    const far = await server();
    const people = fakePeople({
      receive: ({ sender }) => (sender.id === "U0EVE" ? { as: "nothing" } : { as: "event" }),
    });
    const { arrived, arrivals } = await bot(far, { people });
    await far.until(far.isHeard);
    far.send("events_api", { event: {} });
    far.send("interactive", {});
    far.send("interactive", { user: null, actions: [{ action_id: 5 }], channel: 7 });
    far.send("events_api", { event: { type: "message", channel: null, ts: "1.0", user: "U0ANN" } });
    far.say({ channel: "C0OPS", user: "U0EVE", text: "<@U0A> <@U0B> <@U0C>" });
    far.say({ channel: "D0EVE", user: "U0EVE", text: "<@U0A>" });
    expect(far.asked).not.toContain("users.info");
    far.say({ channel: "D0ANN", text: "still here" });
    await arrived(1);
    expect(arrivals[0]?.text).toBe("still here");
    // Who a stranger is that writes to us alone, and who Ann is.
    expect(far.asked.filter((method) => /info$/.test(method))).toEqual(["users.info", "users.info"]);
  });

  test("in a channel a mention or an answer in our thread is for us; a mention that comes twice is one event", async () => {
    const far = await server();
    const people = fakePeople();
    const { arrived, arrivals } = await bot(far, { people });
    await far.until(far.isHeard);
    const text = `<@${far.userId}> status?`;
    const ts = far.say({ channel: "C0OPS", text });
    far.say({ type: "app_mention", channel: "C0OPS", text, ts });
    far.say({ channel: "C0OPS", text: "and now?", thread_ts: ts, parent_user_id: far.userId });
    far.say({ channel: "C0OPS", text: "a bot speaks", bot_id: "B0CI", user: "U0CI" });
    await arrived(3);
    expect(arrivals[0]).toMatchObject({
      data: { text: "status?", chat_name: "name-of-C0OPS", chat_type: "group" },
      conversation: `C0OPS/${ts}`,
    });
    expect(arrivals[1]).toMatchObject({ data: { thread_id: ts }, conversation: `C0OPS/${ts}` });
    expect(people.received.map(({ isForUs, isBot, chat }) => [isForUs, isBot, chat])).toEqual([
      [true, false, { id: "C0OPS", kind: "group" }],
      [true, false, { id: "C0OPS", kind: "group" }],
      [false, true, { id: "C0OPS", kind: "group" }],
    ]);
  });

  test("our own messages and joins are left out; whoever is not admitted leaves no trace", async () => {
    const far = await server();
    const people = fakePeople({
      receive: ({ text }) => (text === "stranger" ? { as: "nothing" } : { as: "event" }),
    });
    const { arrived, arrivals } = await bot(far, { people });
    await far.until(far.isHeard);
    far.say({ channel: "D0ANN", text: "mine", user: far.userId });
    far.say({ channel: "D0ANN", subtype: "channel_join" });
    far.say({ channel: "D0ANN", text: "stranger" });
    far.say({ channel: "D0ANN", text: "last" });
    await arrived(1);
    expect(arrivals.map(({ text }) => text)).toEqual(["last"]);
    expect(people.received.map(({ text }) => text)).toEqual(["stranger", "last"]);
    await far.until(() => far.confirmed.length === 4);
    expect(far.calls).toEqual([]);
  });

  test("a message that its writer changes comes again, unless the config says no", async () => {
    const heard = [];
    for (const edits of [true, false]) {
      const people = fakePeople();
      const far = await server();
      const { arrived, arrivals } = await bot(far, { people, options: { edits } });
      await far.until(far.isHeard);
      const change = (ts: string, text: string, more: object) =>
        far.send("events_api", {
          event: {
            type: "message",
            subtype: "message_changed",
            channel: "D0ANN",
            ts: "1700009999.000100",
            message: { type: "message", user: "U0ANN", text, ts, ...more },
            previous_message: { text: "frist" },
          },
        });
      const ts = far.say({ channel: "D0ANN", text: "frist" });
      change(ts, "frist", { edited: { user: "U0ANN", ts: "1700000009.0" } });
      change(ts, "first", {});
      change(ts, "first", { edited: { user: "U0ANN", ts: "1700000010.0" } });
      far.say({ channel: "D0ANN", text: "next" });
      await arrived(edits ? 3 : 2);
      // It decides no permission prompt.
      const second = people.received.map(({ isSecondHand = false }) => isSecondHand);
      expect(second).toEqual(edits ? [false, true, false] : [false, false]);
      heard.push(arrivals.map(({ text, data }) => [text, (data as { edited?: true }).edited]));
      expect(new Set(arrivals.map(({ deliveryId }) => deliveryId)).size).toBe(arrivals.length);
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
          ? { as: "answer", text: "Pair with <a1b2c3>" }
          : { as: "verdict", emoji: "✅", text: "sent" },
    });
    await bot(far, { people });
    await far.until(far.isHeard);
    far.say({ channel: "D0ANN", text: "hi" });
    const verdict = far.say({ channel: "D0ANN", text: "yes abcde" });
    await far.until(() => far.calls.length === 2);
    expect(
      far.calls.map(({ method, args: { text, name, timestamp } }) => [method, text ?? name, timestamp]),
    ).toEqual([
      ["chat.postMessage", "Pair with &lt;a1b2c3&gt;", undefined],
      ["reactions.add", "white_check_mark", verdict],
    ]);
  });

  test("a message is confirmed only when it is safe; what Slack sends again is known", async () => {
    const far = await server();
    let refusals = 1;
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const { arrived, arrivals } = await bot(far, {
      async emit() {
        await held;
        if (refusals-- > 0) throw new DeliveryError("E_JOURNAL_FULL", "full", { retryAfterMs: 10 });
        return { eventId: "e", outcome: "accepted" };
      },
    });
    await far.until(far.isHeard);
    for (const text of ["1", "2", "3"]) far.say({ channel: "D0ANN", text });
    far.sendAgain();
    expect(far.confirmed).toEqual([]);
    letGo();
    await arrived(3);
    await far.until(() => far.confirmed.length >= 6);
    expect(arrivals.map(({ text }) => text)).toEqual(["1", "2", "3"]);
  });
});

describe("a connection that ends", () => {
  test("because Slack asks for a new one: nobody is told, and what came meanwhile arrives once", async () => {
    const far = await server();
    const { arrived, arrivals, lines } = await bot(far);
    await far.until(far.isHeard);
    far.say({ channel: "D0ANN", text: "before" });
    await arrived(1);
    far.refresh();
    await far.until(() => !far.isHeard() || far.connections() === 2);
    far.say({ channel: "D0ANN", text: "between" });
    await arrived(2);
    expect(arrivals.map(({ text }) => text)).toEqual(["before", "between"]);
    expect(lines).toEqual([]);
  });

  test("again and again leaves no listener behind", async () => {
    const signals = new Set<AbortSignal>();
    const add = vi.spyOn(EventTarget.prototype, "addEventListener").mockImplementation(function (
      this: EventTarget,
      ...given: Parameters<EventTarget["addEventListener"]>
    ) {
      if (this instanceof AbortSignal) signals.add(this);
      original.apply(this, given);
    });
    clean.push(() => void add.mockRestore());
    const far = await server();
    const { arrived } = await bot(far);
    await far.until(far.isHeard);
    const most = () => Math.max(...Array.from(signals, (one) => getEventListeners(one, "abort").length));
    const counts: number[] = [];
    for (let round = 1; round <= 4; round += 1) {
      far.say({ channel: "D0ANN", text: `round ${round}` });
      await arrived(round);
      counts.push(most());
      if (round === 4) break;
      far.refresh();
      await far.until(() => !far.isHeard() || far.connections() > round);
    }
    expect(counts.at(-1)).toBeLessThanOrEqual(counts[0] ?? 0);
  });

  test("for so long that more than one page was missed: all of it arrives, in its order", async () => {
    const far = await server();
    const cursors = createMemoryCursors();
    const first = await bot(far, { cursors });
    await far.until(far.isHeard);
    far.say({ channel: "D0ANN", text: "before" });
    await first.arrived(1);
    await first.source.stop(AbortSignal.timeout(2_000));
    const missed = Array.from({ length: 230 }, (_, index) => `missed ${index}`);
    for (const text of missed) far.say({ channel: "D0ANN", text });
    const second = await bot(far, { cursors });
    await second.arrived(missed.length);
    expect(second.arrivals.map(({ text }) => text)).toEqual(missed);
  });

  test("where one chat cannot be read any more, that is said, and the others are", async () => {
    const far = await server();
    const cursors = createMemoryCursors();
    const first = await bot(far, { cursors });
    await far.until(far.isHeard);
    for (const channel of ["C0OPS", "D0ANN"]) far.say({ channel, text: "before" });
    await first.arrived(2);
    await first.source.stop(AbortSignal.timeout(2_000));
    far.say({ channel: "D0ANN", text: "missed" });
    far.failNext("conversations.history", "not_in_channel");
    const second = await bot(far, { cursors });
    await second.arrived(1);
    expect(second.arrivals.map(({ text }) => text)).toEqual(["missed"]);
    await expect
      .poll(() => second.lines, { timeout: 5_000 })
      .toEqual([expect.stringContaining("source chat: missed messages in C0OPS cannot be read")]);
  });

  test("with the process: the next one asks the chats that are known, threads too", async () => {
    const far = await server();
    const cursors = createMemoryCursors();
    const first = await bot(far, { cursors });
    await far.until(far.isHeard);
    const thread = far.say({ channel: "C0OPS", text: "top" });
    far.say({ channel: "C0OPS", text: "in the thread", thread_ts: thread });
    await first.arrived(2);
    await first.source.stop(AbortSignal.timeout(2_000));
    far.say({ channel: "C0OPS", text: "one" });
    far.say({ channel: "C0OPS", text: "two", thread_ts: thread });
    const second = await bot(far, { cursors });
    await second.arrived(2);
    expect(second.arrivals.map(({ text }) => text).sort()).toEqual(["one", "two"]);
  });

  test("a token that Slack does not take is said clearly, without the token", async () => {
    const far = await server();
    far.refuseToken();
    const { source, lines } = await bot(far);
    while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(source.health?.()).toMatchObject({
      state: "waiting",
      detail: expect.stringContaining("Slack rejected the token (invalid_auth)"),
    });
    expect(lines.join("\n")).not.toContain(far.token);
  });
});

describe("what goes out", () => {
  async function talking(
    message: Record<string, unknown> & { channel: string } = { channel: "D0ANN", text: "hello" },
  ) {
    const far = await server();
    const people = fakePeople();
    const talk = await bot(far, { people });
    await far.until(far.isHeard);
    const ts = far.say(message);
    await talk.arrived(1);
    return {
      far,
      people,
      source: talk.source,
      chat: talk.source.chat,
      event: eventOf(talk.arrivals[0] as Arrival),
      ts,
    };
  }

  test("a long answer in a channel goes into a thread, in parts, with its file, and calls nobody", async () => {
    const { far, source, event, ts } = await talking({ channel: "C0OPS", text: "hello" });
    const folder = mkdtempSync(join(tmpdir(), "slack-"));
    clean.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "log.txt");
    writeFileSync(path, "the log");
    const text = `<!channel> ${"word ".repeat(1_000)}\n\n**end**`;
    const said = await source.reply?.(event, { text, files: [outgoingFile(path, "log.txt")] });
    expect(said).toMatch(/^sent 2 parts \(ids: [\d.]+, [\d.]+\)$/);
    const posts = far.calls.filter(({ method }) => method === "chat.postMessage");
    expect(posts.map(({ args }) => args.thread_ts)).toEqual([ts, ts]);
    expect(posts.map(({ args }) => String(args.text).length <= 4_000)).toEqual([true, true]);
    expect(String(posts[0]?.args.text)).toMatch(/^&lt;!channel&gt; word/);
    expect(String(posts[1]?.args.text)).toContain("*end*");
    const upload = far.calls.find(({ method }) => method === "files.completeUploadExternal");
    expect(upload?.args).toMatchObject({ channel_id: "C0OPS", thread_ts: ts });
  });

  test("when a later part fails, Claude hears how much went out", async () => {
    const { far, source, event } = await talking();
    const replying = source.reply?.(event, { text: `${"a".repeat(3_900)}\n\n${"b".repeat(3_900)}` });
    await far.until(() => far.calls.length === 1);
    far.failNext("chat.postMessage", "is_archived");
    await expect(replying).rejects.toMatchObject({
      code: "E_CHAT",
      message: expect.stringMatching(/the channel is archived; 1 of 2 parts went out \(ids: [\d.]+\)/),
    });
  });

  test("reactions, edits, history and files work on the event's own chat", async () => {
    const { far, people, chat, source, event, ts } = await talking();
    expect(await chat?.react?.(event, "👀")).toBe("reacted");
    await expect(chat?.react?.(event, "🦩")).rejects.toThrow(/has no name here/);
    const own = /[\d.]+/.exec((await source.reply?.(event, { text: "first" })) ?? "")?.[0] as string;
    expect(await chat?.edit?.(event, own, "second")).toBe(`edited (id: ${own})`);
    await expect(chat?.edit?.(event, ts, "not mine")).rejects.toThrow(/not one of the app's own/);
    expect(far.calls[0]).toMatchObject({ method: "reactions.add", args: { name: "eyes", timestamp: ts } });
    const page = await chat?.history?.(event, { limit: 10 });
    expect(page?.map(({ text, sender }) => [text, sender?.name])).toEqual([
      ["hello", "name of U0ANN"],
      ["second", undefined],
    ]);
    far.addFile({ id: "F1", name: "x.txt" });
    const saved = await chat?.download?.(event, { id: "F1", kind: "file" });
    expect(people.saved.get(saved?.path ?? "")?.toString()).toBe("content of /files/F1");
  });

  test("a file that does not lie at Slack is not fetched: the token would go along", async () => {
    const { far, chat, event } = await talking();
    far.addFile({ id: "F1", url_private_download: "https://slack.com.evil.example/x" });
    await expect(chat?.download?.(event, { id: "F1", kind: "file" })).rejects.toThrow(/Slack's own hosts/);
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
      quoted: ["*rm* <!here> :x:"],
      foot: [["a_b"]],
    };
    const asked = await chat?.askPermission?.("U0ANN", { id: "abcde", text, buttons });
    const prompt = far.calls.at(-1);
    expect(prompt).toMatchObject({ method: "chat.postMessage", args: { channel: "D0U0ANN" } });
    const [rich, actions] = (prompt?.args.blocks ?? []) as [
      { type: string; elements: object[] },
      { elements: { action_id: string; text: { text: string } }[] },
    ];
    expect(rich).toEqual({
      type: "rich_text",
      elements: [
        {
          type: "rich_text_section",
          elements: [
            { type: "text", text: "*Permission*: " },
            { type: "text", text: "Bash", style: { code: true } },
          ],
        },
        { type: "rich_text_preformatted", elements: [{ type: "text", text: "*rm* <!here> :x:" }] },
        { type: "rich_text_section", elements: [{ type: "text", text: "a_b" }] },
      ],
    });
    expect(prompt?.args.text).toContain("```\n*rm* &lt;!here&gt; :x:\n```");
    expect(actions.elements.map(({ action_id, text }) => [action_id, text.text])).toEqual([
      ["permission:abcde:more", "See more"],
      ["permission:abcde:allow", "Allow"],
      ["permission:abcde:deny", "Deny"],
    ]);
    far.press({
      user: { id: "U0ANN", name: "ann" },
      actions: [{ action_id: "permission:abcde:allow" }],
      channel: { id: "D0U0ANN" },
    });
    await far.until(() => far.confirmed.length === 2);
    expect(people.presses).toEqual([
      { promptId: "abcde", button: "allow", sender: { id: "U0ANN", name: "ann" } },
    ]);
    if (asked === undefined) throw new Error("no prompt was sent");
    const page = { id: "abcde", text: { ...text, quoted: ["the rest"] }, buttons: buttons.slice(1) };
    const both = (await chat?.continuePermission?.(asked, page)) ?? asked;
    expect(both.message_ids).toHaveLength(2);
    await chat?.expirePermission?.(both, { title: ["Bash"], quoted: ["rm"], foot: [["Sent: allow"]] });
    const ends = far.calls.slice(-2);
    expect(ends.map(({ method, args }) => [method, args.ts])).toEqual(
      both.message_ids.map((ts) => ["chat.update", ts]),
    );
    expect(JSON.stringify(ends)).not.toContain("button");
    expect(ends.map(({ args }) => JSON.stringify(args.blocks).includes("preformatted"))).toEqual([
      false,
      true,
    ]);
  });

  test("whoever presses and may not is told so alone; a press that counts changes nothing by itself", async () => {
    const far = await server();
    const people = fakePeople({
      press: ({ button }) =>
        button === "more" ? { show: "taken" } : { show: "notice", text: "Not for you." },
    });
    await bot(far, { people });
    await far.until(far.isHeard);
    const place = { channel: { id: "D0U0ANN" }, user: { id: "U0ANN" } };
    far.press({ ...place, actions: [{ action_id: "permission:abcde:more" }] });
    far.press({ ...place, actions: [{ action_id: "permission:abcde:deny" }] });
    await far.until(() => far.confirmed.length === 2);
    expect(far.calls.map(({ method, args }) => [method, args.text])).toEqual([
      ["chat.postEphemeral", "Not for you."],
    ]);
  });
});
