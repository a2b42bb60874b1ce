// kill -9 of a router that polls, again and again, while new items keep coming: each of them is one event.

import { expect, test } from "vitest";
import { farSide, json } from "../support/far-side.ts";
import { eventually } from "../support/router.ts";
import { atEnd, isLong, open } from "./stage.ts";

const kills = isLong ? 20 : 5;

test("kill -9 in the midst of polls loses no item and makes none twice", async () => {
  let newest = 250;
  let isGrowing = true;
  const server = await farSide((response) => {
    const list = Array.from({ length: 250 }, (_, index) => ({ id: newest - index }));
    json(list)(response, {} as never);
    // Always something new in the next answer, so that a kill finds events on their way.
    if (isGrowing) newest += 40;
  });
  atEnd(server.close);
  const project = await open(
    () => `delivery: { catch_up: 1000 }
sources: { items: { type: poll, url: "${server.url}/items", every: 1s } }
channels: { items: { content: "item {{data.id}}" } }
`,
  );
  await project.trust();
  const given = new Map<string, Set<string>>();
  const take = (
    events: readonly { readonly content: string; readonly meta: Readonly<Record<string, string>> }[],
  ) => {
    for (const { content, meta } of events)
      given.set(content, new Set([...(given.get(content) ?? []), meta.event_id ?? ""]));
  };
  for (let kill = 0; kill < kills; kill++) {
    const claude = await project.claude();
    const before = server.asked.length;
    await eventually(() => server.asked.length > before + (kill === 0 ? 1 : 0));
    // At another moment of the round each time: while it is read, journalled, or remembered.
    await new Promise((resolve) => setTimeout(resolve, kill * 4));
    claude.process.kill("SIGKILL");
    await claude.process.exited;
    take(claude.events);
  }
  isGrowing = false;
  const last = await project.claude();
  const wanted = Array.from({ length: newest - 250 }, (_, index) => `item ${251 + index}`);
  await eventually(() => {
    take(last.events);
    return wanted.every((content) => given.has(content));
  });
  await last.stop();
  take(last.events);
  expect([...given.keys()].filter((content) => !wanted.includes(content))).toEqual([]);
  expect([...given].filter(([, ids]) => ids.size > 1)).toEqual([]);
});
