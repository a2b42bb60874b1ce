// Claude Code logs each channel message that it accepts. Once a version is seen to, the log is the proof: what it does not
// have was not shown, whatever was written to the client.

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
channels:
  hello:
    content: "{{data.text}}"
`,
  );
  claude = await project.claude();
});
afterAll(() => project.remove());

const post = (text: string) =>
  fetch(`${project.address}/hello`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text }),
  });
const why = async (id: string) => (await project.ask(["why", id])).stdout;
const sessions = async () => (await project.ask(["sessions"])).stdout;
const shows = (content: string) =>
  project.clientLog(`notifications/claude/channel (${content.length} chars)`);

async function next(text: string) {
  await eventually(async () => (await post(text)).status === 202);
  const { content, meta } = await claude.nextEvent();
  expect(content).toBe(text);
  return { content, id: String(meta.event_id) };
}

test("what the log has is shown; what it does not have waits again, and the session is known not to listen", async () => {
  const first = await next("the first, from which the router learns that this client logs");
  await shows(first.content);
  await eventually(async () => (await sessions()).includes("1 shown"));

  const second = await next("shown too");
  await shows(second.content);
  await eventually(async () => (await why(second.id)).includes("which shows it"));

  const third = await next("vanishes in the client");
  await eventually(async () => (await why(third.id)).includes("but did not show it"));
  expect(await sessions()).toMatch(new RegExp(`listening: no, the client did not show event ${third.id}`));
  expect((await post("not pushed any more")).status).toBe(202);
  const { text } = await claude.callTool("pending");
  expect(text).toMatch(/attempt="2"[\s\S]*vanishes in the client[\s\S]*not pushed any more/);

  // The line was only late: the client listens after all.
  await shows(third.content);
  await eventually(async () => (await sessions()).includes("listening: yes"));
  const fourth = await next("pushed again");
  await shows(fourth.content);
  await eventually(async () => (await why(fourth.id)).includes("which shows it"));
});
