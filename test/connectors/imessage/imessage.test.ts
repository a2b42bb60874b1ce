// The imessage source against a database as macOS keeps it. The Messages app itself is behind one function, which is replaced.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { readAttributedBody } from "../../../src/connectors/imessage/attributed-body.ts";
import { imessage } from "../../../src/connectors/imessage/index.ts";
import type { ImessageOptions } from "../../../src/connectors/imessage/options.ts";
import type { AnsweredEvent } from "../../../src/contract/chat.ts";
import type { Host } from "../../../src/contract/host.ts";
import type { Arrival, Source } from "../../../src/contract.ts";
import { createMemoryCursors } from "../../../src/host/store.ts";
import { createListener } from "../../../src/http/server.ts";
import { type FakePeople, fakePeople } from "../../support/fake-people.ts";
import { hostOf, quiet } from "../../support/host.ts";
import { type ManualClock, manualClock } from "../../support/manual-clock.ts";
import {
  createMessagesDatabase,
  type MessagesDatabase,
  messagesApp,
} from "../../support/messages-database.ts";
import { outgoingFile } from "../../support/outgoing-file.ts";

const clean: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});

function database(): MessagesDatabase {
  const made = createMessagesDatabase();
  clean.push(() => made.remove());
  return made;
}

interface Talk {
  readonly source: Source;
  readonly clock: ManualClock;
  readonly arrivals: Arrival[];
  readonly lines: string[];
  readonly app: ReturnType<typeof messagesApp>;
  readonly refused: readonly Parameters<Host["refused"]>[0][];
  /** Lets it look, and settles when it has looked. */
  look(): Promise<void>;
}

