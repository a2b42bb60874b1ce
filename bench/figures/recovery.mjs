// Opening a journal of 256 MiB that its process left without closing it, with the last events still to be sent. The journal
// is bundled from the source and used without the router around it, so that it fills in seconds.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { note } from "../harness/note.mjs";
import { createPool } from "../harness/payloads.mjs";
import { median } from "../harness/statistics.mjs";

const journalBytes = 256 * 1024 * 1024;
const openEvents = 5_000;
const atOnce = 500;
const runs = 5;
const maxMs = 500;
const clock = { now: Date.now, after: () => () => {} };
const log = { info() {}, warn() {}, error: console.error };

export async function recovery() {
  const folder = mkdtempSync(join(tmpdir(), "channel-router-bench-"));
  try {
    const outfile = join(folder, "journal.mjs");
    const entry = fileURLToPath(new URL("../../src/journal/journal.ts", import.meta.url));
    const options = { bundle: true, platform: "node", format: "esm", logLevel: "error" };
    await build({ ...options, entryPoints: [entry], outfile });
    const { openJournal } = await import(pathToFileURL(outfile));
    let epoch = 0;
    const opened = [];
    const open = async () => {
      epoch += 1;
      const own = epoch;
      const maxBytes = 2 * journalBytes;
      const isCurrent = () => own === epoch;
      const place = { folder: join(folder, "journal"), term: epoch, isCurrent };
      opened.push(await openJournal({ ...place, clock, log, maxBytes }));
      return opened.at(-1);
    };
    note("recovery: filling the journal");
    const filled = await open();
    await fill(filled);
    const { bytes } = filled.stats();
    const reports = [];
    // Each one is pushed aside by the next, as if it had been killed: no last snapshot is written.
    for (let run = 0; run < runs; run++) reports.push((await open()).recovery);
    for (const journal of opened) await journal.close();
    const took = median(reports.map(({ tookMs }) => tookMs));
    return [
      {
        figure: `recovery of a journal of ${Math.round(bytes / 1024 / 1024)} MiB, ${openEvents} events open`,
        router: `${took.toFixed(0)} ms`,
        target: `<= ${maxMs} ms`,
        ok: took <= maxMs && reports.every(({ lost, brokenLines }) => lost === 0 && brokenLines === 0),
        note: `snapshot ${reports[0].snapshot}, ${(reports[0].bytesRead / 1024 / 1024).toFixed(0)} MiB of lines read`,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fill(journal) {
  const payloads = createPool(100).map(({ body }) => JSON.parse(body.toString("utf8")));
  const waiting = [];
  let count = 0;
  while (journal.stats().bytes < journalBytes) {
    const ids = Array.from({ length: atOnce }, () => `e${String(++count).padStart(12, "0")}`);
    await Promise.all(ids.map((id) => journal.append(record(id, payloads[count % payloads.length]))));
    waiting.push(...ids);
    const sent = waiting.splice(0, Math.max(0, waiting.length - openEvents));
    const change = { channel: "ci", state: "sent", session: "1", attempt: 1, final: true };
    await journal.mark(...sent.map((id) => ({ id, ...change })));
  }
}

function record(id, data) {
  const source = "github";
  const timeMs = Date.now();
  const event = {
    id,
    source,
    connector: "http",
    timeMs,
    data,
    text: JSON.stringify(data),
    trust: "verified",
  };
  const content = `${data.sender.login} did something in ${data.repository.full_name}`;
  const delivery = {
    channel: "ci",
    content,
    meta: { event_id: id },
    tokens: 30,
    terms: { source, to: "one" },
  };
  const memory = [
    { scope: `${source}/delivery`, key: id, value: id, untilMs: timeMs + 86_400_000, limit: 10_000 },
  ];
  return { event, deliveries: [delivery], memory };
}
