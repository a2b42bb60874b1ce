// How far an event got, as a user sees it: accepted, shown, read, acked, in `events`, `why` and `status`, over a restart.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { SpawnedClaude } from "../support/claude-simulator.ts";
import { createProject, eventually, type Project } from "../support/router.ts";

let project: Project;
let claude: SpawnedClaude;
beforeAll(async () => {
  project = await createProject(
    (port) => `listen: 127.0.0.1:${port}
sources:
  hello:
    type: http
    path: /hello
  alerts:
    type: http
    path: /alerts
channels:
  hello:
    content: "{{data.text}}"
  alerts:
    content: "{{data.text}}"
    receipt: ack
`,
  );
  claude = await project.claude();
});
afterAll(() => project.remove());

const why = async (id: string) => (await project.ask(["why", id])).stdout.split("\n", 1)[0];
const events = async () => (await project.ask(["events"])).stdout;

async function send(path: string, text: string): Promise<string> {
  await eventually(
    async () =>
      (
        await fetch(`${project.address}/${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ text }),
        })
      ).status === 202,
  );
  const { content, meta } = await claude.nextEvent();
  expect(content).toBe(text);
  return String(meta.event_id);
}

test("each step that there is proof of is a mark, in every command, and the next leader knows it", async () => {
  const first = await send("hello", "only accepted");
  expect(await why(first)).toBe(`${first} accepted`);

  const shown = await send("hello", "the log has this one");
  await project.clientLog(`notifications/claude/channel (${"the log has this one".length} chars)`);
  await eventually(async () => (await why(shown)) === `${shown} accepted, shown on hello`);

  const named = await send("hello", "named in a tool call");
  await claude.callTool("event", { event_id: named });
  await claude.callTool("event", { event_id: named });
  const { stdout } = await project.ask(["why", named]);
  expect(stdout).toContain(`${named} accepted, read on hello`);
  expect(stdout.match(/named it in a tool call/g)).toHaveLength(1);

  const acked = await send("alerts", "acknowledged");
  await claude.callTool("ack", { event_ids: [acked], outcome: "handled" });
  await eventually(async () => (await why(acked)) === `${acked} accepted, acked on alerts`);

  const expected = [
    `${first} accepted hello -> hello done  only`,
    `${shown} accepted hello -> hello done, shown  the`,
    `${named} accepted hello -> hello done, read  named`,
    `${acked} accepted alerts -> alerts done, acked  acknowledged`,
  ];
  for (const line of expected) await eventually(async () => (await events()).includes(line));
  expect((await project.ask(["status"])).stdout).toMatch(/4 sent \(\d shown, 1 read, 1 acked\)/);

  const next = await project.claude();
  await claude.process.interrupt();
  await eventually(async () => (await project.ask(["status"])).stdout.includes(`pid ${next.process.pid}`));
  for (const line of expected) expect(await events()).toContain(line);
  expect(JSON.parse((await project.ask(["why", named, "--json"])).stdout).marks).toEqual([
    { channel: "hello", mark: "read" },
  ]);
});
