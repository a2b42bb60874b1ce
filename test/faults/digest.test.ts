// What a digest owes to its members when processes are killed around the moment at which it is made.

import { expect, test } from "vitest";
import type { ChannelEvent } from "../support/claude-channel.ts";
import type { SpawnedClaude } from "../support/claude-simulator.ts";
import { eventually } from "../support/router.ts";
import { accepted, isLong, listening, newestOwner, open, stateRoot } from "./stage.ts";

const config = (wait: string) => (port: number) =>
  `
listen: 127.0.0.1:${port}
sources: { builds: { type: http, path: /builds } }
channels:
  builds: { content: "build {{data.n}}", digest: { every: 3s, wait: ${wait} } }
`;

/** The events that each block stands for; a repeat is one that may have been sent before, and says so. */
async function membersOf(
  claude: SpawnedClaude,
  events: readonly ChannelEvent[],
): Promise<{ readonly id: string; readonly isRepeat: boolean }[][]> {
  const blocks = [];
  for (const { meta } of events) {
    if (meta.channel !== "builds") continue;
    const id = meta.event_id as string;
    const isRepeat = meta.attempt !== undefined;
    if (meta.count === undefined) {
      blocks.push([{ id, isRepeat }]);
      continue;
    }
    const { text } = await claude.callTool("event", { event_id: id, path: "data.members" });
    const found = (text.match(/"[0-9a-z]{13}"/g) ?? []).map((quoted) => quoted.slice(1, -1));
    blocks.push(found.map((member) => ({ id: member, isRepeat })));
  }
  return blocks;
}

test("events that come together come as one digest, and the event tool shows each", async () => {
  const project = await open(config("3s"));
  const claude = await project.claude();
  await listening(project);
  const ids = [];
  for (let n = 0; n < 5; n++) ids.push(await accepted(project, "/builds", { n }));
  const [digest] = await claude.waitForEvents(1, 10_000);
  expect(digest?.meta).toMatchObject({ channel: "builds", count: "5" });
  expect(digest?.content).toMatch(/^5 events /);
  expect(digest?.content).toContain("- build 4");
  const [members = []] = await membersOf(claude, claude.events);
  expect(members.map(({ id }) => id).sort()).toEqual(ids.sort());
  expect((await project.ask(["why", ids[0] as string])).stdout).toContain(
    `folded into digest ${digest?.meta.event_id}`,
  );
});

test("kill -9 around the closing of a group loses no member, and what may come twice says so", async () => {
  const rounds = isLong ? 12 : 4;
  const project = await open(config("300ms"));
  const all: SpawnedClaude[] = [];
  for (let n = 0; n <= rounds; n++) all.push(await project.claude());
  await listening(project);
  const ids: string[] = [];
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < 4; n++) ids.push(await accepted(project, "/builds", { n: `${round}.${n}` }));
    // The group closes 300 ms after its first event, or 3 s after the last digest.
    await new Promise((resolve) => setTimeout(resolve, round % 2 === 0 ? 280 + 15 * round : 2_900));
    const { pid } = newestOwner(stateRoot(project));
    all.find(({ process: child }) => child.pid === pid)?.process.kill("SIGKILL");
    await eventually(() => newestOwner(stateRoot(project)).pid !== pid);
    await listening(project);
  }
  const owner = newestOwner(stateRoot(project)).pid;
  const living = all.find(({ process: child }) => child.pid === owner) as SpawnedClaude;
  const told = () => Promise.all(all.map(({ events }) => membersOf(living, events)));
  await eventually(
    async () => new Set((await told()).flat(2).map(({ id }) => id)).size >= ids.length,
    20_000,
  );
  const blocks = (await told()).flat();
  expect([...new Set(blocks.flat().map(({ id }) => id))].sort()).toEqual(ids.sort());
  const unmarked = blocks.flat().flatMap(({ id, isRepeat }) => (isRepeat ? [] : [id]));
  expect(unmarked.length).toBe(new Set(unmarked).size);
});
