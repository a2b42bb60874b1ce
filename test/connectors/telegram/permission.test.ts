import { describe, expect, it } from "vitest";
import type { PressAnswer } from "../../../src/contract/chat.ts";
import { DeliveryError } from "../../../src/errors.ts";
import { fakePeople } from "../../support/fake-people.ts";
import { eventually } from "../../support/router.ts";
import { ann, bob, startBot } from "./bot.ts";

const text = { title: ["🔐 ", { code: "Bash" }], quoted: ["wants to run <b>rm</b>"], foot: [["yes abcde"]] };
const outcome = (words: string) => ({ title: [words], quoted: [], foot: [] });
const prompt = {
  id: "abcde",
  text,
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
  it("is one message with its buttons, in which what a model wrote is a block and no markup", async () => {
    const { message } = await prompted({ show: "nothing" });
    expect(message).toMatchObject({
      chatId: 42,
      text: "🔐 Bash\nwants to run <b>rm</b>\nyes abcde",
      markup: "<b>🔐</b> <code>Bash</code>\n<pre>wants to run &lt;b&gt;rm&lt;/b&gt;</pre>\nyes abcde",
      parseMode: "HTML",
    });
    expect(message.buttons.map(({ text }) => text)).toEqual(["See more", "✅ Allow", "❌ Deny"]);
  });

  it.each(["-1001", "@everybody", "42,77", ""])(
    "is put before nobody under %j, which is no person",
    async (id) => {
      const { source, server } = await startBot();
      await expect(source.chat.askPermission?.(id, prompt)).rejects.toThrow("is not the id of a user");
      expect(server.sent).toEqual([]);
    },
  );

  it("has further pages as messages of their own, and all of them end", async () => {
    const { server, source, message, asked } = await prompted({ show: "taken" });
    server.press(ann, message, "See more");
    await eventually(() => server.notices.length === 1);
    expect(server.notices[0]?.text).toBeUndefined();
    const page = { ...prompt, text: { ...text, quoted: ["the rest"] }, buttons: prompt.buttons.slice(1) };
    const both = await source.chat.continuePermission?.(asked, page);
    if (both === undefined) throw new Error("no page was sent");
    expect(both).toEqual({ chat_id: "42", message_ids: [String(message.id), String(server.sent[1]?.id)] });
    expect(server.sent[1]?.buttons.map((one) => one.text)).toEqual(["✅ Allow", "❌ Deny"]);
    await source.chat.expirePermission?.(both, {
      title: ["🔐 Bash"],
      quoted: ["rm"],
      foot: [["Sent: deny"]],
    });
    expect(server.sent.map((one) => [one.text, one.buttons])).toEqual([
      ["🔐 Bash\nSent: deny", []],
      ["🔐 Bash\nrm\nSent: deny", []],
    ]);
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
    await source.chat.expirePermission?.(asked, outcome("Allowed by Ann."));
    await source.chat.expirePermission?.(asked, outcome("Allowed by Ann."));
    expect(message).toMatchObject({ text: "Allowed by Ann.", buttons: [] });
    await source.chat.expirePermission?.({ chat_id: "42", message_ids: ["999"] }, outcome("Too late."));
    expect(server.sent[1]).toMatchObject({ text: "Too late." });
  });

  it("that is longer than a message is not sent: it is never cut, and never sent without its markup", async () => {
    const { server, source } = await startBot();
    const long = { ...prompt, text: { ...text, quoted: ["x".repeat(4_096)] } };
    await expect(source.chat.askPermission?.("42", long)).rejects.toThrow("one message takes");
    server.failNext("sendMessage", { status: 400, description: "Bad Request: can't parse entities" });
    await expect(source.chat.askPermission?.("42", prompt)).rejects.toThrow("can't parse");
    expect(server.sent).toEqual([]);
  });

  it("whose button press could not be stored is pressed again", async () => {
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
