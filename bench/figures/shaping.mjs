// What flow control costs: a million events with keys of their own through `dedupe`, a million into one digest, and the text of a digest
// of ten thousand. The parts are bundled from the source and used without the router around them.

import { loadSource } from "../harness/load-source.mjs";
import { note } from "../harness/note.mjs";
import { median } from "../harness/statistics.mjs";

const events = 1_000_000;
const atOnce = 1_000;
const maxMicroseconds = 5;
const members = 10_000;
const runs = 7;
const maxRenderMs = 50;
const maxGrowthMb = 64;

export async function shaping() {
  const parts = await loadParts();
  const rows = [];
  note("shaping: distinct dedupe keys");
  const keys = await distinctKeys(parts);
  rows.push({
    figure: `dedupe, ${events.toLocaleString("en")} distinct keys`,
    router: `${keys.microseconds.toFixed(2)} us an event, ${keys.kept.toLocaleString("en")} keys kept`,
    target: `<= ${maxMicroseconds} us, <= ${parts.maxKeysPerScope.toLocaleString("en")} keys`,
    ok: keys.microseconds <= maxMicroseconds && keys.kept <= parts.maxKeysPerScope,
  });
  note("shaping: one digest of many");
  const large = collect(parts);
  rows.push({
    figure: `digest, ${events.toLocaleString("en")} events into one`,
    router: `${large.microseconds.toFixed(2)} us an event, ${large.grownMb.toFixed(0)} MB at most`,
    target: `<= ${maxMicroseconds} us, <= ${maxGrowthMb} MB`,
    ok: large.microseconds <= maxMicroseconds && large.grownMb <= maxGrowthMb && large.count === events,
  });
  const took = renderMs(parts);
  rows.push({
    figure: `digest of ${members.toLocaleString("en")} events, rendered`,
    router: `${took.toFixed(1)} ms`,
    target: `<= ${maxRenderMs} ms`,
    ok: took <= maxRenderMs,
  });
  return rows;
}

const loadParts = () =>
  loadSource([
    'export { dedupeFilter } from "./src/filters/dedupe.ts";',
    'export { maxKeysPerScope } from "./src/filters/memory-key.ts";',
    'export { createKeyedTable } from "./src/journal/table/keyed-table.ts";',
    'export { createMemory } from "./src/router/memory.ts";',
    'export { Shaper } from "./src/shaping/shaper.ts";',
    'export { foldGroup, newestIds } from "./src/plan/fold.ts";',
  ]);

/** As emit does it: asked, staged on a commit, and fact in the journal's table once that has settled. */
async function distinctKeys({ dedupeFilter, createMemory, createKeyedTable, maxKeysPerScope }) {
  const scope = "ci/dedupe";
  const table = createKeyedTable(20 * maxKeysPerScope);
  const clock = { now: Date.now, after: () => () => {} };
  const memory = createMemory(clock, {
    get: (name, key) => table.get(name, key, Date.now())?.value,
  });
  const filter = dedupeFilter({ scope, key: (view) => view.id, forMs: 3_600_000 });
  const before = process.cpuUsage();
  for (let first = 0; first < events; first += atOnce) {
    const writes = [];
    for (let index = first; index < first + atOnce; index++) {
      const verdict = filter.test({ id: `event-${index}` }, memory, Date.now());
      memory.stage([verdict.write], Promise.resolve());
      writes.push(verdict.write);
    }
    for (const { key, value, untilMs, limit } of writes) table.set(scope, key, { value, untilMs }, limit);
    await Promise.resolve();
  }
  const microseconds = usedSince(before) / events;
  await new Promise((resolve) => setImmediate(resolve));
  return { microseconds, kept: table.size() + memory.size() };
}

/** Of the processor's time, so that a busy machine does not count. */
function usedSince(before) {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const digest = { everyMs: 3_600_000, waitMs: 3_600_000, scope: "ci/digest" };
const options = { supersedes: false, quiet: [], budget: 500, digest };

function entryOf(id, position, more = {}) {
  const options = { source: "ci", to: '"one"' };
  const meta = { channel: "ci", event_id: id, repo: "acme/api" };
  const shaping = { atMs: position, digest: "", ...more };
  return { id, channel: "ci", position, priority: "normal", attempt: 0, tokens: 30, meta, shaping, options };
}

const idOf = (index) => `e${String(index).padStart(12, "0")}`;

function collect({ Shaper }) {
  const shaper = new Shaper({ cadence: () => undefined, isOpen: () => true });
  shaper.configure({ channels: new Map([["ci", options]]) });
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  let most = before;
  let parts = 0;
  const begun = process.cpuUsage();
  for (let index = 0; index < events; index++) {
    shaper.enter(entryOf(idOf(index), index), 0);
    if (index % 100_000 === 0) most = Math.max(most, process.memoryUsage().heapUsed);
    if (shaper.nextMs() > 0) continue;
    for (const { closing } of shaper.actions(0)) {
      shaper.settle(closing, "folded", 0);
      const { count, firstMs, lastMs } = closing.facts;
      const sums = { reason: "digest", count, firstMs, lastMs, lines: [], part: true };
      shaper.enter(entryOf(`p${++parts}`, index, { sums }), 0);
    }
  }
  const microseconds = usedSince(begun) / events;
  const [group] = shaper.groups();
  return { microseconds, grownMb: (most - before) / 1024 ** 2, count: group.facts.count };
}

function renderMs({ Shaper, foldGroup, newestIds }) {
  const took = [];
  for (let run = 0; run < runs; run++) {
    const shaper = new Shaper({ cadence: () => undefined, isOpen: () => true });
    shaper.configure({ channels: new Map([["ci", options]]) });
    for (let index = 0; index < members - 1; index++) shaper.enter(entryOf(idOf(index), index), 0);
    shaper.enter(entryOf(idOf(members - 1), members - 1), 0);
    const [{ closing }] = shaper.actions(digest.waitMs);
    const text = { content: `unit tests failed on main\n${"x".repeat(400)}`, meta: {}, atMs: 0 };
    const startMs = performance.now();
    const alive = [...closing.members.keys()];
    const texts = new Map(newestIds(closing, alive).map((id) => [id, text]));
    const style = { options, content: undefined, inputs: {}, mask: (written) => written };
    foldGroup(closing, alive, texts, { id: "digest", nowMs: digest.waitMs, shaping: style });
    took.push(performance.now() - startMs);
  }
  return median(took);
}
