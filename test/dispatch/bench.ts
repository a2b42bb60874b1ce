// A dispatcher over a real journal in a folder of its own, and sessions that write down what they are sent.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Rendered, RouterEvent } from "../../src/contract.ts";
import { type DeliveryOptions, writeDeliveryOptions } from "../../src/dispatch/delivery-options.ts";
import { Dispatcher, type DispatcherOptions } from "../../src/dispatch/dispatcher.ts";
import type { DispatchSession, Listening } from "../../src/dispatch/session.ts";
import type { CarriedState } from "../../src/dispatch/shown/carry-over.ts";
import { DeliveryError } from "../../src/errors.ts";
import { compileGlob } from "../../src/filters/glob.ts";
import { type Journal, openJournal } from "../../src/journal/journal.ts";
import type { Delivery, StateChange } from "../../src/journal/records.ts";
import { createEventIds } from "../../src/router/event-id.ts";
import { type ManualClock, manualClock } from "../support/manual-clock.ts";
import { powerCutDisk } from "../support/power-cut-disk.ts";

export interface FakeSession extends DispatchSession {
  readonly got: Rendered[];
  /** `id` or `id#attempt`, for channels other than `router`. */
  seen(): string[];
  /** Takes nothing until `resume`. */
  stall(): void;
  resume(): void;
  /** Ends; a write that stalls is not confirmed. */
  end(): void;
  /** Ends in order: the end is seen first, and in the same moment that what stalled was taken. */
  leave(): void;
  /** From now on the client logs what it shows: for each event that is delivered, the promise of whether it was shown. */
  display: ((eventId: string, channel: string) => Promise<boolean>) | undefined;
  /** `closed` settles with it, when the session has ended. */
  lastWord: Promise<void> | undefined;
  look: () => Promise<unknown>;
  state: Listening["state"];
  refuseWith: Error | undefined;
  becomeReady(): void;
}

export type SessionOptions = Partial<
  Pick<DispatchSession, "startedMs" | "project" | "label" | "name" | "isIdle" | "doorbell"> & {
    state: Listening["state"];
    ready: boolean;
    /** Whether it showed what an earlier leader sent it. */
    before: (eventId: string, channel: string) => Promise<boolean | undefined>;
  }
>;

export function fakeSession(id: string, nowMs: number, options: SessionOptions = {}): FakeSession {
  const { state = "yes", ready = true, startedMs = nowMs, before, ...rest } = options;
  const got: Rendered[] = [];
  let stalled: (() => void)[] | undefined;
  let hasEnded = false;
  let end = (_: string) => {};
  let becomeReady = () => {};
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const isReady = new Promise<void>((resolve) => {
    becomeReady = resolve;
  });
  if (ready) becomeReady();
  const session: FakeSession = {
    id,
    startedMs,
    ...rest,
    state,
    display: undefined,
    shown: ({ id, channel }) => session.display?.(id, channel),
    refuseWith: undefined,
    got,
    ready: isReady,
    ended,
    lastWord: undefined,
    look: async () => {},
    lookShown: () => session.look(),
    ...(before === undefined ? {} : { wasShown: ({ eventId, channel }) => before(eventId, channel) }),
    closed: ended.then(() => session.lastWord),
    becomeReady: () => becomeReady(),
    listening: () => ({ state: session.state, reason: `the test says ${session.state}` }),
    async deliver(event) {
      if (session.refuseWith !== undefined) throw session.refuseWith;
      got.push(event);
      if (stalled !== undefined) await new Promise<void>((resolve) => stalled?.push(resolve));
      if (hasEnded) throw new DeliveryError("E_SESSION_CLOSED", "the session has ended");
    },
    seen: () =>
      got
        .filter(({ channel }) => channel !== "router")
        .map(({ eventId, meta }) => (meta.attempt === undefined ? eventId : `${eventId}#${meta.attempt}`)),
    stall() {
      stalled ??= [];
    },
    resume() {
      const waiting = stalled ?? [];
      stalled = undefined;
      for (const go of waiting) go();
    },
    leave() {
      end("the test ended it in order");
      session.resume();
    },
    end() {
      hasEnded = true;
      end("the test ended it");
      session.resume();
    },
  };
  return session;
}

export interface EventOptions extends Partial<DeliveryOptions> {
  channel?: string;
  /** More than one channel. */
  channels?: readonly string[];
  priority?: Delivery["priority"];
  ttlMs?: number;
}

