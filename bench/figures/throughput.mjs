// Deliveries per second from 16 connections that never pause. The router checks signatures, matches and renders; the
// minimal receiver passes the body on. What was answered 2xx must have come out as a line, in both.

import { minimal, router } from "../harness/contenders.mjs";
import { runLoad } from "../harness/load.mjs";
import { note } from "../harness/note.mjs";
import { startServer } from "../harness/server.mjs";
import { median } from "../harness/statistics.mjs";

const rounds = 4;
const warmUpMs = 3_000;
const roundMs = 3_500;
const target = 1;

/** The router on a config of ten channels, and the minimal receiver. */
export async function routerAndMinimal(profileFolder) {
  return [await router({ channels: 10, profileFolder }), await minimal()];
}

/** Starts the servers and warms them up. `close` ends them. */
export async function startAll(contenders) {
  const servers = [];
  for (const contender of contenders) {
    const server = await startServer(contender);
    await server.listening();
    note(`warming up the ${server.name}`);
    await runLoad(server, { durationMs: warmUpMs });
    servers.push(server);
  }
  return {
    servers,
    async close() {
      for (const server of servers) await server.stop();
      for (const contender of contenders) contender.dispose();
    },
  };
}

/** By name of server: for each round `{perSecond, lost, refused}`. */
export async function measureThroughput(servers, { rounds, roundMs }) {
  const results = Object.fromEntries(servers.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const server of servers) {
      const { accepted, sent, seconds, lost } = await runLoad(server, { durationMs: roundMs });
      const perSecond = accepted / seconds;
      results[server.name].push({ perSecond, lost, refused: sent - accepted });
      note(`throughput: round ${round + 1} of ${rounds}, ${server.name} ${perSecond.toFixed(0)}/s`);
    }
  }
  return results;
}

export async function throughput({ profileFolder }) {
  const pair = await startAll(await routerAndMinimal(profileFolder));
  let results;
  try {
    results = await measureThroughput(pair.servers, { rounds, roundMs });
  } finally {
    await pair.close();
  }
  const own = results.router.map(({ perSecond }) => perSecond);
  const others = results.minimal.map(({ perSecond }) => perSecond);
  const ratio = median(own.map((perSecond, index) => perSecond / others[index]));
  const all = [...results.router, ...results.minimal];
  const lost = all.reduce((sum, round) => sum + Math.abs(round.lost), 0);
  const refused = all.reduce((sum, round) => sum + round.refused, 0);
  return [
    {
      figure: "signed 8 KB deliveries, 16 connections",
      router: `${median(own).toFixed(0)}/s`,
      against: `${median(others).toFixed(0)}/s`,
      ratio,
      target: `>= ${target} x, none lost`,
      ok: ratio >= target && lost === 0 && refused === 0,
      ...(lost + refused > 0 && {
        note: `${lost} lines differ from the posts accepted, ${refused} posts not accepted`,
      }),
    },
  ];
}
