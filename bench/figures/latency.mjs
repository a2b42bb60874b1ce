// From a request's sending to its line on stdout, at half the load that the slower of the two can bear. Posts are due at
// fixed times, so waiting for a free connection counts.

import { startLoad } from "../harness/load.mjs";
import { note } from "../harness/note.mjs";
import { median, percentile } from "../harness/statistics.mjs";
import { measureThroughput, startPair } from "./throughput.mjs";

const runs = 5;
const runMs = 3_000;
const target = 1.5;

export async function latency({ profileFolder }) {
  const pair = await startPair(profileFolder);
  const p99 = { router: [], minimal: [] };
  const p50 = { router: [], minimal: [] };
  let rate;
  try {
    const peak = await measureThroughput(pair.servers, { rounds: 1, roundMs: 2_000 });
    rate = Math.round(Math.min(peak.router[0].perSecond, peak.minimal[0].perSecond) / 2);
    for (let run = 0; run < runs; run++) {
      for (const server of pair.servers) {
        const times = await measure(server, rate);
        p99[server.name].push(percentile(times, 0.99));
        p50[server.name].push(percentile(times, 0.5));
        note(
          `latency: run ${run + 1} of ${runs}, ${server.name} p99 ${p99[server.name].at(-1).toFixed(1)} ms`,
        );
      }
    }
  } finally {
    await pair.close();
  }
  const show = (name) => `${median(p99[name]).toFixed(1)} ms (p50 ${median(p50[name]).toFixed(1)})`;
  const ratio = median(p99.router) / median(p99.minimal);
  return [
    {
      figure: `p99 request to line, ${rate}/s`,
      router: show("router"),
      against: show("minimal"),
      ratio,
      target: `<= ${target} x`,
      ok: ratio <= target,
    },
  ];
}

/** The latencies of one run, in milliseconds. */
async function measure(server, rate) {
  const events = Math.round((rate * runMs) / 1e3);
  const load = startLoad({ port: server.port, rate, events, traced: events });
  const before = server.events;
  const times = [];
  server.onEvent = (line) => {
    const [seconds, nanoseconds] = process.hrtime();
    times.push(seconds * 1e3 + nanoseconds / 1e6 - load.sentAt[load.indexOf(line)]);
  };
  const { accepted } = await load.finished;
  await server.untilEvents(before + accepted);
  server.onEvent = undefined;
  return times;
}
