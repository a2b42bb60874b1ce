// kill -9 of a router while a file grows and is rotated: every line comes to the session, and no second event is made of one.

import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SpawnedClaude } from "../support/claude-simulator.ts";
import { eventually } from "../support/router.ts";
import { open } from "./stage.ts";

const config = () =>
  [
    "budget: { hour: none }",
    "delivery: { catch_up: 1000 }",
    "sources: { app: { type: tail, files: app.log } }",
    "channels: { app: { match: { data.line: { prefix: wanted } } } }",
    "",
  ].join("\n");

const kills = 3;

test("a router that is killed while a file grows loses no line and makes no second event of one", async () => {
  const project = await open(config);
  const file = join(project.folder, "app.log");
  writeFileSync(file, "wanted history\n");
  const sessions: SpawnedClaude[] = [];
  const start = async () => {
    const claude = await project.claude();
    sessions.push(claude);
    return claude;
  };
  const events = () => sessions.flatMap((claude) => claude.events);
  const numbers = () => new Set(events().map(({ content }) => Number(/^wanted (\d+)/.exec(content)?.[1])));

  let claude = await start();
  await eventually(async () => (await claude.callTool("status")).text.includes("follows 1 file"));
  let written = 0;
  const write = () => {
    const lines = Array.from({ length: 3 }, () => `noise\nwanted ${++written}\n`);
    appendFileSync(file, lines.join(""));
  };
  const growing = setInterval(write, 20);
  try {
    for (let kill = 1; kill <= kills; kill++) {
      const before = numbers().size;
      await eventually(() => numbers().size > before + 40);
      claude.process.kill("SIGKILL");
      await claude.process.exited;
      // Also while nobody is there.
      write();
      if (kill === 2) renameSync(file, `${file}.1`);
      write();
      claude = await start();
    }
  } finally {
    clearInterval(growing);
  }
  await eventually(() => numbers().size >= written).catch(() => undefined);

  const missing = Array.from({ length: written }, (_, index) => index + 1).filter((n) => !numbers().has(n));
  expect(missing).toEqual([]);
  expect(numbers().has(Number.NaN)).toBe(false);
  const ids = new Map<string, Set<string>>();
  for (const { content, meta } of events())
    ids.set(content, (ids.get(content) ?? new Set()).add(meta.event_id as string));
  expect([...ids].filter(([, made]) => made.size > 1)).toEqual([]);
});
