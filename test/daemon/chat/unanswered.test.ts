import { afterEach, describe, expect, it } from "vitest";
import type { RouterEvent } from "../../../src/contract.ts";
import { trackUnanswered } from "../../../src/daemon/chat/unanswered.ts";
import { type Bench, createBench } from "../../journal/fixture.ts";

let bench: Bench | undefined;
afterEach(() => bench?.clear());

const message = (id: string, timeMs: number, conversation = "c1"): RouterEvent => ({
  id,
  source: "phone",
  connector: "testchat",
  timeMs,
  data: {},
  text: "",
  trust: "sender",
  sender: { id: "41", name: "Ada" },
  conversation,
});

async function open() {
  bench = createBench();
  const journal = await bench.open();
  const { clock } = bench;
  const messages = trackUnanswered(journal, clock);
  return {
    messages,
    clock,
    journal,
    now: clock.now(),
    ids: () => messages.list().map(({ eventId }) => eventId),
  };
}

const sent = (id: string, session = "s1") => ({ id, channel: "phone", state: "sent" as const, session });

describe("messages that nobody answered", () => {
  it("are those of which none was answered, with who wrote them and who has them", async () => {
    const { messages, now } = await open();
    messages.add(message("e1", now));
    messages.changed(sent("e1"));
    expect(messages.list()).toEqual([
      expect.objectContaining({ eventId: "e1", source: "phone", name: "Ada", session: "s1" }),
    ]);
  });

  it("are answered with the latest of their conversation, and others are not", async () => {
    const { messages, now, ids } = await open();
    messages.add(message("e1", now));
    messages.add(message("e2", now + 1));
    messages.add(message("e3", now + 2));
    messages.add(message("x1", now, "c2"));
    messages.answered("e2");
    expect(ids()).toEqual(["e3", "x1"]);
  });

  it("are the latest thousand, however many are written", async () => {
    const { messages, now, ids } = await open();
    for (let index = 0; index < 1_100; index += 1) messages.add(message(`e${index}`, now + index));
    expect([ids().length, ids()[0]]).toEqual([1_000, "e100"]);
  });

  it("are no more when they were acknowledged, or nobody will get them", async () => {
    const { messages, now, ids } = await open();
    for (const [index, state] of (["acked", "expired", "dead", "silenced"] as const).entries()) {
      messages.add(message(`e${index}`, now));
      messages.changed({ id: `e${index}`, channel: "phone", state });
    }
    expect(ids()).toEqual([]);
  });

  it("are known to the next owner", async () => {
    const { messages, now, journal } = await open();
    messages.add(message("e1", now));
    messages.add(message("e2", now, "c2"));
    messages.answered("e2");
    await journal.close();
    const next = await (bench as Bench).open({ term: 2 });
    expect(
      trackUnanswered(next, (bench as Bench).clock)
        .list()
        .map(({ eventId }) => eventId),
    ).toEqual(["e1"]);
  });

  it("are forgotten after a day", async () => {
    const { messages, now, clock, ids } = await open();
    messages.add(message("e1", now));
    clock.set(now + 24 * 60 * 60 * 1_000);
    expect(ids()).toEqual([]);
  });
});
