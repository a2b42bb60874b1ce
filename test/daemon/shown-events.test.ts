// One event is on as many ways to Claude as it has channels: each delivery is judged by itself.

import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Rendered } from "../../src/contract.ts";
import { ShownEvents } from "../../src/daemon/shown-events.ts";
import type { ModelText } from "../../src/text/neutralise.ts";
import { manualClock } from "../support/manual-clock.ts";

const entry = (debug: string) =>
  `${JSON.stringify({ debug, timestamp: "2026-11-23T01:00:00.000Z", sessionId: "s1", cwd: "/p" })}\n`;

interface Delivery {
  readonly id: string;
  readonly channel: string;
}

async function withDisplay(use: (display: Awaited<ReturnType<typeof open>>) => Promise<void>) {
  const cacheFolder = mkdtempSync(join(tmpdir(), "cr-shown-"));
  try {
    await use(await open(cacheFolder));
  } finally {
    rmSync(cacheFolder, { recursive: true, force: true });
  }
}

async function open(cacheFolder: string) {
  const folder = join(cacheFolder, "-p", "mcp-logs-router");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "a.jsonl");
  writeFileSync(path, entry("Channel notifications registered"));
  const clock = manualClock();
  const late: Delivery[] = [];
  const events = new ShownEvents({
    query: () => ({ project: "/p", server: "router", session: "s1", sinceMs: 0, cacheFolder }),
    clock,
    isAnothers: () => false,
    version: () => "1",
    logsMessages: () => true,
    learnLogsMessages: () => undefined,
    onRegistration: () => undefined,
    onShown: (delivery) => late.push(delivery),
    changed: () => undefined,
  });
  await events.start();
  let chars = 0;
  const outcomes = new Map<string, boolean | undefined | "open">();
  const lengths = new Map<string, number>();
  const key = ({ id, channel }: Delivery) => `${id} on ${channel}`;
  return {
    events,
    late,
    /** Each delivery has a content of its own length, so that the log distinguishes them. */
    async deliver(delivery: Delivery) {
      chars += 1;
      lengths.set(key(delivery), chars);
      const rendered: Rendered = {
        eventId: delivery.id,
        channel: delivery.channel,
        content: "x".repeat(chars) as ModelText,
        meta: {},
        tokens: 1,
      };
      await events.deliver(rendered, async () => undefined);
      outcomes.set(key(delivery), "open");
    },
    /** As dispatch does when the write has settled. */
    ask(delivery: Delivery) {
      const shown = events.shown(delivery);
      if (shown === undefined) outcomes.delete(key(delivery));
      void shown?.then((isShown) => outcomes.set(key(delivery), isShown));
    },
    show: (delivery: Delivery) =>
      appendFileSync(path, entry(`notifications/claude/channel (${lengths.get(key(delivery))} chars)`)),
    outcome: (delivery: Delivery) => outcomes.get(key(delivery)),
    async pass(ms: number) {
      await clock.advance(ms);
      for (let turn = 0; turn < 3; turn++) {
        await events.look();
        await clock.advance(0);
      }
    },
  };
}

test("whichever of its channels the client shows, each delivery has its own outcome", async () => {
  const delivery = fc.record({ id: fc.constantFrom("e1", "e2"), channel: fc.constantFrom("c1", "c2", "c3") });
  const deliveries = fc.uniqueArray(fc.record({ delivery, isShown: fc.boolean() }), {
    selector: ({ delivery: { id, channel } }) => `${id} ${channel}`,
    minLength: 1,
  });
  await fc.assert(
    fc.asyncProperty(deliveries, fc.boolean(), async (all, isAskedAtOnce) => {
      await withDisplay(async (display) => {
        for (const { delivery: one } of all) {
          await display.deliver(one);
          if (isAskedAtOnce) display.ask(one);
        }
        if (!isAskedAtOnce) for (const { delivery: one } of all) display.ask(one);
        for (const { delivery: one, isShown } of all) if (isShown) display.show(one);
        await display.pass(250);
        await display.pass(5_000);
        expect(all.map(({ delivery: one }) => display.outcome(one))).toEqual(
          all.map(({ isShown }) => isShown),
        );
      });
    }),
    { numRuns: 25 },
  );
});

test("naming an event that the log has on one channel does not prove the other, nor that the log is wrong", async () => {
  await withDisplay(async ({ events, deliver, ask, show, pass, outcome }) => {
    const [one, other] = [
      { id: "e1", channel: "c1" },
      { id: "e1", channel: "c2" },
    ];
    for (const each of [one, other]) {
      await deliver(each);
      ask(each);
    }
    show(one);
    await pass(250);
    events.named("e1");
    await pass(5_000);
    expect([outcome(one), outcome(other)]).toEqual([true, false]);
    events.named("e1");
    expect([events.count(), events.notShown]).toEqual([1, undefined]);
  });
});

test("naming the event of one channel makes the log unnecessary, and refutes it when that one was missing", async () => {
  await withDisplay(async ({ events, deliver, ask, pass, outcome }) => {
    const [early, late] = [
      { id: "e1", channel: "c1" },
      { id: "e2", channel: "c1" },
    ];
    await deliver(early);
    ask(early);
    events.named("e1");
    await deliver(late);
    ask(late);
    await pass(5_000);
    expect([outcome(early), outcome(late), events.notShown]).toEqual([undefined, false, "e2"]);
    events.named("e2");
    expect([events.count(), events.notShown]).toEqual([undefined, undefined]);
  });
});
