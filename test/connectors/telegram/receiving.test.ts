import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/contract.ts";
import { DeliveryError } from "../../../src/errors.ts";
import { createMemoryCursors } from "../../../src/host/store.ts";
import { fakePeople } from "../../support/fake-people.ts";
import { eventually } from "../../support/router.ts";
import { ann, bob, openTelegram, startBot, team } from "./bot.ts";

const png = Buffer.from("\x89PNG picture", "latin1");

describe("what people write", () => {
  it("arrives in its order, and is confirmed to Telegram only when it is safe", async () => {
    const server = await openTelegram();
    const held: (() => void)[] = [];
    const { arrivals } = await startBot({
      server,
      emit: (taken) => async (arrival) => {
        taken.push(arrival);
        await new Promise<void>((resolve) => held.push(resolve));
        return { eventId: "e", outcome: "accepted" };
      },
    });
    const first = server.write(ann, "one").updateId;
    await eventually(() => arrivals.length === 1);
    server.write(ann, "two");
    expect(server.isConfirmed(first)).toBe(false);
    held.shift()?.();
    await eventually(() => server.isConfirmed(first));
    await eventually(() => arrivals.length === 2);
    expect(arrivals.map(({ text }) => text)).toEqual(["one", "two"]);
    held.shift()?.();
  });

  it("comes again when it was not taken, and nothing overtakes it", async () => {
    let isFull = true;
    const { server, arrivals, clock, source } = await startBot({
      emit: (taken) => async (arrival) => {
        if (isFull) throw new DeliveryError("E_JOURNAL_FULL", "the disk is full");
        taken.push(arrival);
        return { eventId: "e", outcome: "accepted" };
      },
    });
    server.write(ann, "one");
    server.write(ann, "two");
    await eventually(() => source.health?.().state === "waiting");
    isFull = false;
    await clock.advance(2_000);
    await eventually(() => arrivals.length === 2);
    expect(arrivals.map(({ text }) => text)).toEqual(["one", "two"]);
  });

  it("is asked for from where it was left by a process that is gone", async () => {
    const server = await openTelegram();
    const cursors = createMemoryCursors();
    const before = await startBot({ server, cursors });
    server.write(ann, "one");
    await eventually(() => before.arrivals.length === 1);
    await eventually(() => cursors.cursors("").length > 0);
    await before.source.stop(AbortSignal.abort());
    server.write(ann, "two");
    const after = await startBot({ server, cursors });
    await eventually(() => after.arrivals.length === 1);
    expect(after.arrivals[0]?.text).toBe("two");
  });

  it("is judged before anything of it is fetched, and leaves no trace when it is not admitted", async () => {
    const people = fakePeople({ receive: () => ({ as: "nothing" }) });
    const { server, arrivals } = await startBot({ people });
    server.addFile("p", "photos/p.png", png);
    const { updateId } = server.write(bob, { photo: [{ file_id: "p" }] });
    await eventually(() => server.isConfirmed(updateId));
    expect(arrivals).toEqual([]);
    expect(people.received).toHaveLength(1);
    expect(people.saved.size).toBe(0);
    expect(server.sent).toEqual([]);
    expect(server.calls.map(({ method }) => method)).not.toContain("getFile");
  });

  it("that comes to nothing is not worth a line in the journal, however many come", async () => {
    const kept = createMemoryCursors();
    let moves = 0;
    const cursors = {
      ...kept,
      async moveCursor(name: string, value: Json) {
        moves += 1;
        await kept.moveCursor(name, value);
      },
    };
    const people = fakePeople({
      receive: ({ sender }) => (sender.id === "42" ? { as: "event" } : { as: "nothing" }),
    });
    const server = await openTelegram();
    for (let index = 0; index < 60; index += 1) server.write(bob, `flood ${index}`);
    server.write(ann, "hello");
    const { arrivals } = await startBot({ server, people, cursors });
    await eventually(() => arrivals.length === 1);
    expect(people.received).toHaveLength(61);
    expect(moves).toBeLessThanOrEqual(2);
  });

  it("is answered in its chat where access says so", async () => {
    const people = fakePeople({ receive: () => ({ as: "answer", text: "Your code is abc123" }) });
    const { server, arrivals } = await startBot({ people });
    server.write(bob, "/start");
    await eventually(() => server.sent.length === 1);
    expect(server.sent[0]).toMatchObject({ chatId: 77, text: "Your code is abc123" });
    expect(people.received[0]).toMatchObject({ command: "start" });
    expect(arrivals).toEqual([]);
  });

  it("gets a reaction once it was taken, the nearest that Telegram has", async () => {
    const { server } = await startBot({ options: { ackReaction: "✅" } });
    const { messageId } = server.write(ann, "hello");
    await eventually(() => server.reactions.length === 1);
    expect(server.reactions).toEqual([{ chatId: 42, messageId, emoji: "👍" }]);
  });

  it("brings its picture along, and is an event without it when that cannot be had", async () => {
    const { server, arrivals } = await startBot();
    server.addFile("p", "photos/file 1.png", png);
    server.write(ann, { caption: "look", photo: [{ file_id: "p" }] });
    server.write(ann, { caption: "gone", photo: [{ file_id: "nowhere" }] });
    await eventually(() => arrivals.length === 2);
    expect(arrivals[0]?.data).toMatchObject({
      attachments: [{ kind: "image", path: "/inbox/1-image.png", bytes: png.length }],
    });
    expect(arrivals[1]?.data).toMatchObject({ text: "gone", attachments: [{ kind: "image" }] });
    expect(arrivals[1]?.data).not.toMatchObject({ attachments: [{ path: expect.anything() }] });
  });

  it("comes again when it was changed, unless the config says no", async () => {
    const edited = {
      edited_message: {
        message_id: 3,
        date: 1,
        edit_date: 2,
        chat: { id: 42, type: "private", first_name: "Ann" },
        from: { is_bot: false, ...ann },
        text: "better",
      },
    };
    const taking = await startBot();
    taking.server.push(edited);
    await eventually(() => taking.arrivals.length === 1);
    expect(taking.arrivals[0]?.data).toMatchObject({ edited: true, text: "better" });
    const leaving = await startBot({ options: { edits: false } });
    const id = leaving.server.push(edited);
    await eventually(() => leaving.server.isConfirmed(id));
    expect(leaving.arrivals).toEqual([]);
  });

  it("does not hold up what comes after it when it cannot be understood", async () => {
    const { server, arrivals } = await startBot();
    server.push({ message: { message_id: 1, chat: null } });
    server.push({ something_new: {}, message: undefined });
    server.push({ my_chat_member: { chat: null, new_chat_member: 7 } });
    server.push({ callback_query: { id: "1", data: "permission:allow:abcde" } });
    server.push({ edited_message: { text: "x", chat: 5, from: "me" } });
    for (const chat of [null, { id: 3 }]) server.push({ message: { media_group_id: "m", chat, photo: 5 } });
    server.write(ann, "after");
    await eventually(() => arrivals.length === 1);
    expect(arrivals[0]?.text).toBe("after");
  });

  it("is one event for an album whose pictures come a moment apart", async () => {
    const { server, arrivals, clock } = await startBot();
    server.write(ann, { photo: [{ file_id: "a" }], media_group_id: "g", caption: "both" });
    await eventually(() => server.calls.filter(({ method }) => method === "getUpdates").length === 1);
    server.write(ann, { photo: [{ file_id: "b" }], media_group_id: "g" });
    await eventually(async () => {
      await clock.advance(1_000);
      return arrivals.length > 0;
    });
    expect(arrivals.map(({ text }) => text)).toEqual(["both"]);
    expect(arrivals[0]?.data).toMatchObject({ attachments: [{ file_id: "a" }, { file_id: "b" }] });
  });
});

