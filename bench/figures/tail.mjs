// Lines per second of a file that grows at once by a million lines of 100 bytes, of which a filter takes one in a thousand:
// from the first byte written to the last event read. Against a script with `readline` and a RegExp. What 200 tails cost that have
// nothing to do, and what a backlog costs in memory.

import { spawn } from "node:child_process";
import { appendFileSync, closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { routerOf } from "../harness/contenders.mjs";
import { note } from "../harness/note.mjs";
import { processorMsExact, residentMb } from "../harness/process-usage.mjs";
import { startServer } from "../harness/server.mjs";
import { median } from "../harness/statistics.mjs";

const rounds = 5;
const linesPerRound = 1_000_000;
const oneIn = 1_000;
const minShare = 0.7;
const idleTails = 200;
const idleMs = 15_000;
const maxIdleShare = 0.01;
const backlogBytes = 1_000_000_000;
const maxGrowthMb = 150;
const pattern = "ERROR.*request";
const minimalTail = fileURLToPath(new URL("../minimal-tail.mjs", import.meta.url));

const oneTail = `sources:
  app: { type: tail, files: app.log }
channels:
  app: { match: { data.line: { regex: "${pattern}" } } }
budget: { hour: none }
`;

export async function tail({ profileFolder }) {
  return [await speed(profileFolder), await idle(), await memory()];
}

/** One round: the same text for both. */
function makeLines() {
  const lines = [];
  for (let index = 1; index <= linesPerRound; index++) {
    const level = index % oneIn === 0 ? "ERROR" : "INFO ";
    const text = `2026-11-24T22:10:00.${String(index % 1_000).padStart(3, "0")}Z ${level} [worker-${index % 16}] request ${index} took ${index % 997} ms`;
    lines.push(text.padEnd(99, "."));
  }
  return Buffer.from(`${lines.join("\n")}\n`);
}

async function speed(profileFolder) {
  const contender = routerOf({ config: oneTail, profileFolder });
  const file = join(contender.folder, "app.log");
  writeFileSync(file, "");
  const server = await startServer(contender);
  const script = startScript(file);
  const bytes = makeLines();
  const perRound = linesPerRound / oneIn;
  const own = [];
  const others = [];
  try {
    await sleep(2_000);
    for (let round = 0; round <= rounds; round++) {
      // One after the other, on the same growing file: whoever does not run is stopped.
      for (const [which, rates] of round % 2 === 0
        ? [
            [server, own],
            [script, others],
          ]
        : [
            [script, others],
            [server, own],
          ]) {
        const other = which === server ? script : server;
        process.kill(other.pid, "SIGSTOP");
        const until = which.events + perRound;
        const begun = performance.now();
        appendFileSync(file, bytes);
        await untilRead(which, until);
        rates.push(linesPerRound / ((performance.now() - begun) / 1_000));
        process.kill(other.pid, "SIGCONT");
        await untilRead(other, other.events + perRound);
        await sleep(300);
      }
      note(
        `tail: round ${round} of ${rounds}, router ${own.at(-1).toFixed(0)}/s, script ${others.at(-1).toFixed(0)}/s`,
      );
    }
  } finally {
    await server.stop();
    script.stop();
    contender.dispose();
  }
  // The first round warms both up.
  const shares = own.slice(1).map((rate, index) => rate / others[index + 1]);
  const ratio = median(shares);
  return {
    figure: "tail, 100-byte lines, 1 in 1,000 wanted",
    router: `${median(own.slice(1)).toFixed(0)}/s`,
    against: `${median(others.slice(1)).toFixed(0)}/s`,
    ratio,
    target: `>= ${minShare} x readline and RegExp`,
    ok: ratio >= minShare,
  };
}

async function untilRead(reader, count) {
  const deadline = performance.now() + 60_000;
  while (reader.events < count) {
    if (performance.now() > deadline) throw new Error(`${reader.name} read ${reader.events} of ${count}`);
    await sleep(2);
  }
}

function startScript(file) {
  const child = spawn(process.execPath, [minimalTail, file, pattern], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const script = { name: "script", pid: child.pid, events: 0, stop: () => child.kill("SIGKILL") };
  createInterface({ input: child.stdout }).on("line", () => {
    script.events += 1;
  });
  return script;
}

async function idle() {
  const names = Array.from({ length: idleTails }, (_, index) => `app_${index}`);
  const sources = names.map((name) => `  ${name}: { type: tail, files: logs/${name}.log }`);
  const contender = routerOf({
    config: `sources:\n${sources.join("\n")}\n`,
    files: names.map((name) => `logs/${name}.log`),
  });
  const server = await startServer(contender);
  try {
    // The first minute is not quiet: every file may still be one that grows.
    await sleep(70_000);
    const before = processorMsExact(server.pid);
    await sleep(idleMs);
    const share = (processorMsExact(server.pid) - before) / idleMs;
    return {
      figure: `${idleTails} tails with nothing to do`,
      router: `${(share * 100).toFixed(2)} % of a processor`,
      against: "",
      ratio: share,
      target: `< ${maxIdleShare * 100} %`,
      ok: share < maxIdleShare,
    };
  } finally {
    await server.stop();
    contender.dispose();
  }
}

async function memory() {
  const contender = routerOf({ config: oneTail.replace("app.log }", "app.log, from: start }") });
  const server = await startServer(contender);
  try {
    await sleep(2_000);
    const bytes = makeLines();
    const file = openSync(join(contender.folder, "app.log"), "w");
    let most = residentMb(server.pid);
    const before = most;
    for (let written = 0; written < backlogBytes; written += bytes.length) writeSync(file, bytes);
    closeSync(file);
    const expected = Math.ceil(backlogBytes / bytes.length) * (linesPerRound / oneIn);
    while (server.events < expected) {
      await sleep(50);
      most = Math.max(most, residentMb(server.pid));
    }
    return {
      figure: `tail of ${backlogBytes / 1e9} GB at once`,
      router: `${(most - before).toFixed(0)} MB more`,
      against: "",
      ratio: (most - before) / maxGrowthMb,
      target: `<= ${maxGrowthMb} MB`,
      ok: most - before <= maxGrowthMb,
    };
  } finally {
    await server.stop();
    contender.dispose();
  }
}
