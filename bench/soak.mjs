// `npm run soak`: what takes too long for `npm run bench` and the tests: stdout not read for a minute, and load for ten
// (`--minutes N`) with a sample of memory every ten seconds. Exit code 1 when a target is missed.

import { parseArgs } from "node:util";
import { sampleUnderLoad } from "./figures/memory.mjs";
import { unread } from "./figures/unread.mjs";
import { router } from "./harness/contenders.mjs";
import { startServer } from "./harness/server.mjs";
import { growth } from "./harness/statistics.mjs";
import { printTable } from "./harness/table.mjs";

const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) {
  console.error("--minutes takes a number above 0");
  process.exit(2);
}
const sampleEveryMs = 10_000;
const maxGrowth = 0.05;

const rows = [...(await unread({ stallMs: 60_000 })), await longLoad()];
console.log();
printTable(rows);
process.exitCode = rows.every((row) => row.ok) ? 0 : 1;

async function longLoad() {
  const contender = await router({ channels: 50 });
  try {
    const server = await startServer(contender);
    await server.listening();
    const begun = performance.now();
    let printed = 0;
    console.log("seconds    events  resident MB");
    const samples = await sampleUnderLoad(server, {
      durationMs: minutes * 60_000,
      everyMs: 1_000,
      onSample({ x, y }) {
        const elapsed = performance.now() - begun;
        if (elapsed - printed < sampleEveryMs) return;
        printed = elapsed;
        console.log(
          `${(elapsed / 1e3).toFixed(0).padStart(7)}${String(x).padStart(10)}${y.toFixed(0).padStart(13)}`,
        );
      },
    });
    await server.stop();
    // A fifth of the time is warm-up.
    const grown = growth(samples.slice(Math.floor(samples.length / 5)));
    return {
      figure: `${minutes} min of load, 50 channels`,
      router: `${samples.at(-1).x} events, ${samples.at(-1).y.toFixed(0)} MB, ${(grown * 100).toFixed(1)} % growth`,
      target: `< ${maxGrowth * 100} % growth`,
      ok: grown < maxGrowth,
    };
  } finally {
    contender.dispose();
  }
}
