// What a config may name as a person, by platform.

import { expect, it } from "vitest";
import { connectors } from "../../src/connectors/index.ts";
import { checkAccessIds } from "../../src/plan/person-ids.ts";

const access = { dm: "pairing" as const, allow: [], groups: {}, mentionPatterns: [], bots: [] };

async function isPerson(type: string, id: string | number): Promise<boolean> {
  const { chat } = (await connectors.find((entry) => entry.type === type)?.load()) ?? {};
  if (chat === undefined) throw new Error(`${type} is no chat`);
  return checkAccessIds("x", type, chat, { ...access, allow: [id] }).length === 0;
}

it.each([
  ["telegram", [412587349, "412587349"], ["@ann", "-1001234567890", "0", "4 1", "٤١", "1e9", "41\n"]],
  ["discord", ["184405311681986560"], ["ann#1234", "<@184405311681986560>", "everyone"]],
  ["slack", ["U012AB3CD", "W012AB3CD"], ["C012AB3CD", "u012ab3cd", "@ann", "U1,U2"]],
  [
    "imessage",
    ["+15550100", "me@example.com", "12345"],
    ["+1 555 0100", "Me@Example.com", "iMessage;+;chat1"],
  ],
  // What an older version called a browser is none.
  ["webchat", ["9f86-d081-884c-7d65-9a2f"], ["9F86-D081-884C-7D65-9A2F", "9f86d081884c7d65", "ann", "../x"]],
] as const)("on %s", async (type, people, others) => {
  for (const id of people) expect([id, await isPerson(type, id)]).toEqual([id, true]);
  for (const id of others) expect([id, await isPerson(type, id)]).toEqual([id, false]);
});

it("is looked at in groups, too, at its place", () => {
  const traits = { personId: { pattern: "^\\d+$", example: "41" } };
  const groups = { "-100": { mention: true, allow: [42, "ann"] } };
  expect(checkAccessIds("phone", "telegram", traits, { ...access, groups })).toEqual([
    expect.objectContaining({ path: ["sources", "phone", "access", "groups", "-100", "allow", 1] }),
  ]);
});
