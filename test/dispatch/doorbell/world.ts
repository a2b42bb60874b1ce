// A doorbell with sessions and events in memory, on a clock that a test moves: nothing in it waits for a disk.

import type { Json } from "../../../src/contract.ts";
import type { DeliveryOptions } from "../../../src/dispatch/delivery-options.ts";
import { Doorbell } from "../../../src/dispatch/doorbell/doorbell.ts";
import type { SessionSlot } from "../../../src/dispatch/session-registry.ts";
import type { Silence } from "../../../src/dispatch/silences.ts";
import type { OpenEntry } from "../../../src/journal/open-entries.ts";
import { manualClock } from "../../support/manual-clock.ts";

export const minuteMs = 60_000;

export interface Rung {
  readonly session: string;
  readonly atMs: number;
  readonly count: number;
}

interface Event extends Pick<OpenEntry, "id" | "channel" | "position" | "priority" | "changedMs"> {
  readonly state: "held";
  readonly attempt: number;
}

export interface EventWishes {
  readonly channel?: string;
  readonly to?: DeliveryOptions["to"];
  readonly priority?: "low" | "normal" | "high";
  readonly configFile?: string;
  readonly conversation?: string;
}

export function openWorld() {
  const clock = manualClock();
  const rung: Rung[] = [];
  const notes = new Map<string, Json>();
  const events = new Map<string, Event>();
  const options = new Map<string, DeliveryOptions>();
  const slots = new Map<string, SessionSlot & { readonly positions: Set<number> }>();
  const mute = new Set<string>();
  const quiet = new Map<string, number>();
  const silences = new Map<string, Silence>();
  const sticky = new Map<string, string>();
  let positions = 0;
  let works = true;
  let takesNotes = true;

  const journal = {
    entries: (id: string) => [...events.values()].filter((event) => event.id === id) as OpenEntry[],
    async jot(_kind: string, key: string, value: Json) {
      if (!takesNotes) throw new Error("not a note");
      if (value === null) notes.delete(key);
      else notes.set(key, value);
    },
    notes: () => [...notes].map(([key, value]) => ({ key, value })),
  };
  const create = () =>
    new Doorbell({
      journal,
      clock,
      sticky: { sessionOf: ({ conversation = "" }) => sticky.get(conversation) },
      silences: { over: ({ channel }) => silences.get(channel) },
      rings: (channel) => !mute.has(channel),
      quietUntilMs(channel, nowMs) {
        const untilMs = quiet.get(channel);
        return untilMs !== undefined && nowMs < untilMs ? untilMs : undefined;
      },
    });
  let doorbell = create();

  function offer(slot: SessionSlot & { positions: Set<number> }, event: Event) {
    slot.positions.add(event.position);
    doorbell.waits(slot, event as OpenEntry, options.get(event.id) as DeliveryOptions);
  }

  const world = {
    clock,
    rung,
    mute,
    quiet,
    silences,
    sticky,
    /** The sessions that were rung, in order. */
    who: () => rung.map(({ session }) => session),
    counts: () => rung.map(({ count }) => count),
    /** Minutes since the start, of each ring. */
    minutes: () => rung.map(({ atMs }) => Math.round((atMs - Date.UTC(2026, 0, 5, 9)) / minuteMs)),
    open(id: string, more: { startedMs?: number; project?: string; state?: "yes" | "no" } = {}) {
      const { startedMs = 0, state = "no", ...rest } = more;
      const former = slots.get(id);
      if (former !== undefined) world.close(id);
      const positionsOf = new Set<number>();
      const slot = {
        session: {
          id,
          startedMs,
          ...rest,
          doorbell: {
            isThere: () => slots.get(id) === slot,
            async ring(count: number) {
              if (works) rung.push({ session: id, atMs: clock.now(), count });
              return works;
            },
          },
        },
        rank: state === "yes" ? 2 : 0,
        isReady: true,
        isGone: false,
        listening: { state, reason: "" },
        positions: positionsOf,
        waiting: { has: (position: number) => positionsOf.has(position), count: () => positionsOf.size },
      } as unknown as SessionSlot & { positions: Set<number> };
      slots.set(id, slot);
      for (const event of events.values()) offer(slot, event);
      return slot;
    },
    hear(id: string, hears: boolean) {
      const slot = slots.get(id);
      if (slot === undefined) return;
      slot.rank = hears ? 2 : 0;
      slot.listening = { state: hears ? "yes" : "no", reason: "" };
      doorbell.look();
    },
    close(id: string) {
      const slot = slots.get(id);
      if (slot === undefined) return;
      slots.delete(id);
      slot.isGone = true;
      doorbell.leave(slot);
    },
    event(id: string, { channel = "ci", to = "one", priority = "normal", ...more }: EventWishes = {}) {
      positions += 1;
      const event: Event = {
        id,
        channel,
        position: positions,
        priority,
        changedMs: clock.now(),
        state: "held",
        attempt: 0,
      };
      events.set(id, event);
      options.set(id, { source: "s", to, ...more });
      for (const slot of slots.values()) offer(slot, event);
    },
    /** The session is scanned again, as when another one comes or goes. */
    rescan(id: string) {
      const slot = slots.get(id);
      if (slot === undefined) return;
      slot.positions.clear();
      doorbell.look();
      return () => {
        for (const event of events.values()) offer(slot, event);
      };
    },
    /** As `pending` of nothing, whose result is on its way to the client until the returned function is called. */
    count: (id: string, isComplete = true) => doorbell.counted(slots.get(id) as SessionSlot, isComplete),
    /** As the tool: takes the oldest of them. */
    pending(id: string, limit = 10) {
      const slot = slots.get(id);
      if (slot === undefined) return;
      for (const position of [...slot.positions].slice(0, limit)) {
        const taken = [...events.values()].find((event) => event.position === position);
        if (taken !== undefined) events.delete(taken.id);
        for (const other of slots.values()) other.positions.delete(position);
      }
      doorbell.counted(slot, true)();
    },
    /** Another leader, with what the journal holds; the sessions connect to it. */
    async takeOver() {
      doorbell.stop();
      await Promise.resolve();
      doorbell = create();
      for (const [id, { session, listening }] of [...slots]) {
        slots.delete(id);
        world.open(id, { startedMs: session.startedMs, state: listening.state === "yes" ? "yes" : "no" });
      }
    },
    breaks(isBroken: boolean) {
      works = !isBroken;
    },
    /** The journal is another process' now. */
    loseJournal(error: Error) {
      takesNotes = false;
      journal.jot = async () => {
        throw error;
      };
    },
    report: (id: string) => doorbell.report(slots.get(id) as SessionSlot),
    look: () => doorbell.look(),
    pass: (ms: number) => clock.advance(ms),
    stop: () => doorbell.stop(),
  };
  return world;
}
