// `to:` between sessions that are real processes.

import { expect, test } from "vitest";
import { eventually } from "../support/router.ts";
import { accepted, listening, numberOf, open } from "./stage.ts";

const config = (port: number) => `
listen: 127.0.0.1:${port}
sources:
  day: { type: http, path: /day }
  night: { type: http, path: /night }
  news: { type: http, path: /news }
channels:
  day: { to: { label: day } }
  night: { to: { label: night } }
  news: { to: all }
`;

test("labels choose the session, `all` means each of them, and a label nobody has waits for one that has it", async () => {
  const project = await open(config);
  const day = await project.claude({}, { CHANNEL_ROUTER_LABEL: "day" });
  const plain = await project.claude();
  await listening(project);
  await accepted(project, "/night", { n: 1 });
  await accepted(project, "/day", { n: 2 });
  await accepted(project, "/news", { n: 3 });
  await eventually(() => day.events.length === 2 && plain.events.length === 1);
  expect(day.events.map(numberOf).sort()).toEqual([2, 3]);
  expect(plain.events.map(numberOf)).toEqual([3]);

  const night = await project.claude({}, { CHANNEL_ROUTER_LABEL: "night" });
  expect(numberOf(await night.nextEvent())).toBe(1);
  await accepted(project, "/news", { n: 4 });
  await eventually(() => [day, plain, night].every(({ events }) => events.some((e) => numberOf(e) === 4)));

  // The next owner knows the labels as well as the first did.
  day.process.kill("SIGKILL");
  await day.process.exited;
  await listening(project);
  await accepted(project, "/night", { n: 5 });
  await accepted(project, "/news", { n: 6 });
  await eventually(
    () => night.events.some((e) => numberOf(e) === 6) && plain.events.some((e) => numberOf(e) === 6),
  );
  expect(night.events.map(numberOf)).toEqual([1, 4, 5, 6]);
  expect(plain.events.map(numberOf)).toEqual([3, 4, 6]);
  const listed = await project.run(["sessions"]);
  expect(listed.stdout).toContain("night");
});
