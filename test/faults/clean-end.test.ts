// Sessions that end in order within milliseconds of a delivery: what their client got does not come again.

import { expect, test } from "vitest";
import { eventually } from "../support/router.ts";
import { atEnd, flood, listening, missing, numberOf, open } from "./stage.ts";

const config = (port: number) => `listen: 127.0.0.1:${port}
budget: { hour: none }
sources: { hook: { type: http, path: /hook } }
delivery: { catch_up: 1000 }
`;

test.each([
  ["up owns", true],
  ["a session owns", false],
])(
  "no event comes again when each session ends as soon as it got one, and %s",
  async (_name, isUp) => {
    const project = await open(config);
    if (isUp) {
      const { pid } = JSON.parse((await project.run(["up", "--json"])).stdout) as { pid: number };
      atEnd(() => void process.kill(pid, "SIGTERM"));
    }
    const inboxes: Awaited<ReturnType<typeof project.claude>>[] = [];
    let next = await project.claude();
    await listening(project);
    const events = flood(project, { path: () => "/hook", connections: 2, perSecond: 200 });
    for (let round = 0; round < 6; round++) {
      const claude = next;
      inboxes.push(claude);
      next = await project.claude();
      const before = claude.events.length + next.events.length;
      await eventually(() => claude.events.length + next.events.length > before);
      if (round % 2 === 0) claude.closeStdin();
      else claude.process.kill("SIGTERM");
    }
    inboxes.push(next);
    await events.stop();
    const got = () => inboxes.flatMap(({ events }) => events);
    await eventually(() => missing(events.accepted, got()).length === 0);
    const numbers = got().map(numberOf);
    const again = numbers.filter((n, index) => numbers.indexOf(n) !== index);
    expect(again, `of ${numbers.length}`).toEqual([]);
  },
  180_000,
);
