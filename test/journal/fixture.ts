// A journal in a folder of its own, and records to put into it.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MemoryWrite } from "../../src/contract.ts";
import { type Journal, type JournalOptions, openJournal } from "../../src/journal/journal.ts";
import type { Delivery, EventRecord } from "../../src/journal/records.ts";
import { type ManualClock, manualClock } from "../support/manual-clock.ts";

export interface Bench {
  readonly folder: string;
  readonly clock: ManualClock;
  /** What was logged, with its level. */
  readonly logged: string[];
  open(options?: Partial<JournalOptions>): Promise<Journal>;
  files(prefix?: string): string[];
  text(name: string): string;
  /** Closes what is open and removes the folder. */
  clear(): Promise<void>;
}

export function createBench(parent = tmpdir()): Bench {
  const top = mkdtempSync(join(parent, "journal-"));
  const folder = join(top, "journal");
  const clock = manualClock();
  const logged: string[] = [];
  const opened: Journal[] = [];
  const line = (level: string) => (text: string) => logged.push(`${level}: ${text}`);
  return {
    folder,
    clock,
    logged,
    async open(options = {}) {
      const journal = await openJournal({
        folder,
        term: 1,
        isCurrent: () => true,
        clock,
        log: { info: line("info"), warn: line("warn"), error: line("error") },
        ...options,
      });
      opened.push(journal);
      return journal;
    },
    files: (prefix = "") =>
      readdirSync(folder)
        .filter((name) => name.startsWith(prefix))
        .sort(),
    text: (name) => readFileSync(join(folder, name), "utf8"),
    async clear() {
      for (const journal of opened) await journal.close();
      rmSync(top, { recursive: true, force: true });
    },
  };
}

export function delivery(channel: string, more: Partial<Delivery> = {}): Delivery {
  return { channel, content: `from ${channel}`, meta: { channel }, tokens: 7, terms: {}, ...more };
}

export function record(
  id: string,
  channels: readonly (string | Delivery)[] = ["ci"],
  more: { memory?: readonly MemoryWrite[]; filler?: number; timeMs?: number } = {},
): EventRecord {
  const data = { n: id, filler: "x".repeat(more.filler ?? 0) };
  return {
    event: {
      id,
      source: "github",
      connector: "http",
      timeMs: more.timeMs ?? 0,
      trust: "verified",
      data,
      text: JSON.stringify(data),
    },
    deliveries: channels.map((channel) => (typeof channel === "string" ? delivery(channel) : channel)),
    memory: more.memory ?? [],
  };
}

/** Short forms for comparing: `id@channel state`. */
export function openOf(journal: Journal): string[] {
  return journal
    .page({ limit: 1_000_000 })
    .map(({ id, channel, state, attempt }) => `${id}@${channel} ${state}${attempt === 0 ? "" : attempt}`);
}
