// `npm run soak`: what takes too long for `npm run bench` and the tests: all faults at random for ten minutes (`--minutes N`), sessions
// killed at random under a flood for as long, stdout not read for a minute, load for as long as the kills with a sample of memory every ten seconds,
// and half a minute of reloads under load. `--seed N` repeats the choices. `--only faults`, `kills`, `unread`, `load` or `reloads` runs one of them. Exit code 1 when a target is missed.

import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { faults } from "./figures/faults.mjs";
import { kills } from "./figures/kills.mjs";
import { sampleUnderLoad } from "./figures/memory.mjs";
import { unread } from "./figures/unread.mjs";
import { router } from "./harness/contenders.mjs";
import { seeded } from "./harness/random.mjs";
import { startServer } from "./harness/server.mjs";
import { growth } from "./harness/statistics.mjs";
import { printTable } from "./harness/table.mjs";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    only: { type: "string" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) {
  console.error("--minutes takes a number above 0");
  process.exit(2);
}
const seed = Number(values.seed);
if (!Number.isInteger(seed)) {
  console.error("--seed takes a whole number");
  process.exit(2);
}
const soaks = {
  faults: () => harmed(faults),
  kills: () => harmed(kills),
  unread: () => unread({ stallMs: 60_000 }),
  load: longLoad,
  reloads,
};
if (values.only !== undefined && !Object.hasOwn(soaks, values.only)) {
  console.error(`--only takes one of ${Object.keys(soaks).join(", ")}`);
  process.exit(2);
}
const sampleEveryMs = 10_000;
const maxGrowth = 0.05;

const rows = [];
for (const [name, soak] of Object.entries(soaks))
  if (values.only === undefined || values.only === name) rows.push(...(await soak()));
console.log();
printTable(rows);
process.exitCode = rows.every((row) => row.ok) ? 0 : 1;

async function harmed(run) {
  let printed = 0;
  console.log(`seed ${seed}: --seed ${seed} makes the same choices again`);
  console.log("seconds  accepted  killed  ended  stalled  again  waiting  sessions");
  return run({
    durationMs: minutes * 60_000,
    random: seeded(seed),
    onSample({ seconds, accepted, killed, ended, stalled, attempts, waiting, sessions }) {
      if (seconds * 1e3 - printed < sampleEveryMs) return;
      printed = seconds * 1e3;
      const columns = [
        [seconds.toFixed(0), 7],
        [accepted, 10],
        [killed, 8],
        [ended, 7],
        [stalled, 9],
        [attempts, 7],
        [waiting, 9],
        [sessions, 10],
      ];
      console.log(columns.map(([value, width]) => String(value).padStart(width)).join(""));
    },
  });
}

/** The test of a storm of reloads, for ten times as long as in the suite. */
async function reloads() {
  const vitest = fileURLToPath(new URL("../node_modules/vitest/vitest.mjs", import.meta.url));
  const { status } = spawnSync(
    process.execPath,
    [vitest, "run", "test/reload/a-storm-of-reloads-loses-nothing.test.ts"],
    {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      env: { ...process.env, STORM_MS: "30000" },
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  const ok = status === 0;
  return [
    {
      figure: "30 s of reloads at 500 requests/s",
      router: ok ? "none lost" : "see above",
      target: "none refused, lost or twice",
      ok,
    },
  ];
}

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
    return [
      {
        figure: `${minutes} min of load, 50 channels`,
        router: `${samples.at(-1).x} events, ${samples.at(-1).y.toFixed(0)} MB, ${(grown * 100).toFixed(1)} % growth`,
        target: `< ${maxGrowth * 100} % growth`,
        ok: grown < maxGrowth,
      },
    ];
  } finally {
    contender.dispose();
  }
}
