// From a request's sending to its line on stdout, at half the load that the slower of the two can bear. Posts are due at
// fixed times, so waiting for a free connection counts.

import { startLoad } from "../harness/load.mjs";
import { note } from "../harness/note.mjs";
import { median, percentile } from "../harness/statistics.mjs";
import { measureThroughput, routerAndMinimal, startAll } from "./throughput.mjs";

const runs = 5;
const runMs = 3_000;
const target = 1.5;

export async function latency({ profileFolder }) {
  const { rate, p50, p99 } = await measureLatency(await routerAndMinimal(profileFolder));
  const show = (name) => `${p99[name].toFixed(1)} ms (p50 ${p50[name].toFixed(1)})`;
  const ratio = p99.router / p99.minimal;
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

/** Medians of all runs, by the servers' names: `{rate, p50, p99}`. */
export async function measureLatency(contenders) {
  const all = await startAll(contenders);
  const times = Object.fromEntries(all.servers.map(({ name }) => [name, { p50: [], p99: [] }]));
  try {
    const peak = await measureThroughput(all.servers, { rounds: 1, roundMs: 2_000 });
    const slowest = Math.min(...Object.values(peak).map(([{ perSecond }]) => perSecond));
    const rate = Math.round(slowest / 2);
    for (let run = 0; run < runs; run++) {
      for (const server of all.servers) {
        const one = await measureLatencies(server, { rate, events: Math.round((rate * runMs) / 1e3) });
        const { p50, p99 } = times[server.name];
        p50.push(percentile(one, 0.5));
        p99.push(percentile(one, 0.99));
        note(`latency: run ${run + 1} of ${runs}, ${server.name} p99 ${p99.at(-1).toFixed(1)} ms`);
      }
    }
    const medians = (which) =>
      Object.fromEntries(Object.entries(times).map(([name, one]) => [name, median(one[which])]));
    return { rate, p50: medians("p50"), p99: medians("p99") };
  } finally {
    await all.close();
  }
}

/** The latencies of one run, in milliseconds, as `reader` (the server posted at, or another session of it) sees them. */
export async function measureLatencies(server, { rate, events, reader = server }) {
  const load = startLoad({ port: server.port, rate, events, traced: events });
  const before = reader.events;
  const times = [];
  reader.onEvent = (line) => {
    const [seconds, nanoseconds] = process.hrtime();
    times.push(seconds * 1e3 + nanoseconds / 1e6 - load.sentAt[load.indexOf(line)]);
  };
  const { accepted } = await load.finished;
  await reader.untilEvents(before + accepted);
  reader.onEvent = undefined;
  return times;
}