it("tells the id of a group that it was taken into, and of one that has got another", async () => {
  const { server, lines } = await startBot();
  server.push({
    my_chat_member: {
      chat: team,
      from: ann,
      date: 1,
      new_chat_member: { status: "member", user: server.bot },
    },
  });
  server.write(ann, { chat: team, text: undefined, migrate_to_chat_id: -100999 });
  await eventually(() => lines.length === 2);
  expect(lines[0]).toContain("in the group Team with the id -1001");
  expect(lines[1]).toContain("now has the id -100999");
});

describe("trouble", () => {
  it("another poller: waits, says so, and goes on once that one has ended", async () => {
    const { server, arrivals, clock, source } = await startBot();
    await eventually(() => server.calls.some(({ method }) => method === "getUpdates"));
    server.pollFromElsewhere();
    await eventually(() => source.health?.().state === "waiting");
    expect(source.health?.().detail).toMatch(/another program receives this bot's messages \(stop it, or /);
    server.write(ann, "still here");
    await clock.advance(2_000);
    await eventually(() => arrivals.length === 1);
    expect(source.health?.()).toMatchObject({ state: "running", detail: "@router_bot" });
  });

  it("429: waits as long as Telegram wants, and not shorter", async () => {
    const server = await openTelegram();
    server.failNext("getUpdates", {
      status: 429,
      description: "Too Many Requests",
      parameters: { retry_after: 300 },
    });
    const { arrivals, clock, source } = await startBot({ server });
    server.write(ann, "hello");
    await eventually(() => source.health?.().state === "waiting");
    await clock.advance(299_000);
    expect(arrivals).toEqual([]);
    await clock.advance(2_000);
    await eventually(() => arrivals.length === 1);
  });

  it("a token that was revoked: one line, and no more; another try each minute", async () => {
    const { server, lines, clock, source, arrivals } = await startBot();
    await eventually(() => server.calls.some(({ method }) => method === "getUpdates"));
    server.revoke();
    await eventually(() => source.health?.().state === "waiting");
    for (let minute = 0; minute < 5; minute += 1) {
      const before = lines.length;
      await clock.advance(67_000);
      await eventually(() => source.health?.().nextTryMs !== undefined);
      expect(lines.length).toBe(before);
    }
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/Telegram rejected the token: it is wrong, or was revoked.*@BotFather/);
    expect(lines.join()).not.toContain(server.token);
    server.revoke(false);
    server.write(ann, "back");
    await clock.advance(67_000);
    await eventually(() => arrivals.length === 1);
  });

  it("a network that is gone: tries again, and nothing that waited is lost", async () => {
    const server = await openTelegram();
    for (let times = 0; times < 3; times += 1) server.failNext("getUpdates", "hang up");
    const { arrivals, clock, announced, source } = await startBot({ server });
    server.write(ann, "hello");
    await eventually(async () => {
      await clock.advance(1_000);
      return arrivals.length === 1;
    });
    expect(announced.join()).toMatch(/works again/);
    expect(source.health?.().state).toBe("running");
  });

  it("a webhook that was set elsewhere: is taken away, with a word", async () => {
    const server = await openTelegram();
    await fetch(`${server.root}/bot${server.token}/setWebhook`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ url: "https://old.example/secret-path", secret_token: "x" }),
    });
    const { arrivals, lines } = await startBot({ server });
    server.write(ann, "hello");
    await eventually(() => arrivals.length === 1);
    expect(server.webhook()).toBeUndefined();
    expect(lines.join()).toContain("removed the bot's webhook at old.example;");
  });

  it("a server that does not wait: is asked once a second and not more often", async () => {
    const server = await openTelegram();
    server.waitNoMore();
    const { clock, arrivals } = await startBot({ server });
    const questions = () => server.calls.filter(({ method }) => method === "getUpdates").length;
    await eventually(() => questions() === 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(questions()).toBe(1);
    server.write(ann, "hello");
    await eventually(async () => {
      await clock.advance(1_000);
      return arrivals.length === 1;
    });
  });

  it("an offset that is days old is not used: after a week ids begin anew", async () => {
    const server = await openTelegram();
    const cursors = createMemoryCursors();
    await cursors.moveCursor("tested/options/offset", { next: 999_999, atMs: Date.UTC(2025, 0, 1) });
    const { arrivals } = await startBot({ server, cursors });
    server.write(ann, "new");
    await eventually(() => arrivals.length === 1);
  });
});
