// kill -9 in the midst of a burst that is larger than the number of deliveries that are remembered: what comes again afterwards is known,
// whatever the source. Counted in the journal, where each event has one line.

import {
  appendFileSync,
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { farSide, json } from "../support/far-side.ts";
import { eventually, type Project } from "../support/router.ts";
import { atEnd, open } from "./stage.ts";

/** How often each number became an event. Only what was added since the last look is read. */
function journalOf(project: Project): () => Map<number, number> {
  const counts = new Map<number, number>();
  const read = new Map<string, number>();
  return () => {
    const files = readdirSync(project.state, { recursive: true, encoding: "utf8" });
    for (const file of files.filter((name) => /segment-[\d-]+\.jsonl$/.test(name))) {
      const from = read.get(file) ?? 0;
      const descriptor = openSync(join(project.state, file), "r");
      const bytes = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - from));
      const text = bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, from)).toString("latin1");
      closeSync(descriptor);
      const whole = text.slice(0, text.lastIndexOf("\n") + 1);
      read.set(file, from + whole.length);
      for (const line of whole.split("\n")) {
        const number = /"type":"event".*?"item (\d+)/.exec(line.slice(0, 2_000))?.[1];
        if (number !== undefined) counts.set(Number(number), (counts.get(Number(number)) ?? 0) + 1);
      }
    }
    return counts;
  };
}

/** A busy machine may need minutes. */
async function until(holds: () => boolean, withinMs = 180_000): Promise<void> {
  for (const endMs = Date.now() + withinMs; !holds() && Date.now() < endMs; )
    await new Promise((resolve) => setTimeout(resolve, 100));
}

async function killInBurst(project: Project, total: number, kills: readonly number[]): Promise<void> {
  const journalled = journalOf(project);
  for (const share of kills) {
    const claude = await project.claude();
    await until(() => journalled().size > total * share);
    claude.process.kill("SIGKILL");
    await claude.process.exited;
  }
  const last = await project.claude();
  await until(() => journalled().size >= total);
  await last.stop();
  const counts = journalOf(project)();
  expect(counts.size).toBe(total);
  expect([...counts].filter(([, count]) => count > 1).length).toBe(0);
}

const common = "budget: { hour: none }\ndelivery: { catch_up: 0, max_size: 1GiB }\n";

test("a tail of 36,000 lines", async () => {
  const project = await open(
    () => `${common}sources: { log: { type: tail, files: app.log } }
channels: { log: { match: { data.line: { prefix: item } } } }
`,
  );
  const file = join(project.folder, "app.log");
  writeFileSync(file, "");
  const first = await project.claude();
  await eventually(async () => (await first.callTool("status")).text.includes("follows 1 file"));
  await first.stop();
  const total = 36_000;
  appendFileSync(file, Array.from({ length: total }, (_, index) => `item ${index}\n`).join(""));
  await killInBurst(project, total, [0.35, 0.8]);
}, 600_000);

test("a poll of 15,000 items", async () => {
  const total = 15_000;
  const list = Array.from({ length: total }, (_, index) => ({ id: index, title: `item ${index}` }));
  const server = await farSide(json(list.reverse()));
  atEnd(server.close);
  const project = await open(
    () => `${common}sources: { items: { type: poll, url: "${server.url}/items", every: 1s, since: start, max_body: 8MiB } }
channels: { items: { content: "{{data.title}}" } }
`,
  );
  await project.trust();
  await killInBurst(project, total, [0.85]);
}, 600_000);
