// On a client that logs what it shows, an event that was written is sent only once it is shown.

import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bench, openBench } from "./bench.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

/** The session's client shows nothing until the test says so. */
function display() {
  const open = new Map<string, (shown: boolean) => void>();
  return {
    of: (id: string) => new Promise<boolean>((resolve) => open.set(id, resolve)),
    async says(id: string, shown: boolean) {
      open.get(id)?.(shown);
      await bench.quiet();
    },
  };
}

test("an event that was shown is sent, and its state says that it was shown", async () => {
  const session = bench.attach("a");
  const screen = display();
  session.display = screen.of;
  await bench.event("e1");
  await bench.event("e2");
  await bench.quiet();
  expect(session.seen()).toEqual(["e1", "e2"]);
  expect(bench.lastState("e1")).toBeUndefined();
  await screen.says("e1", true);
  expect(bench.changes.filter(({ id }) => id === "e1")).toMatchObject([{ state: "sent", shown: true }]);
  expect(bench.lastState("e2")).toBeUndefined();
});

test("an event that was not shown waits again, and goes out with its attempt", async () => {
  const session = bench.attach("a");
  const screen = display();
  session.display = screen.of;
  await bench.event("e1");
  await bench.quiet();
  session.state = "no";
  await screen.says("e1", false);
  expect(bench.changes.at(-1)).toMatchObject({ id: "e1", state: "held", attempt: 1 });
  expect(bench.dispatcher.waiting("a")).toBe(1);
  const { events, confirm } = await bench.fetch("a");
  expect(events.map(({ eventId, meta }) => [eventId, meta.attempt])).toEqual([["e1", "2"]]);
  confirm();
  await bench.quiet();
  expect(bench.lastState("e1")).toBe("sent");
});

test("while it is open whether it was shown, nobody else is sent it, and nothing replaces it", async () => {
  const session = bench.attach("a");
  session.display = display().of;
  await bench.event("e1");
  await bench.quiet();
  const other = bench.attach("b");
  await bench.quiet();
  bench.dispatcher.end({ id: "e1", channel: "ci" }, { state: "superseded", reason: "a newer one" });
  await bench.quiet();
  expect(other.seen()).toEqual([]);
  expect(bench.lastState("e1")).toBeUndefined();
});

test.each(["end", "leave"] as const)("a session that ends without a last word got it: %s", async (how) => {
  const session = bench.attach("a");
  session.display = display().of;
  await bench.event("e1");
  await bench.quiet();
  session[how]();
  const next = bench.attach("b");
  await bench.quiet();
  expect(bench.lastState("e1")).toBe("sent");
  expect(next.seen()).toEqual([]);
});

test("what a session has not shown by its end goes to the next one, with its attempt", async () => {
  const session = bench.attach("a");
  const screen = display();
  session.display = screen.of;
  await bench.event("e1");
  await bench.event("e2");
  await bench.event("e3", { to: "all" });
  await bench.quiet();
  let say = () => {};
  session.lastWord = new Promise<void>((resolve) => {
    say = resolve;
  });
  session.end();
  await screen.says("e1", true);
  await screen.says("e2", false);
  await screen.says("e3", false);
  say();
  const next = bench.attach("b");
  await bench.quiet();
  expect(next.seen()).toEqual(["e2#2"]);
  expect(bench.changes.filter(({ id }) => id === "e1")).toMatchObject([{ state: "sent", shown: true }]);
});

test("a leader that dies before the log has it leaves a record: it comes again only with its attempt", async () => {
  const session = bench.attach("a");
  session.display = display().of;
  for (let n = 1; n <= 3; n++) {
    await bench.event(`e${n}`);
    await bench.quiet();
  }
  await bench.crash();
  const next = bench.attach("b");
  await bench.quiet();
  expect(next.seen()).toEqual(["e1#2", "e2#2", "e3#2"]);
});

test("a leader that stops looks once more; what was not shown by then goes to the next session with its attempt", async () => {
  const session = bench.attach("a");
  const screen = display();
  session.display = screen.of;
  await bench.event("e1");
  await bench.event("e2");
  await bench.quiet();
  session.look = () => screen.says("e1", true);
  await bench.restart();
  const next = bench.attach("b");
  await bench.quiet();
  expect(next.seen()).toEqual(["e2#2"]);
});

test.each([
  ["it has been shown", true, [], "sent"],
  ["the client gives no sign", undefined, [], "sent"],
  ["it has not been shown", false, ["e1#2"], "sent"],
] as const)("the next leader asks the session that took it: %s", async (_, wasShown, seen, state) => {
  const session = bench.attach("a");
  session.display = display().of;
  await bench.event("e1");
  await bench.quiet();
  await bench.crash();
  const carried = { taken: new Set(["e1"]), writing: new Set<string>(), onTaken: () => {} };
  const again = bench.attach("a", { before: async () => wasShown }, carried);
  const other = bench.attach("b", { state: "no" });
  await bench.quiet();
  expect([again.seen(), other.seen()]).toEqual([seen, []]);
  expect(bench.lastState("e1")).toBe(state);
  expect((await bench.journal.marks(["e1"])).of("e1", "ci")).toBe(wasShown ? "shown" : "accepted");
});

