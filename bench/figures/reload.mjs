// From the last write of an edit to the first request that is answered by it, with a small config and one of 1,000 channels
// whose every channel the edit changes. The edit also moves a path, which is how it is seen; requests go on meanwhile, and
// the longest that one of them takes is how long the router did nothing else.

import { readFileSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { router } from "../harness/contenders.mjs";
import { note } from "../harness/note.mjs";
import { startServer } from "../harness/server.mjs";
import { median } from "../harness/statistics.mjs";

const cases = [
  { channels: 10, edits: 15, maxMs: 300 },
  { channels: 1_000, edits: 5, maxMs: 1_000 },
];
const maxPauseMs = 100;
const betweenMs = 300;

export async function reload() {
  const rows = [];
  for (const one of cases) rows.push(row(one, await measure(one)));
  return rows;
}

async function measure({ channels, edits }) {
  const contender = await router({ channels });
  const agent = new Agent({ keepAlive: true });
  try {
    const server = await startServer(contender);
    await server.listening();
    const file = join(contender.folder, "channels.yaml");
    const text = readFileSync(file, "utf8");
    const times = [];
    const pauses = [];
    for (let edit = 1; edit <= edits; edit++) {
      note(`reload: ${channels} channels, edit ${edit} of ${edits}`);
      await sleep(betweenMs);
      const edited = text.replaceAll("html_url}}", `html_url}} ${edit}`);
      writeFileSync(file, edited.replace("path: /github", `path: /edit-${edit}`));
      const begun = performance.now();
      let longest = 0;
      for (let status = 404; status === 404; ) {
        const asked = performance.now();
        status = await statusOf(`http://127.0.0.1:${contender.port}/edit-${edit}`, agent);
        longest = Math.max(longest, performance.now() - asked);
        await sleep(2);
      }
      times.push(performance.now() - begun);
      pauses.push(longest);
    }
    await server.stop();
    return { times, pauses };
  } finally {
    agent.destroy();
    contender.dispose();
  }
}

function statusOf(url, agent) {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => response.resume().on("end", () => resolve(response.statusCode))).on(
      "error",
      reject,
    );
  });
}

function row({ channels, edits, maxMs }, { times, pauses }) {
  const middle = median(times);
  const pause = median(pauses);
  return {
    figure: `edit to new behaviour, ${channels} channels`,
    router: `${middle.toFixed(0)} ms, pause ${pause.toFixed(0)} ms`,
    target: `p50 <= ${maxMs} ms, pause <= ${maxPauseMs} ms`,
    ok: middle <= maxMs && pause <= maxPauseMs,
    note: `${edits} edits; the slowest ${Math.max(...times).toFixed(0)} ms, the longest pause ${Math.max(...pauses).toFixed(0)} ms`,
  };
}
