import { expect, it } from "vitest";
import { SeenIds } from "../../src/daemon/seen-ids.ts";

const [one, other] = ["1m834904bdxmf", "1m834908b20jc"];

it("an id that was pushed and that no answer contained proves that the client showed it", () => {
  const seen = new SeenIds();
  seen.push(one);
  expect(seen.provesListening(one)).toBe(true);
});

it("an id that was never pushed proves nothing, wherever the session has it from", () => {
  expect(new SeenIds().provesListening(one)).toBe(false);
});

it.each([
  ["pending", `event channel="c" event_id="${one}"\n│ text`],
  ["status", `last sent: ${one}, 3 s ago`],
  ["a list", `acked ${other}, ${one}`],
])("an id that %s gave the session proves nothing, before and after it was pushed", (_, text) => {
  const [before, after] = [new SeenIds(), new SeenIds()];
  before.push(one);
  before.handOut(text);
  after.handOut(text);
  after.push(one);
  expect([before.provesListening(one), after.provesListening(one)]).toEqual([false, false]);
});

it("remembers the latest of very many", () => {
  const seen = new SeenIds();
  const id = (n: number) => n.toString(36).padStart(13, "0");
  for (let n = 0; n < 10_000; n++) seen.push(id(n));
  expect([seen.provesListening(id(0)), seen.provesListening(id(9_999))]).toEqual([false, true]);
});
