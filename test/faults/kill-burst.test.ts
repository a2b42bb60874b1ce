// kill -9 in the midst of a burst that is larger than the number of deliveries that are remembered: what comes again afterwards is known,
// whatever the source. Counted in the journal, where each event has one line.

import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { farSide, json } from "../support/far-side.ts";
import { eventually, type Project } from "../support/router.ts";
import { atEnd, open } from "./stage.ts";

/** How often each number became an event. */
function journalled(project: Project): Map<number, number> {
  const counts = new Map<number, number>();
  const files = readdirSync(project.state, { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => /segment-[\d-]+\.jsonl$/.test(name)))
    for (const line of readFileSync(join(project.state, file), "utf8").split("\n")) {
      const number = /"type":"event".*?"item (\d+)/.exec(line.slice(0, 2_000))?.[1];
      if (number !== undefined) counts.set(Number(number), (counts.get(Number(number)) ?? 0) + 1);
    }
  return counts;
}

/** To look takes a while, so it looks seldom; a busy machine may need minutes. */
async function until(holds: () => boolean, withinMs = 180_000): Promise<void> {
  for (const endMs = Date.now() + withinMs; !holds() && Date.now() < endMs; )
    await new Promise((resolve) => setTimeout(resolve, 300));
}

async function killInBurst(project: Project, total: number, kills: readonly number[]): Promise<void> {
  for (const share of kills) {
    const claude = await project.claude();
    await until(() => journalled(project).size > total * share);
    claude.process.kill("SIGKILL");
    await claude.process.exited;
  }
  const last = await project.claude();
  await until(() => journalled(project).size >= total);
  await last.stop();
  const counts = journalled(project);
  expect(counts.size).toBe(total);
  expect([...counts].filter(([, count]) => count > 1).length).toBe(0);
}

const common = "budget: { hour: none }\ndelivery: { catch_up: 0, max_size: 1GiB }\n";

test("a tail of 60,000 lines", async () => {
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
  const total = 60_000;
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
