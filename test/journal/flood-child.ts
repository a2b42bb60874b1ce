// Run as a process of its own by the kill test: appends without pause, sixteen at a time, and prints every id once its
// commit has settled, `-id` once the fact that it was sent has. Ends only by being killed. `small`: most events are sent, and the journal is
// larger than it should be all the time.

import { writeSync } from "node:fs";
import { systemClock } from "../../src/clock.ts";
import { openJournal } from "../../src/journal/journal.ts";

const [folder = "", epoch = "1", size] = process.argv.slice(2);
const isSmall = size === "small";
const quiet = { info() {}, warn() {}, error() {} };
const journal = await openJournal({
  folder,
  term: Number(epoch),
  isCurrent: () => true,
  clock: systemClock,
  log: quiet,
  segmentBytes: isSmall ? 40_000 : 200_000,
  ...(isSmall ? { maxBytes: 200_000 } : {}),
});
let next = 0;

async function append(): Promise<void> {
  const id = `${epoch.padStart(4, "0")}${String(next++).padStart(8, "0")}`;
  const data = { filler: "x".repeat((next * 37) % 3_000) };
  await journal.append({
    event: {
      id,
      source: "s",
      connector: "http",
      timeMs: 0,
      trust: "local",
      data,
      text: JSON.stringify(data),
    },
    deliveries: [{ channel: "ci", content: id, meta: {}, tokens: 1, terms: {} }],
    memory: [{ scope: "s", key: id, value: id, limit: 10_000 }],
  });
  // A pipe takes a short write whole, and at once: what the parent reads was settled before the kill.
  writeSync(1, `${id}\n`);
  if (isSmall ? next % 5 === 0 : next % 3 !== 0) return;
  await journal.mark({ id, channel: "ci", state: "sent", final: true });
  writeSync(1, `-${id}\n`);
}

async function appendForever(): Promise<never> {
  for (;;) await append();
}

await Promise.all(Array.from({ length: 16 }, appendForever));
