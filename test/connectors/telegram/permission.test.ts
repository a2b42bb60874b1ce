import { describe, expect, it } from "vitest";
import type { PressAnswer } from "../../../src/contract/chat.ts";
import { DeliveryError } from "../../../src/errors.ts";
import { fakePeople } from "../../support/fake-people.ts";
import { eventually } from "../../support/router.ts";
import { ann, bob, startBot } from "./bot.ts";

const prompt = {
  id: "abcde",
  text: "🔐 Bash wants to run <b>rm</b>",
  buttons: [
    { button: "more" as const, label: "See more" },
    { button: "allow" as const, label: "✅ Allow" },
    { button: "deny" as const, label: "❌ Deny" },
  ],
};

async function prompted(press: PressAnswer) {
  const people = fakePeople({ press: () => press });
  const bot = await startBot({ people });
  const asked = await bot.source.chat.askPermission?.("42", prompt);
  const [message] = bot.server.sent;
  if (message === undefined || asked === undefined) throw new Error("no prompt was sent");
  return { ...bot, people, asked, message };
}

describe("a permission prompt", () => {
  it("is one message with its buttons, and its text is taken for no markup", async () => {
    const { message } = await prompted({ show: "nothing" });
    expect(message).toMatchObject({
      chatId: 42,
      text: "🔐 Bash wants to run <b>rm</b>",
      parseMode: undefined,
    });
    expect(message.buttons.map(({ text }) => text)).toEqual(["See more", "✅ Allow", "❌ Deny"]);
  });

  it.each(["-1001", "@everybody", "42,77", ""])(
    "is put before nobody under %j, which is no person",
    async (id) => {
      const { source, server } = await startBot();
      await expect(source.chat.askPermission?.(id, prompt)).rejects.toThrow("no id of one person");
      expect(server.sent).toEqual([]);
    },
  );

  it("shows all when asked for more, and keeps the other buttons", async () => {
    const { server, message } = await prompted({ show: "details", text: "all of it" });
    server.press(ann, message, "See more");
    await eventually(() => server.notices.length === 1 && message.text === "all of it");
    expect(message.buttons.map(({ text }) => text)).toEqual(["✅ Allow", "❌ Deny"]);
  });

  it("tells access who pressed, and whoever pressed what access says", async () => {
    const { server, people, message, arrivals } = await prompted({
      show: "notice",
      text: "Not yours. ".repeat(30),
    });
    server.press(bob, message, "Allow");
    await eventually(() => server.notices.length === 1);
    expect(people.presses).toEqual([
      { sender: { id: "77", name: "Bob" }, promptId: "abcde", button: "allow" },
    ]);
    expect(server.notices[0]?.text?.length).toBeLessThanOrEqual(200);
    expect(message.buttons).toHaveLength(3);
    expect(arrivals).toEqual([]);
  });

  it("ends visibly, in a message of its own where it is gone, and only once", async () => {
    const { server, source, message, asked } = await prompted({ show: "nothing" });
    await source.chat.expirePermission?.(asked, "Allowed by Ann.");
    await source.chat.expirePermission?.(asked, "Allowed by Ann.");
    expect(message).toMatchObject({ text: "Allowed by Ann.", buttons: [] });
    await source.chat.expirePermission?.({ chat_id: "42", message_id: 999 }, "Too late.");
    expect(server.sent[1]).toMatchObject({ text: "Too late." });
  });

  it("that is longer than a message is cut", async () => {
    const { server, source } = await startBot();
    await source.chat.askPermission?.("42", { ...prompt, text: "x".repeat(9_000) });
    expect(server.sent[0]?.text).toHaveLength(4096);
  });

  it("whose press could not be kept is pressed again", async () => {
    let isFull = true;
    const people = fakePeople({
      press() {
        if (!isFull) return { show: "nothing" };
        throw new DeliveryError("E_JOURNAL_FULL", "the disk is full");
      },
    });
    const { server, source, clock } = await startBot({ people });
    await source.chat.askPermission?.("42", prompt);
    const [message] = server.sent;
    if (message === undefined) throw new Error("no prompt was sent");
    server.press(ann, message, "Allow");
    await eventually(() => source.health?.().state === "waiting");
    expect(server.notices).toEqual([]);
    isFull = false;
    await clock.advance(2_000);
    await eventually(() => server.notices.length === 1);
    expect(people.presses).toHaveLength(2);
  });

  it("is not decided by a button that is none of ours", async () => {
    const { server, people, message } = await prompted({ show: "nothing" });
    message.buttons.push({ text: "odd", callback_data: "permission:grant:abcde" });
    server.press(ann, message, "odd");
    await eventually(() => server.notices.length === 1);
    expect(people.presses).toEqual([]);
  });
});

describe("a verdict in writing", () => {
  const verdict = { as: "verdict" as const, emoji: "✅", text: "Sent: allow" };
  it("is confirmed by a reaction, and is no event", async () => {
    const { server, arrivals } = await startBot({ people: fakePeople({ receive: () => verdict }) });
    const { messageId } = server.write(ann, "yes abcde");
    await eventually(() => server.reactions.length === 1);
    expect(server.reactions[0]).toMatchObject({ messageId, emoji: "👍" });
    expect(arrivals).toEqual([]);
  });

  it("is confirmed in words where the chat takes no such reaction", async () => {
    const { server } = await startBot({ people: fakePeople({ receive: () => verdict }) });
    server.failNext("setMessageReaction", { status: 400, description: "Bad Request: REACTION_INVALID" });
    server.write(ann, "yes abcde");
    await eventually(() => server.sent.length === 1);
    expect(server.sent[0]).toMatchObject({ text: "Sent: allow" });
  });
});
