// Events of one thread while sessions come and go: whatever the loop guard keeps back is in some session's `pending`.

import { expect, test } from "vitest";
import type { SpawnedClaude } from "../support/claude-simulator.ts";
import { eventually } from "../support/router.ts";
import { accepted, atEnd, listening, numberOf, open } from "./stage.ts";

const config = (port: number) => `listen: 127.0.0.1:${port}
budget: { hour: none }
sources: { hook: { type: http, path: /hook } }
channels: { hook: { thread: talk } }
`;

/** Calls `pending` until it gives nothing; the numbers of what it gave. */
async function fetchAll(claude: SpawnedClaude): Promise<number[]> {
  const found: number[] = [];
  for (;;) {
    const { text } = await claude.callTool("pending", { limit: 50 });
    const numbers = [...text.matchAll(/"n": (\d+)/g)].map(([, n]) => Number(n));
    if (numbers.length === 0) return found;
    found.push(...numbers);
  }
}

test("events of a busy thread come to somebody, whichever session ends", async () => {
  const project = await open(config);
  const { stdout } = await project.run(["up", "--json"]);
  const { pid } = JSON.parse(stdout) as { pid: number };
  atEnd(() => void process.kill(pid, "SIGTERM"));
  await listening(project);
  let count = 0;
  const post = async (many: number) => {
    for (let n = 0; n < many; n++) await accepted(project, "/hook", { n: ++count });
  };
  const numbersOf = ({ events }: SpawnedClaude) => events.map(numberOf).filter((n) => !Number.isNaN(n));
  const a = await project.claude();
  await post(75);
  await eventually(() => numbersOf(a).length === 30);
  const b = await project.claude();
  await post(20);
  const c = await project.claude();
  await a.stop();
  // One of them gets what the loop guard lets pass, and is told of the rest.
  const isTold = async (claude: SpawnedClaude) => /events wait/.test((await claude.callTool("status")).text);
  await eventually(async () => (await isTold(b)) || (await isTold(c)));
  const fetched = [...(await fetchAll(c)), ...(await fetchAll(b)), ...(await fetchAll(c))];
  const missing = () => {
    const seen = new Set([...numbersOf(a), ...numbersOf(b), ...numbersOf(c), ...fetched]);
    return Array.from({ length: count }, (_, index) => index + 1).filter((n) => !seen.has(n));
  };
  await eventually(async () => {
    fetched.push(...(await fetchAll(b)), ...(await fetchAll(c)));
    return missing().length === 0;
  }, 5_000).catch(() => undefined);
  expect(missing()).toEqual([]);
});