export interface Bench {
  readonly clock: ManualClock;
  readonly journal: Journal;
  readonly dispatcher: Dispatcher;
  readonly changes: StateChange[];
  attach(id: string, options?: SessionOptions, carried?: CarriedState): FakeSession;
  /** Commits an event and wakes the dispatcher. */
  event(id: string, options?: EventOptions): Promise<void>;
  /** `pending`, with the time that it may have to wait. */
  fetch(sessionId: string, limit?: number): ReturnType<Dispatcher["pending"]>;
  /** Drops journal and dispatcher as they are and opens both anew: what a crash leaves. */
  crash(): Promise<void>;
  /** How many texts the dispatcher has read from the journal. */
  textsRead(): number;
  /** How many times data was synced to the disk. */
  syncs(): number;
  /** The same, and the disk has only what was synced. */
  powerCut(): Promise<void>;
  /** Closes both properly and opens them anew; `boots`: on a machine that was restarted in between. */
  restart(boots?: boolean): Promise<void>;
  /** Settles when nothing happens any more. */
  quiet(): Promise<void>;
  /** Settles when it is so, or after five seconds: the test's own expectation says then what is wrong. */
  until(isSo: () => boolean | Promise<boolean>): Promise<void>;
  lastState(id: string): string | undefined;
  close(): Promise<void>;
}

export async function openBench(options: Partial<DispatcherOptions> = {}): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-"));
  const clock = manualClock();
  const newId = createEventIds();
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const changes: StateChange[] = [];
  const sessions: FakeSession[] = [];
  const disk = powerCutDisk();
  let term = 0;
  let boot = 1;
  const former: Journal[] = [];

  async function open() {
    term += 1;
    const mine = term;
    journal = await openJournal({
      folder,
      term,
      isCurrent: () => mine === term,
      clock,
      log,
      disk,
      boot: `${boot}`,
    });
    dispatcher = new Dispatcher({
      journal: counting(journal),
      clock,
      log,
      newId,
      compileGlob,
      home: "/home/me",
      observe: (change) => changes.push(change),
      ...options,
    });
  }
  /** What the dispatcher has asked of the disk and has no answer to. */
  let asked = 0;
  let textsRead = 0;
  function counting(real: Journal): Journal {
    return new Proxy(real, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          if (name === "deliveries") textsRead += (args[0] as unknown[]).length;
          const result: unknown = value.apply(target, args);
          if (result instanceof Promise) {
            asked += 1;
            const answered = (): void => {
              asked -= 1;
            };
            result.then(answered, answered);
          }
          return result;
        };
      },
    });
  }
  let journal!: Journal;
  let dispatcher!: Dispatcher;
  await open();

  const bench: Bench = {
    clock,
    get journal() {
      return journal;
    },
    get dispatcher() {
      return dispatcher;
    },
    changes,
    attach(id, more, carried) {
      const session = fakeSession(id, clock.now(), more);
      sessions.push(session);
      dispatcher.attach(session, carried);
      return session;
    },
    async event(id, { channel: only = "ci", channels = [only], priority, ttlMs, ...terms } = {}) {
      const event: RouterEvent = {
        id,
        source: terms.source ?? "github",
        connector: "http",
        timeMs: clock.now(),
        data: {},
        text: "{}",
        trust: terms.unproven === true ? "unverified" : "verified",
      };
      const deliveries = channels.map(
        (channel): Delivery => ({
          channel,
          content: `event ${id}`,
          meta: { channel, event_id: id, ...(terms.unproven === true ? { trust: "unverified" } : {}) },
          tokens: 5,
          ...(priority === undefined ? {} : { priority }),
          ...(ttlMs === undefined ? {} : { untilMs: clock.now() + ttlMs }),
          terms: writeDeliveryOptions({ source: "github", to: "one", ...terms }),
        }),
      );
      await journal.append({ event, deliveries, memory: [] });
      dispatcher.wake();
    },
    async fetch(sessionId, limit) {
      let isDone = false;
      const fetched = dispatcher.pending(sessionId, limit).finally(() => {
        isDone = true;
      });
      await bench.quiet();
      // A session whose write stalls is waited for.
      if (!isDone) await clock.advance(2_001);
      return fetched;
    },
    async crash() {
      // The next epoch ends the old journal at its next commit, whatever it still wanted to say.
      former.push(journal);
      await open();
    },
    textsRead: () => textsRead,
    syncs: disk.syncs,
    async powerCut() {
      former.push(journal);
      // The old journal writes nothing more.
      term += 1;
      await journal.idle();
      disk.cut(folder);
      boot += 1;
      await open();
    },
    async restart(boots = false) {
      await dispatcher.stop(AbortSignal.timeout(1_000));
      await journal.close();
      if (boots) boot += 1;
      await open();
    },
    async quiet() {
      // A write that stalls never ends: quiet is when the disk has answered all, and then nothing was seen for a while.
      const seen = () => changes.length + sessions.reduce((sum, { got }) => sum + got.length, 0);
      let before = -1;
      for (let round = 0; round < 6; round++) {
        if (seen() !== before || asked > 0) round = 0;
        before = seen();
        await journal.idle();
        await clock.advance(0);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    },
    async until(isSo) {
      const endMs = Date.now() + 5_000;
      while (!(await isSo()) && Date.now() < endMs) await bench.quiet();
    },
    lastState: (id) => changes.filter((change) => change.id === id).at(-1)?.state,
    async close() {
      await dispatcher.stop(AbortSignal.timeout(100));
      await journal.close();
      for (const old of former) await old.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return bench;
}
