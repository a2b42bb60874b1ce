// Journal, shaping and dispatcher as the router puts them together, over a folder of their own and a clock that stands still,
// with one session that writes down what it is sent.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Json } from "../../../src/contract.ts";
import { Dispatcher } from "../../../src/dispatch/dispatcher.ts";
import { Shaping } from "../../../src/dispatch/shaping/driver.ts";
import { compileGlob } from "../../../src/filters/glob.ts";
import { type Journal, openJournal } from "../../../src/journal/journal.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { createEventIds } from "../../../src/router/event-id.ts";
import { createMemory } from "../../../src/router/memory.ts";
import type { GroupLimits } from "../../../src/shaping/groups.ts";
import { compileOf } from "../../plan/plan-of.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { type FakeSession, fakeSession } from "../bench.ts";

type Channels = Parameters<typeof compileOf>[0];
type More = Parameters<typeof compileOf>[1];

export interface ShapedRouter {
  readonly journal: Journal;
  readonly dispatcher: Dispatcher;
  readonly shaping: Shaping;
  readonly session: FakeSession;
  /** Admits and commits; gives the event's id. */
  send(data: Json): Promise<string>;
  /** The same for many, which come at once. */
  sendAll(data: readonly Json[]): Promise<void>;
  advance(ms: number): Promise<void>;
  /** A session beside the first, started now. */
  attach(id: string): FakeSession;
  /** Settles when it is so, or after five seconds: the test's own expectation says then what is wrong. */
  until(isSo: () => boolean): Promise<void>;
  /** Drops everything as it is and opens it anew, after so long: what a crash leaves. */
  crash(awayMs?: number): Promise<void>;
  reload(channels: Channels, more?: More): Promise<void>;
  /** What the session was sent: contents, or `count` and the first line of a digest. */
  told(): string[];
}

const log = { info: () => {}, warn: () => {}, error: () => {} };

export async function shapedRouter(
  channels: Channels,
  more?: More,
  limits?: GroupLimits,
): Promise<ShapedRouter> {
  const folder = await mkdtemp(join(tmpdir(), "shaping-"));
  const clock = manualClock();
  const newId = createEventIds();
  let plan: Plan = (await compileOf(channels, more)).plan;
  let term = 0;
  let journal!: Journal;
  let dispatcher!: Dispatcher;
  let shaping!: Shaping;
  let memory!: ReturnType<typeof createMemory>;
  const session = fakeSession("s", clock.now());
  const opened: Journal[] = [];

  async function open(): Promise<void> {
    const mine = ++term;
    journal = await openJournal({ folder, term, isCurrent: () => mine === term, clock, log });
    opened.push(journal);
    memory = createMemory(clock, journal.memory);
    shaping = new Shaping({
      ...{ journal, clock, plan, newId, dispatcher: () => dispatcher },
      ...(limits === undefined ? {} : { limits }),
    });
    dispatcher = new Dispatcher({
      journal,
      clock,
      log,
      newId,
      compileGlob,
      holds: shaping.holds.bind(shaping),
      spend: (sessionId, spent) => shaping.spend(sessionId, spent),
      observe: (change) => shaping.observe(change),
    });
    await shaping.ready;
    dispatcher.attach(session);
    await quiet();
  }

  async function quiet(): Promise<void> {
    // Reading the disk takes real time: quiet is when nothing was seen for a while.
    let before = "";
    for (let round = 0; round < 8; round++) {
      const seen = `${session.got.length} ${journal.stats().open}`;
      if (seen !== before) round = 0;
      before = seen;
      await journal.idle();
      await clock.advance(0);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Settles when it is committed, with its id. */
  async function take(data: Json): Promise<string> {
    const nowMs = clock.now();
    const id = newId(nowMs);
    const event = {
      ...{ id, source: "post", connector: "letter", timeMs: nowMs, data },
      text: JSON.stringify(data),
      trust: "verified" as const,
    };
    const admission = plan.sources[0]?.admit(event, memory, nowMs, { detail: "decision" });
    if (admission === undefined || admission.deliveries.length === 0) return id;
    const { deliveries, writes } = admission;
    const committed = journal.append({
      event,
      deliveries: deliveries.map(({ eventId: _, ...rest }) => rest),
      memory: writes,
    });
    memory.stage(writes, committed);
    await committed;
    shaping.appended(deliveries);
    return id;
  }

  await open();
  onTestFinished(async () => {
    for (const one of opened) await one.close();
    await rm(folder, { recursive: true, force: true });
  });

  return {
    get journal() {
      return journal;
    },
    get dispatcher() {
      return dispatcher;
    },
    get shaping() {
      return shaping;
    },
    session,
    async send(data) {
      const id = await take(data);
      await quiet();
      return id;
    },
    async sendAll(all) {
      // As many as are admitted together.
      for (let from = 0; from < all.length; from += 256)
        await Promise.all(all.slice(from, from + 256).map(take));
      await quiet();
    },
    async advance(ms) {
      await clock.advance(ms);
      await quiet();
    },
    attach(id) {
      const other = fakeSession(id, clock.now());
      dispatcher.attach(other);
      return other;
    },
    async until(isSo) {
      for (const end = Date.now() + 5_000; !isSo() && Date.now() < end; ) await quiet();
    },
    async crash(awayMs = 0) {
      term += 1;
      const before = shaping;
      await quiet();
      await before.stop();
      clock.set(clock.now() + awayMs);
      await open();
    },
    async reload(next, others) {
      plan = (await compileOf(next, others)).plan;
      shaping.apply(plan);
      await quiet();
    },
    told: () =>
      session.got.map(({ content, meta }) =>
        meta.count === undefined ? content : `${meta.count}: ${content.split("\n")[0]}`,
      ),
  };
}
