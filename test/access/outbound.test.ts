import { describe, expect, it } from "vitest";
import { createOutbound } from "../../src/access/outbound.ts";
import { emptyAccess } from "../../src/access/store.ts";
import type { AccessOptions } from "../../src/contract/chat.ts";
import { usual } from "./world.ts";

const added = {
  ...emptyAccess,
  people: { "41": { sinceMs: 0 } },
  chats: { "41": "direct-41", "66": "direct-66" },
};
const outbound = (access: Partial<AccessOptions> = {}) =>
  createOutbound("phone", { ...usual, ...access }, added);
const event = (sender: string, data = {}) => ({
  id: "e1",
  sender: { id: sender },
  data: { chat_id: "direct", chat_type: "direct", ...data },
});

describe("an answer", () => {
  it("goes to whoever may still write, and to nobody else", () => {
    expect(() => outbound().checkAnswer(event("41"))).not.toThrow();
    expect(() => outbound().checkAnswer(event("66"))).toThrow("may no longer write");
    expect(() => outbound({ dm: "disabled" }).checkAnswer(event("41"))).toThrow("may no longer write");
  });

  it("goes to a group only for those whom the group admits", () => {
    const groups = { g: { mention: true, allow: ["7"] } };
    const inGroup = { chat_id: "g", chat_type: "group" };
    expect(() => outbound({ groups }).checkAnswer(event("7", inGroup))).not.toThrow();
    expect(() => outbound({ groups }).checkAnswer(event("41", inGroup))).toThrow("may no longer write");
    const thread = { chat_id: "t", chat_type: "group", parent_id: "g" };
    expect(() => outbound({ groups }).checkAnswer(event("7", thread))).not.toThrow();
  });
});

describe("a message that Claude sends by itself", () => {
  it("goes to the chat of somebody who was admitted, to a person, or to a group with people", () => {
    expect(outbound().addressOf("direct-41")).toEqual({ chatId: "direct-41" });
    expect(outbound().addressOf("41")).toEqual({ person: "41" });
    const groups = { g: { mention: true, allow: ["7"] } };
    expect(outbound({ groups }).addressOf("g", "topic")).toEqual({ chatId: "g", threadId: "topic" });
  });

  it.each(["direct-66", "66", "g", "empty", "__proto__", ""])("does not go to %j", (chat) => {
    expect(() => outbound({ groups: { empty: { mention: true, allow: [] } } }).addressOf(chat)).toThrow(
      "may not be written to",
    );
  });
});
