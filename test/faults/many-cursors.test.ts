// Sources that keep thousands of places do not push out what a quiet one keeps.

import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SpawnedClaude } from "../support/claude-simulator.ts";
import { eventually } from "../support/router.ts";
import { accepted, atEnd, listening, open } from "./stage.ts";

const watches = 5;
const files = 4_500;

async function areWatched(claude: SpawnedClaude): Promise<boolean> {
  const { text } = await claude.callTool("status");
  return (text.match(/watches 4500 files/g) ?? []).length === watches;
}

test("a poll gets what is new after a restart beside five watches of 4,500 files each", async () => {
  const items = [{ id: 1 }];
  let asked = 0;
  const far = createServer((_, response) => {
    asked += 1;
    response.setHeader("content-type", "application/json").end(JSON.stringify(items));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => far.once("listening", resolve));
  atEnd(() => void far.close());
  const { port: farPort } = far.address() as AddressInfo;
  const config = (port: number) => `listen: 127.0.0.1:${port}
budget: { hour: none }
sources:
  hook: { type: http, path: /hook }
  quiet: { type: poll, url: "http://127.0.0.1:${farPort}/", every: 1s }
${Array.from({ length: watches }, (_, n) => `  watch${n}: { type: watch, files: "many${n}/*" }`).join("\n")}
delivery: { catch_up: 1000 }
`;
  const project = await open(config);
  await project.trust();
  for (let n = 0; n < watches; n++) {
    mkdirSync(join(project.folder, `many${n}`));
    for (let file = 0; file < files; file++) writeFileSync(join(project.folder, `many${n}`, `f${file}`), "");
  }
  const first = await project.claude();
  await listening(project);
  await eventually(() => areWatched(first));
  await eventually(() => asked >= 3);
  await accepted(project, "/hook", { n: 1 });
  await first.stop();
  items.push({ id: 2 }, { id: 3 });
  const second = await project.claude();
  await eventually(() => second.events.filter(({ meta }) => meta.channel === "quiet").length === 2);
  await eventually(() => areWatched(second));
  await accepted(project, "/hook", { n: 2 });
  await eventually(() => second.events.filter(({ meta }) => meta.channel === "hook").length === 2);
  expect(second.events.filter(({ meta }) => meta.channel?.startsWith("watch"))).toEqual([]);
}, 240_000);