async function talk(
  db: Pick<MessagesDatabase, "file">,
  more: {
    people?: FakePeople;
    options?: Partial<ImessageOptions>;
    cursors?: ReturnType<typeof createMemoryCursors>;
  } = {},
): Promise<Talk> {
  const clock = manualClock();
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const listener = createListener({
    addresses: [{ host: "127.0.0.1", port: 0, loopback: true }],
    hosts: [],
    trusted: () => true,
    log: quiet,
  });
  const host = hostOf({
    clock,
    listener,
    log: { info: write, warn: write, error: write },
    ...(more.people === undefined ? {} : { people: more.people }),
    ...(more.cursors === undefined ? {} : { cursors: more.cursors }),
  });
  const app = messagesApp(host.spawn);
  const options: ImessageOptions = {
    database: db.file,
    everyMs: 1_000,
    services: ["iMessage"],
    access: { dm: "allowlist", allow: [], groups: {}, mentionPatterns: [], bots: [] },
    ...more.options,
  };
  const arrivals: Arrival[] = [];
  const refused: Parameters<Host["refused"]>[0][] = [];
  const source = imessage.create("chat", options, {
    ...host,
    home: "/Users/me",
    spawn: app.spawn,
    refused: (refusal) => void refused.push(refusal),
  });
  clean.push(
    () => listener.close(AbortSignal.abort()),
    () => source.stop(AbortSignal.timeout(2_000)),
  );
  await source.start(async (arrival) => {
    arrivals.push(arrival);
    return { eventId: "e", outcome: "accepted" };
  });
  const rested = async () => {
    while (source.health?.().nextTryMs === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await rested();
  return {
    source,
    clock,
    arrivals,
    lines,
    app,
    refused,
    async look() {
      await clock.advance(1_000);
      await rested();
    },
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
  test("what was written before the first start is history; what comes afterwards is an event", async () => {
    const db = database();
    db.say({ text: "long ago" });
    const { arrivals, look } = await talk(db);
    const guid = db.say({ text: "it's me \uFFFC", file: "IMG_1.heic" });
    await look();
    expect(arrivals).toEqual([
      {
        data: {
          text: "it's me",
          chat_id: "iMessage;-;+15550101",
          message_id: guid,
          chat_type: "direct",
          attachments: [
            {
              id: "1",
              kind: "image",
              name: "IMG_1.heic",
              mime: "image/heic",
              bytes: 12,
              path: "/Users/me/Library/Messages/IMG_1.heic",
            },
          ],
        },
        text: "it's me",
        trust: "sender",
        sender: { id: "+15550101" },
        deliveryId: guid,
        conversation: "iMessage;-;+15550101",
      },
    ]);
  });

  test("the text of new versions, answers and groups are read; reactions, SMS and our own are not", async () => {
    const db = database();
    const people = fakePeople();
    const { arrivals, look } = await talk(db, { people });
    const body = Buffer.from("streamtyped NSString\x01\x94\x84\x01+\x05hello\x86", "latin1").toString("hex");
    const first = db.say({ text: null, body });
    db.say({ text: "to that", replyTo: first, chat: 2 });
    db.say({ text: "Loved “hello”", associated: 2_000 });
    db.say({ text: "a forged sender", from: 3, service: "SMS" });
    db.say({ text: "mine", fromMe: true });
    await look();
    expect(arrivals.map(({ text }) => text)).toEqual(["hello", "to that"]);
    expect(arrivals[1]?.data).toMatchObject({ reply_to: first, chat_type: "group", chat_name: "Family" });
    expect(people.received.map(({ chat, isForUs }) => [chat.kind, isForUs])).toEqual([
      ["direct", true],
      ["group", false],
    ]);
  });

  test("a long archived text is read whole, and what is none is none", () => {
    const words = "é".repeat(300);
    const length = Buffer.alloc(2);
    length.writeUInt16LE(Buffer.byteLength(words));
    const parts = [Buffer.from("NSString\x01\x94\x84\x01+\x81", "latin1"), length, Buffer.from(words)];
    expect(readAttributedBody(Buffer.concat(parts))).toBe(words);
    expect(readAttributedBody(Buffer.from("NSString+\x7Ftoo short", "latin1"))).toBeUndefined();
    expect(readAttributedBody(Buffer.from("something else"))).toBeUndefined();
  });

  test("messages of any length hold up nothing that comes after them", async () => {
    const db = database();
    const { arrivals, look } = await talk(db);
    const words = "é".repeat(500_000);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(Buffer.byteLength(words));
    const archived = Buffer.concat([
      Buffer.from("NSString\x01\x94\x84\x01+\x82", "latin1"),
      length,
      Buffer.from(words),
    ]);
    for (let count = 0; count < 20; count += 1) db.say({ text: null, body: archived.toString("hex") });
    db.say({ text: words });
    db.say({ text: "after" });
    await look();
    expect(arrivals).toHaveLength(22);
    expect(arrivals[0]?.text).toMatch(/^é{20000,24000}…$/);
    expect(arrivals[20]?.text).toMatch(/^é{32000}$/);
    expect(arrivals[21]?.text).toBe("after");
  });

  test("what is of no known service or kind of chat is nobody's", async () => {
    const db = database();
    const people = fakePeople();
    const { arrivals, look } = await talk(db, { people });
    db.say({ text: "of an unknown service", service: "" });
    db.run("UPDATE message SET service = NULL; UPDATE chat SET style = NULL WHERE ROWID = 1;");
    db.say({ text: "of an unknown kind" });
    await look();
    expect(arrivals.map(({ text }) => text)).toEqual(["of an unknown kind"]);
    expect(people.received.map(({ chat }) => chat.kind)).toEqual(["group"]);
  });

  test("what we sent to ourselves does not come back, what the person wrote to themselves does", async () => {
    const db = database();
    const { arrivals, look, source, app } = await talk(db, { options: { own: ["me@example.com"] } });
    db.say({ text: "remind me", from: 2, chat: 3 });
    await look();
    await source.reply?.(eventOf(arrivals[0] as Arrival), { text: "I will" });
    expect(app.sent).toEqual([["iMessage;-;me@example.com", "text", "I will"]]);
    db.say({ text: "I will", from: 2, chat: 3 });
    db.say({ text: "thanks", from: 2, chat: 3 });
    await look();
    expect(arrivals.map(({ text, sender }) => [text, sender?.id])).toEqual([
      ["remind me", "me@example.com"],
      ["thanks", "me@example.com"],
    ]);
  });

  test.each([false, true])(
    "the second row of a message to oneself may come minutes later (restart: %s)",
    async (restarts) => {
      const db = database();
      const cursors = createMemoryCursors();
      const options = { own: ["me@example.com"] };
      const first = await talk(db, { cursors, options });
      db.say({ text: "remind me", from: 2, chat: 3, fromMe: true });
      await first.look();
      await first.source.reply?.(eventOf(first.arrivals[0] as Arrival), { text: "I will" });
      db.say({ text: "I will", from: 2, chat: 3, fromMe: true });
      await first.look();
      if (restarts) await first.source.stop(AbortSignal.timeout(2_000));
      const then = restarts ? await talk(db, { cursors, options }) : first;
      await then.clock.advance(10 * 60_000);
      // Until no request for rows is under way that would miss some of these.
      await then.look();
      if (!restarts) db.say({ text: "remind me", from: 2, chat: 3 });
      db.say({ text: "I will", from: 2, chat: 3 });
      db.say({ text: "thanks", from: 2, chat: 3, fromMe: true });
      await then.look();
      expect(then.arrivals.map(({ text }) => text)).toEqual(restarts ? ["thanks"] : ["remind me", "thanks"]);
    },
  );

  test("what a person writes to themselves comes once, however it is stored", async () => {
    const db = database();
    const { arrivals, look } = await talk(db, { options: { own: ["me@example.com"] } });
    db.say({ text: "sent only", from: 2, chat: 3, fromMe: true });
    db.say({ text: "received only", from: 2, chat: 3 });
    db.say({ text: "both", from: 2, chat: 3, fromMe: true });
    db.say({ text: "both", from: 2, chat: 3 });
    db.say({ text: "the other order", from: 2, chat: 3 });
    db.say({ text: "the other order", from: 2, chat: 3, fromMe: true });
    for (const fromMe of [true, true, false, false]) db.say({ text: "twice", from: 2, chat: 3, fromMe });
    db.say({ text: "to another", chat: 1, fromMe: true });
    db.say({ text: "to a group", chat: 2, fromMe: true });
    await look();
    expect(arrivals.map(({ text }) => text)).toEqual([
      "sent only",
      "received only",
      "both",
      "the other order",
      "twice",
      "twice",
    ]);
    expect(new Set(arrivals.map(({ sender }) => sender?.id))).toEqual(new Set(["me@example.com"]));
  });

  test.each([
    ["as sent only", [{ from: 2, chat: 3, fromMe: true }]],
    [
      "as both",
      [
        { from: 2, chat: 3, fromMe: true },
        { from: 2, chat: 3 },
      ],
    ],
    [
      "under another address, in its own chat",
      [
        { from: 2, chat: 3, fromMe: true },
        { from: 4, chat: 4 },
      ],
    ],
    ["under another address, in the same chat", [{ from: 4, chat: 3 }]],
  ] as const)("an answer that comes back %s is no event, also after a restart", async (_, rows) => {
    for (const restarts of [false, true]) {
      const db = database();
      const cursors = createMemoryCursors();
      const first = await talk(db, { cursors, options: { own: ["me@example.com"] } });
      db.say({ text: "remind me", from: 2, chat: 3, fromMe: true });
      await first.look();
      await first.source.reply?.(eventOf(first.arrivals[0] as Arrival), { text: "I will" });
      if (restarts) await first.source.stop(AbortSignal.timeout(2_000));
      for (const row of rows) db.say({ text: "I will", ...row });
      db.say({ text: "thanks", from: 2, chat: 3, fromMe: true });
      const { arrivals, look } = restarts
        ? await talk(db, { cursors, options: { own: ["me@example.com"] } })
        : first;
      await look();
      expect(arrivals.map(({ text }) => text)).toEqual(restarts ? ["thanks"] : ["remind me", "thanks"]);
    }
  });

  test("an answer to a person whose address is one of ours unknown to us does not come back either", async () => {
    const db = database();
    const { arrivals, look, source } = await talk(db, { options: { own: ["me@example.com"] } });
    db.say({ text: "hi", from: 4, chat: 4 });
    await look();
    await source.reply?.(eventOf(arrivals[0] as Arrival), { text: "Hello." });
    db.say({ text: "Hello.", from: 4, chat: 4 });
    db.say({ text: "Hello.", from: 1, chat: 1 });
    db.say({ text: "Hello.", from: 1, chat: 2 });
    await look();
    expect(arrivals.map(({ sender, data }) => [sender?.id, (data as { chat_id: string }).chat_id])).toEqual([
      ["+15550166", "iMessage;-;+15550166"],
      ["+15550101", "iMessage;-;+15550101"],
      ["+15550101", "iMessage;+;chat7"],
    ]);
  });

  test("a file that we sent to ourselves does not come back", async () => {
    const db = database();
    const { arrivals, look, source } = await talk(db, { options: { own: ["me@example.com"] } });
    db.say({ text: "a picture", from: 2, chat: 3 });
    await look();
    const path = join(mkdtempSync("/tmp/cr-imessage-"), "a.png");
    clean.push(() => rmSync(dirname(path), { recursive: true }));
    writeFileSync(path, "png");
    await source.reply?.(eventOf(arrivals[0] as Arrival), { text: "", files: [await outgoingFile(path)] });
    db.say({ text: null, file: "a.png", from: 2, chat: 3, fromMe: true });
    db.say({ text: "\uFFFC", file: "a.png", from: 2, chat: 3 });
    db.say({ text: null, file: "b.png", from: 2, chat: 3 });
    await look();
    expect(arrivals.map(({ text }) => text)).toEqual(["a picture", "(image)"]);
  });

  test("what is not taken is counted", async () => {
    const db = database();
    const { look, refused } = await talk(db);
    db.say({ text: "a forged sender", from: 3, service: "SMS" });
    db.say({ text: "mine, by SMS", from: 3, service: "SMS", fromMe: true });
    db.say({ text: "of an unknown service", service: "" });
    await look();
    expect(refused).toEqual([
      { status: 403, reason: "a message by SMS, which is not listed in services" },
      { status: 403, reason: "a message by an unknown service, which is not listed in services" },
    ]);
  });

  test("a restart goes on where the last one was, each message once", async () => {
    const db = database();
    const cursors = createMemoryCursors();
    const first = await talk(db, { cursors });
    db.say({ text: "1" });
    await first.look();
    await first.source.stop(AbortSignal.timeout(2_000));
    for (let n = 2; n <= 5; n += 1) db.say({ text: String(n) });
    const second = await talk(db, { cursors });
    expect([...first.arrivals, ...second.arrivals].map(({ text }) => text)).toEqual([
      "1",
      "2",
      "3",
      "4",
      "5",
    ]);
  });

  test("what access says is sent to the chat", async () => {
    const db = database();
    const people = fakePeople({ receive: () => ({ as: "answer", text: "Pair with a1b2c3" }) });
    const { arrivals, look, app } = await talk(db, { people });
    db.say({ text: "hi" });
    await look();
    expect(arrivals).toEqual([]);
    expect(app.sent).toEqual([["iMessage;-;+15550101", "text", "Pair with a1b2c3"]]);
  });
});

describe("what goes out", () => {
  test("Markdown as plain text, signed, files after it; nothing of it is part of the script", async () => {
    const db = database();
    const { arrivals, look, source, app } = await talk(db, { options: { signature: "Sent by Claude" } });
    db.say({ text: "hello" });
    await look();
    const event = eventOf(arrivals[0] as Arrival);
    const path = join(mkdtempSync("/tmp/cr-imessage-"), "a.png");
    clean.push(() => rmSync(dirname(path), { recursive: true }));
    writeFileSync(path, "png");
    const files = [outgoingFile(path)];
    expect(await source.reply?.(event, { text: '**done** " & (do shell script "x")', files })).toBe("sent");
    expect(app.sent).toEqual([
      ["iMessage;-;+15550101", "text", 'done " & (do shell script "x")\nSent by Claude'],
      ["iMessage;-;+15550101", "file", path],
    ]);
  });

  test("what Messages does not do is said with what to turn on", async () => {
    const db = database();
    const { source, app } = await talk(db);
    app.failNext("execution error: Not authorized to send Apple events to Messages. (-1743)");
    await expect(source.chat?.send?.({ person: "+15550101" }, { text: "x" })).rejects.toMatchObject({
      code: "E_CHAT",
      message: "Messages did not send: no permission to control it",
      hint: expect.stringContaining("Automation"),
    });
  });

  test("history is of the event's chat alone, and a prompt is text to one person", async () => {
    const db = database();
    const { arrivals, look, source, app } = await talk(db);
    db.say({ text: "in the group", chat: 2 });
    db.say({ text: "1" });
    db.say({ text: "answer", fromMe: true });
    const last = db.say({ text: "2" });
    await look();
    const event = eventOf(arrivals.at(-1) as Arrival);
    const page = await source.chat?.history?.(event, { limit: 10, before: last });
    expect(page?.map(({ text, sender }) => [text, sender?.id])).toEqual([
      ["1", "+15550101"],
      ["answer", undefined],
    ]);
    expect(page?.[0]?.timeMs).toBe(Date.UTC(2001, 0, 1) + 700_000_002_000);
    const text = { title: ["Bash"], quoted: ["npm test"], foot: [["yes abcde"]] };
    await source.chat?.askPermission?.("+15550101", { id: "abcde", text, buttons: [] });
    expect(app.sent.at(-1)).toEqual(["iMessage;-;+15550101", "text", "Bash\n│\u200E npm test\n\nyes abcde"]);
  });
});

test("a database that may not be read is said with what to turn on; without a Mac it says so", async () => {
  const { source } = await talk({ file: "/nonexistent/chat.db" });
  expect(source.health?.()).toMatchObject({
    state: "waiting",
    detail: expect.stringContaining("Full Disk Access"),
  });
  const elsewhere = await talk({ file: "~/Library/Messages/chat.db" });
  if (process.platform === "darwin") return;
  expect(elsewhere.source.health?.().detail).toContain("imessage needs a Mac");
});
