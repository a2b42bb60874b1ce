import { describe, expect, it } from "vitest";
import type { RouterEvent } from "../../../src/contract.ts";
import { createTypingSigns } from "../../../src/daemon/chat/typing.ts";
import { manualClock } from "../../support/manual-clock.ts";

const event = (id: string, conversation = "c"): RouterEvent => ({
  id,
  source: "phone",
  connector: "testchat",
  timeMs: 0,
  data: {},
  text: "",
  trust: "sender",
  conversation,
});

function open(fails = false) {
  const clock = manualClock();
  const shown: string[] = [];
  const told: string[] = [];
  const act = async (what: string) => {
    if (fails) throw new Error("blocked");
    shown.push(what);
    return "";
  };
  const signs = createTypingSigns({
    clock,
    log: { info: () => {}, warn: (line) => told.push(line), error: () => {} },
    chat: () => ({ typing: async (one) => void (await act(`typing ${one.id}`)) }),
    typingForMs: () => 5_000,
  });
  return { clock, shown, told, signs };
}

describe("what somebody sees who waits for an answer", () => {
  it("is typing from when a session has it until it was answered", async () => {
    const { signs, shown, clock } = open();
    signs.taken(event("e1"));
    await clock.advance(60_000);
    expect(shown).toEqual([]);
    signs.sent("e1");
    await clock.advance(12_000);
    expect(shown).toEqual(["typing e1", "typing e1", "typing e1"]);
    signs.answered("e1");
    await clock.advance(60_000);
    expect(shown).toHaveLength(3);
  });

  it("is typing for five minutes at most", async () => {
    const { signs, shown, clock } = open();
    signs.taken(event("e1"));
    signs.sent("e1");
    await clock.advance(20 * 60_000);
    expect(shown).toHaveLength(60);
  });

  it("is one sign for several messages of one chat", async () => {
    const { signs, shown, clock } = open();
    for (const id of ["e1", "e2"]) {
      signs.taken(event(id));
      signs.sent(id);
    }
    await clock.advance(4_000);
    expect(shown.filter((sign) => sign.startsWith("typing"))).toEqual(["typing e1"]);
    signs.answered("e2");
    await clock.advance(20_000);
    expect(shown.filter((sign) => sign.startsWith("typing"))).toHaveLength(1);
  });

  it("is nothing worse than nothing when it fails", async () => {
    const { signs, told, clock } = open(true);
    signs.taken(event("e1"));
    signs.sent("e1");
    await clock.advance(30_000);
    expect(told).toEqual(["source phone: typing could not be shown: blocked"]);
  });
});
