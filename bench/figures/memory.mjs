// Resident memory: idle after the start, and whether it still grows after a warm-up. Garbage makes it move up and down, so
// growth is the slope of the line through all samples, never the difference of two.

import { setTimeout as sleep } from "node:timers/promises";
import { minimal, router } from "../harness/contenders.mjs";
import { startLoad } from "../harness/load.mjs";
import { note } from "../harness/note.mjs";
import { residentMb } from "../harness/process-usage.mjs";
import { startServer } from "../harness/server.mjs";
import { growth, median } from "../harness/statistics.mjs";

const settleMs = 2_000;
const warmUpEvents = 20_000;
const measuredEvents = 100_000;
const sampleMs = 100;
const maxIdleMb = 90;
const maxGrowth = 0.05;

export async function memory({ profileFolder }) {
  const plain = await minimal();
  const routed = await router({ channels: 50, profileFolder });
  try {
    const against = await startServer(plain);
    const server = await startServer(routed);
    await server.listening();
    note("memory: idle");
    await sleep(settleMs);
    const idle = residentMb(server.pid);
    const idleAgainst = residentMb(against.pid);
    await against.stop();
    const samples = await sampleUnderLoad(server, { events: warmUpEvents + measuredEvents });
    await server.stop();
    const late = samples.filter(({ x }) => x >= warmUpEvents + measuredEvents / 2);
    const grown = growth(late);
    return [
      {
        figure: "resident memory, idle, 50 channels",
        router: `${idle.toFixed(0)} MB`,
        against: `${idleAgainst.toFixed(0)} MB`,
        ratio: idle / idleAgainst,
        target: `<= ${maxIdleMb} MB`,
        ok: idle <= maxIdleMb,
      },
      {
        figure: "resident memory, after 100,000 events",
        router: `${median(late.map(({ y }) => y)).toFixed(0)} MB, ${(grown * 100).toFixed(1)} % growth`,
        target: `< ${maxGrowth * 100} % growth`,
        ok: grown < maxGrowth,
      },
    ];
  } finally {
    plain.dispose();
    routed.dispose();
  }
}

/** Resident MB (`y`) at so many events written (`x`), sampled until the load ends. */
export async function sampleUnderLoad(server, { onSample, everyMs = sampleMs, ...load }) {
  const samples = [];
  let ended = false;
  const running = startLoad({ port: server.port, ...load });
  const finished = running.finished.finally(() => {
    ended = true;
  });
  let announced = 0;
  while (!ended) {
    await Promise.race([sleep(everyMs), finished]);
    const sample = { x: server.events, y: residentMb(server.pid) };
    samples.push(sample);
    onSample?.(sample);
    if (server.events - announced >= 20_000) {
      announced = server.events;
      note(`memory: ${announced} events, ${sample.y.toFixed(0)} MB`);
    }
  }
  await finished;
  return samples;
}