test("while the next leader does not know whether it was shown, nobody is sent it", async () => {
  const session = bench.attach("a");
  session.display = display().of;
  await bench.event("e1");
  await bench.quiet();
  await bench.crash();
  const carried = { taken: new Set(["e1"]), writing: new Set<string>(), onTaken: () => {} };
  const again = bench.attach("a", { before: () => new Promise(() => {}) }, carried);
  const other = bench.attach("b");
  await bench.quiet();
  expect([again.seen(), other.seen()]).toEqual([[], []]);
});

test("one for all that one session did not show goes to it again, and not to the others", async () => {
  const [a, b] = [bench.attach("a"), bench.attach("b")];
  const screen = display();
  a.display = screen.of;
  await bench.event("e1", { to: "all" });
  await bench.quiet();
  await screen.says("e1", false);
  await bench.clock.advance(2_000);
  await bench.quiet();
  expect(b.seen()).toEqual(["e1"]);
  expect(a.seen().length).toBeGreaterThan(1);
  expect(
    a
      .seen()
      .slice(1)
      .every((id) => id.startsWith("e1#")),
  ).toBe(true);
});

test("of very many in a row each is sent in the end", async () => {
  const session = bench.attach("a");
  const shown: (() => void)[] = [];
  session.display = () => new Promise((resolve) => shown.push(() => resolve(true)));
  for (let n = 1; n <= 600; n++) await bench.event(`e${n}`);
  await bench.quiet();
  for (const show of shown) show();
  await bench.quiet();
  expect(session.seen()).toHaveLength(600);
  expect(bench.changes.filter(({ state }) => state === "sent")).toHaveLength(600);
});

const twoChannels = ["c1", "c2"];

test("of one event on two channels, the delivery that was not shown waits, and the other is sent", async () => {
  const session = bench.attach("a");
  const open = new Map<string, (shown: boolean) => void>();
  session.display = (_, channel) => new Promise((resolve) => open.set(channel, resolve));
  await bench.event("e1", { channels: twoChannels });
  await bench.quiet();
  session.state = "no";
  open.get("c1")?.(true);
  open.get("c2")?.(false);
  await bench.quiet();
  expect(bench.changes.filter(({ id }) => id === "e1")).toMatchObject([
    { channel: "c1", state: "sent", shown: true },
    { channel: "c2", state: "held", attempt: 1 },
  ]);
});

/** What the stream of "a" had of e1 on two channels when the leader died. */
async function crashWithTwoChannels() {
  bench.attach("a").stall();
  await bench.event("e1", { channels: twoChannels });
  await bench.quiet();
  await bench.crash();
}

test.each([
  ["both channels, by deliveries", ["e1/c1", "e1/c2"], ["c1", "c2"]],
  ["both channels, by the id that an older process reports", ["e1"], ["c1", "c2"]],
  ["one channel", ["e1/c2"], ["c2"]],
] as const)("the next leader takes as sent only what the stream took: %s", async (_, taken, sent) => {
  await crashWithTwoChannels();
  const carried = { taken: new Set(taken), writing: new Set<string>(), onTaken: () => {} };
  const again = bench.attach("a", {}, carried);
  await bench.quiet();
  const bySession = bench.changes.filter(({ reason }) => reason === "an earlier leader sent it");
  expect(bySession.map(({ channel }) => channel)).toEqual(sent);
  expect(again.got.map(({ channel }) => channel)).toEqual(
    twoChannels.filter((channel) => !(sent as readonly string[]).includes(channel)),
  );
});

test("a channel that is decided first leaves the other one on its way", async () => {
  await crashWithTwoChannels();
  let took = (_: string) => {};
  const carried = {
    taken: new Set<string>(),
    writing: new Set(["e1/c1", "e1/c2"]),
    onTaken: (listener: (delivery: string) => void) => {
      took = listener;
    },
  };
  const decide = new Map<string, (shown: boolean) => void>();
  const before = (_: string, channel: string) =>
    new Promise<boolean>((resolve) => void decide.set(channel, resolve));
  const again = bench.attach("a", { before }, carried);
  const other = bench.attach("b");
  await bench.quiet();
  took("e1/c1");
  took("e1/c2");
  await bench.quiet();
  decide.get("c1")?.(false);
  await bench.quiet();
  const seen = () => [...again.got, ...other.got].map(({ channel }) => channel);
  expect(seen()).toEqual(["c1"]);
  decide.get("c2")?.(true);
  await bench.quiet();
  expect(seen()).toEqual(["c1"]);
  expect((await bench.journal.marks(["e1"])).of("e1", "c2")).toBe("shown");
});
