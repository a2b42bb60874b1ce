// Several sessions of one config: however they come, one of them owns, and nobody is held up by another.

import { describe, expect, test } from "vitest";
import { portHolder } from "../../src/http/port-holder.ts";
import { isAlive } from "../support/processes.ts";
import { eventually } from "../support/router.ts";
import {
  accepted,
  flood,
  listening,
  missing,
  newestOwner,
  numberOf,
  open,
  stateRoot,
  untoldRepeats,
} from "./stage.ts";

const hook = (port: number) =>
  `listen: 127.0.0.1:${port}\nbudget: { hour: none }\nsources: { hook: { type: http, path: /hook } }\n`;

describe.each([2, 10])("%i sessions that are started at once", (count) => {
  test("have one owner and one listener, and each answers", async () => {
    const project = await open(hook);
    const sessions = await Promise.all(Array.from({ length: count }, () => project.claude()));
    await listening(project);
    const answers = await Promise.all(sessions.map((claude) => claude.callTool("status")));
    for (const { isError, text } of answers) {
      expect(isError).toBe(false);
      expect(text).toContain(project.address);
    }
    const owner = newestOwner(stateRoot(project));
    expect(owner.epoch).toBe(1);
    expect(sessions.map(({ process }) => process.pid)).toContain(owner.pid);
    if (process.platform === "linux") expect(await portHolder(project.port)).toContain(`(pid ${owner.pid})`);
    const listed = await project.run(["sessions", "--json"]);
    expect((JSON.parse(listed.stdout) as { sessions: unknown[] }).sessions).toHaveLength(count);

    // One event, one session.
    const id = await accepted(project, "/hook", { n: 1 });
    const taken = () => sessions.flatMap(({ events }) => events);
    await eventually(() => taken().length > 0);
    expect(taken().map(({ meta }) => meta.event_id)).toEqual([id]);
    for (const claude of sessions) claude.assertCleanWire();
  });
});

test("a session that stops reading holds up nobody else, and gets its own, once, when it reads again", async () => {
  const project = await open(
    (port) =>
      `listen: 127.0.0.1:${port}\nbudget: { hour: none }\nsources: { hook: { type: http, path: /hook } }\nchannels: { hook: { to: all } }\n`,
  );
  const sessions = [await project.claude(), await project.claude(), await project.claude()];
  const [first, deaf, third] = sessions as [(typeof sessions)[0], (typeof sessions)[0], (typeof sessions)[0]];
  await listening(project);
  await accepted(project, "/hook", { n: 0 });
  await Promise.all(sessions.map((claude) => claude.waitForEvents(1)));

  deaf.pauseReading();
  const load = flood(project, { path: () => "/hook", limit: 800 });
  await load.until(800);
  await load.stop();
  // More than a pipe holds, so that the one is stuck for certain.
  await Promise.all([first, third].map((claude) => claude.waitForEvents(801, 15_000)));
  expect(deaf.events.length).toBeLessThan(800);
  expect((await first.callTool("status")).isError).toBe(false);

  deaf.resumeReading();
  await deaf.waitForEvents(801, 15_000);
  for (const claude of sessions) {
    expect(missing(load.accepted, claude.events)).toEqual([]);
    expect(untoldRepeats([claude.events])).toEqual([]);
    expect(claude.events).toHaveLength(801);
  }
  expect(deaf.events.map(numberOf)).toEqual(first.events.map(numberOf));
  expect(sessions.every(({ process }) => isAlive(process.pid))).toBe(true);
});
