// One spelling for each id: whatever a platform might read as the same id is refused.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkId } from "../../src/chat/ids.ts";
import { connectors } from "../../src/connectors/index.ts";
import type { ChatTraits } from "../../src/contract/chat.ts";
import { ConnectorError } from "../../src/errors.ts";

async function traitsOf(type: string): Promise<ChatTraits> {
  const { chat } = (await connectors.find((entry) => entry.type === type)?.load()) ?? {};
  if (chat === undefined) throw new Error(`${type} is no chat`);
  return chat;
}

const isTaken = (id: string, traits: ChatTraits) => {
  try {
    checkId("message_id", id, traits.messageId);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(ConnectorError);
    return false;
  }
};

/** Spellings of the number 9002 that some parser takes for it. */
const spellings = [
  " 9002",
  "9002 ",
  "\t9002",
  "9002\n",
  "\u00a09002",
  "\u200b9002",
  "9002\u0000",
  "+9002",
  "09002",
  "9002.0",
  "9002.",
  "9.002e3",
  "9002e0",
  "90020e-1",
  "0x232a",
  "0X232A",
  "0o21452",
  "0b10001100101010",
  "9_002",
  "9,002",
  "9'002",
  "9002n",
  "９００２",
  "٩٠٠٢",
  "९००२",
  "𝟗𝟎𝟎𝟐",
  "9002/",
  "./9002",
  "9001/../9002",
  "%39002",
  "9002?x",
  "9002#",
  "Infinity",
  "-9002",
  "",
];

describe.each(["telegram", "discord"])("on %s", (type) => {
  it.each(spellings)("%j is not an id of a message", async (id) => {
    expect(isTaken(id, await traitsOf(type))).toBe(false);
  });

  it("two ids that are taken are the same number only as the same text", async () => {
    const traits = await traitsOf(type);
    const digits = fc.stringMatching(/^[ +0]?[0-9]{1,25}(\.0)?$/);
    fc.assert(
      fc.property(digits, digits, (one, other) => {
        if (!isTaken(one, traits) || !isTaken(other, traits) || one === other) return;
        expect(BigInt(one)).not.toBe(BigInt(other));
        if (type === "telegram") expect(Number(one)).not.toBe(Number(other));
      }),
    );
  });
});

it("on telegram numbers that JavaScript cannot tell apart are not ids", async () => {
  const traits = await traitsOf("telegram");
  expect(isTaken("9007199254740993", traits)).toBe(false);
  expect(isTaken("999999999999999", traits)).toBe(true);
});

it.each([
  "1700000000.0001",
  "1700000000.0001000",
  "1700000000.000100 ",
  "01700000000.000100",
  "+1700000000.000100",
  "1.700000000000100e9",
  "1700000000",
  "p1700000000000100",
  "１７00000000.000100",
])("on slack %j is not an id of a message", async (id) => {
  const traits = await traitsOf("slack");
  expect(isTaken(id, traits)).toBe(false);
  expect(isTaken("1700000000.000100", traits)).toBe(true);
});

it.each(["u1 ", "../u1", "u1/", "u1%00", "ü1", ""])("on webchat %j is not an id of a message", async (id) => {
  expect(isTaken(id, await traitsOf("webchat"))).toBe(false);
});

it("every chat that has an ability which takes a message id says what it looks like", async () => {
  for (const { type, load } of connectors) {
    const { chat } = await load();
    if (chat?.can.some((one) => ["react", "edit", "history"].includes(one)) === true)
      expect([type, chat.messageId?.example]).toEqual([type, expect.any(String)]);
    if (chat?.messageId !== undefined)
      expect(new RegExp(chat.messageId.pattern).test(chat.messageId.example)).toBe(true);
  }
});
