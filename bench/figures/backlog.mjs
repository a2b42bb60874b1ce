// A start with very many events in the journal: all of them overdue, or all of them waiting. How long the event loop is blocked at
// most, how much memory it takes, and when a session gets its first event. The journal is filled by its own code, bundled from the
// source, without the router around it.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { routerOf } from "../harness/contenders.mjs";
import { note } from "../harness/note.mjs";
import { processorMsExact, residentMb } from "../harness/process-usage.mjs";
import { startServer } from "../harness/server.mjs";

const counts = { overdue: 500_000, waiting: 1_000_000 };
const maxBlockMs = 250;
const maxFirstMs = 2_000;
const atOnce = 4_000;
const clock = { now: Date.now, after: () => () => {} };
const log = { info() {}, warn() {}, error: console.error };
const config = `sources:
  ci: { type: http, path: /ci }
channels:
  ci: { content: "{{data.n}}" }
`;

export async function backlog({ scale = Number(process.env.BENCH_BACKLOG ?? 1) } = {}) {
  const rows = [];
  for (const [kind, count] of Object.entries(counts)) rows.push(await start(kind, Math.round(count * scale)));
  return rows;
}

async function start(kind, count) {
  const contender = routerOf({ config });
  const turns = join(contender.folder, "turns");
  contender.env.NODE_OPTIONS = `--import=${new URL("../../test/support/watched-program.mjs", import.meta.url).href}`;
  contender.env.CR_WATCHED_TURNS = turns;
  const watched = (pid) => {
    try {
      return Number(readFileSync(`${turns}.${pid}`, "utf8"));
    } catch {
      return 0;
    }
  };
  try {
    const first = await startServer(contender);
    await first.stop();
    const state = join(contender.folder, "state");
    const [own] = readdirSync(state).filter((name) => readdirSyncOrNone(join(state, name)).length > 0);
    note(`backlog: writing ${count} events`);
    await fill(join(state, own, "journal"), kind, count);
    const begunMs = performance.now();
    const server = await startServer(contender);
    let firstMs;
    let firstCpuMs;
    server.onEvent = () => {
      firstMs ??= performance.now() - begunMs;
      firstCpuMs ??= processorMsExact(server.pid);
    };
    let peak = 0;
    const untilMs = performance.now() + 90_000;
    for (let quietMs = 0; quietMs < 3_000 && performance.now() < untilMs; ) {
      await sleep(100);
      peak = Math.max(peak, residentMb(server.pid));
      const done = kind === "overdue" ? await isEmpty(server) : firstMs !== undefined;
      quietMs = done ? quietMs + 100 : 0;
    }
    const tookMs = performance.now() - begunMs;
    const blockMs = watched(server.pid);
    await server.stop();
    const shown = firstMs === undefined ? "none" : `${firstMs.toFixed(0)} ms`;
    return {
      figure: `start with ${count} events ${kind}`,
      router: `${blockMs.toFixed(0)} ms blocked${kind === "waiting" ? `, first event ${shown}` : ""}`,
      target: `<= ${maxBlockMs} ms${kind === "waiting" ? `, <= ${maxFirstMs} ms` : ""}`,
      ok:
        blockMs <= maxBlockMs && (kind === "overdue" || (firstMs ?? Number.POSITIVE_INFINITY) <= maxFirstMs),
      note: `initialize after ${server.startupMs.toFixed(0)} ms, done after ${tookMs.toFixed(0)} ms, ${firstCpuMs === undefined ? "" : `${firstCpuMs.toFixed(0)} ms of the processor until the first event, `}${peak.toFixed(0)} MB at most`,
    };
  } finally {
    contender.dispose();
  }
}

function readdirSyncOrNone(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

async function isEmpty(server) {
  const { text } = await server.call("status");
  return !/\b[1-9]\d* (open|wait)/.test(text);
}

async function fill(folder, kind, count) {
  const made = mkdtempSync(join(fileURLToPath(new URL("../../node_modules", import.meta.url)), ".bench-"));
  try {
    const outfile = join(made, "journal.mjs");
    const entry = fileURLToPath(new URL("../../src/journal/journal.ts", import.meta.url));
    await build({
      bundle: true,
      platform: "node",
      format: "esm",
      logLevel: "error",
      entryPoints: [entry],
      outfile,
    });
    const { openJournal } = await import(pathToFileURL(outfile));
    mkdirSync(folder, { recursive: true });
    const journal = await openJournal({
      folder,
      term: 1,
      isCurrent: () => true,
      clock,
      log,
      maxBytes: 2 ** 31,
    });
    for (let from = 0; from < count; from += atOnce) {
      const ids = Array.from({ length: Math.min(atOnce, count - from) }, (_, at) => from + at);
      await Promise.all(ids.map((n) => journal.append(record(n, kind))));
    }
    await journal.close();
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

function record(n, kind) {
  const timeMs = Date.now();
  const id = `e${String(n).padStart(12, "0")}`;
  const data = { n };
  const event = { id, source: "ci", connector: "http", timeMs, data, text: `{"n":${n}}`, trust: "local" };
  const untilMs = kind === "overdue" ? timeMs + 1 : timeMs + 86_400_000;
  const terms = { source: "ci", to: "one" };
  const delivery = {
    channel: "ci",
    content: String(n),
    meta: { event_id: id, trust: "local" },
    tokens: 30,
    terms,
    untilMs,
  };
  return { event, deliveries: [delivery], memory: [] };
}
