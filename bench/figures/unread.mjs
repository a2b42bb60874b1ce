// A client that stops reading stdout while 16 connections go on posting, each giving up after 5 s, and newcomers with more
// patience arrive; then it reads again. What is accepted meanwhile waits in the journal, so memory must stay where it is, and
// whoever was answered 2xx must find his delivery on stdout, exactly once.

import { setTimeout as sleep } from "node:timers/promises";
import { router } from "../harness/contenders.mjs";
import { runLoad, startLoad } from "../harness/load.mjs";
import { note } from "../harness/note.mjs";
import { residentMb } from "../harness/process-usage.mjs";
import { startServer } from "../harness/server.mjs";

const warmUpEvents = 10_000;
const beforeStallMs = 1_000;
const sampleMs = 500;
/** Over the memory of the warmed-up server: the bounded queue, open requests of 8 KB, and garbage. */
const maxAboveMb = 64;
/** Enough for a hot loop of refusals on 16 connections through the long form. */
const traced = 8_000_000;

/** `stallMs`: how long stdout is not read. */
export async function unread({ stallMs = 12_000 }) {
  const contender = await router({ channels: 10 });
  try {
    const server = await startServer(contender);
    await server.listening();
    await runLoad(server, { events: warmUpEvents });
    const result = await stall(server, stallMs);
    await server.stop();
    return [row(result, stallMs)];
  } finally {
    contender.dispose();
  }
}

async function stall(server, stallMs) {
  const before = residentMb(server.pid);
  const load = startLoad({
    port: server.port,
    timeoutMs: 5_000,
    newcomers: { perSecond: 40, timeoutMs: 15_000 },
    traced,
  });
  const lines = new Uint8Array(traced);
  server.onEvent = (line) => {
    const index = load.indexOf(line);
    if (lines[index] < 255) lines[index] += 1;
  };
  await sleep(beforeStallMs);
  server.stopReading();
  const begun = performance.now();
  let peak = 0;
  let announced = 0;
  while (performance.now() - begun < stallMs) {
    await sleep(sampleMs);
    peak = Math.max(peak, residentMb(server.pid));
    if (performance.now() - announced > 4_000) {
      announced = performance.now();
      note(
        `unread: ${((announced - begun) / 1e3).toFixed(0)} of ${stallMs / 1e3} s, ${residentMb(server.pid).toFixed(0)} MB`,
      );
    }
  }
  server.readAgain();
  await sleep(beforeStallMs);
  load.stop();
  const { sent, byStatus, accepted, statuses } = await load.finished;
  await server.untilEvents(Number.POSITIVE_INFINITY, 2_000);
  server.onEvent = undefined;
  if (sent > traced) throw new Error(`${sent} posts are more than the ${traced} that are traced`);
  return { before, peak, byStatus, accepted, ...compare(statuses, lines, sent) };
}

/** `lost`: answered 2xx and never written. `repeated`: written more than once. `unasked`: written though refused. */
function compare(statuses, lines, sent) {
  let lost = 0;
  let repeated = 0;
  let unasked = 0;
  for (let index = 0; index < sent; index++) {
    const accepted = statuses[index] >= 200 && statuses[index] < 300;
    const refused = statuses[index] >= 400;
    if (accepted && lines[index] === 0) lost += 1;
    if (refused && lines[index] > 0) unasked += 1;
    if (lines[index] > 1) repeated += 1;
  }
  return { lost, repeated, unasked };
}

function row({ before, peak, byStatus, accepted, lost, repeated, unasked }, stallMs) {
  const refused = (byStatus[429] ?? 0) + (byStatus[503] ?? 0);
  const answers = Object.entries(byStatus)
    .map(([status, count]) => `${{ 1: "broken", 2: "timed out" }[status] ?? status}: ${count}`)
    .join(", ");
  return {
    figure: `stdout not read for ${stallMs / 1e3} s`,
    router: `${before.toFixed(0)} -> ${peak.toFixed(0)} MB, ${refused} refused, ${lost} lost`,
    target: `+${maxAboveMb} MB, none lost`,
    ok: peak - before <= maxAboveMb && lost === 0 && repeated === 0,
    note: `${accepted} accepted; answers ${answers}; ${repeated} written twice; ${unasked} written though answered 429 or 503`,
  };
}
