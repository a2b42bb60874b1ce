// The system's clock is set back by an hour under a router that runs, and under the one that takes over from it.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../support/router.ts";
import { accepted, listening, newestOwner, numberOf, open, stateRoot } from "./stage.ts";

/** `Date` shifted by the milliseconds that a file holds, as a process sees a clock that somebody sets. */
const shiftedClock = `
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const RealDate = Date;
const shift = () => Number(readFileSync(join(__dirname, "shift"), "utf8"));
globalThis.Date = class extends RealDate {
  constructor(...args) { if (args.length === 0) super(RealDate.now() + shift()); else super(...args); }
  static now() { return RealDate.now() + shift(); }
};
`;

test("a clock that is set back neither loses nor repeats nor reorders anything", async () => {
  const project = await open(
    (port) =>
      `listen: 127.0.0.1:${port}\nsources: { hook: { type: http, path: /hook } }\nchannels: { hook: { ttl: 10m, dedupe: { key: "{{data.key}}", for: 10m } } }\n`,
  );
  const preload = await project.write("clock.cjs", shiftedClock);
  const shift = (ms: number) => writeFile(join(project.folder, "shift"), String(ms));
  await shift(0);
  const env = { NODE_OPTIONS: `--require ${preload}` };
  const first = await project.claude({}, env);
  const second = await project.claude({}, env);
  await listening(project);
  await eventually(
    async () => (await project.ask(["sessions"], env)).stdout.split("listening: yes").length === 3,
  );
  const ids = [await accepted(project, "/hook", { n: 1, key: "one" })];
  const reader = await eventually(() => [first, second].find(({ events }) => events.length > 0));

  await shift(-3_600_000);
  for (const n of [2, 3]) ids.push(await accepted(project, "/hook", { n, key: `k${n}` }));
  await reader.waitForEvents(3);
  expect(reader.events.map(numberOf)).toEqual([1, 2, 3]);
  expect(new Set(ids).size).toBe(3);

  // The journal's lines are out of order by their times for the next owner, and right by their places.
  const owner = newestOwner(stateRoot(project));
  const [dying, staying] = first.process.pid === owner.pid ? [first, second] : [second, first];
  dying.process.kill("SIGKILL");
  await dying.process.exited;
  await listening(project);
  ids.push(await accepted(project, "/hook", { n: 4, key: "k4" }));
  await eventually(() => staying.events.some((event) => numberOf(event) === 4));
  const seen = [...first.events, ...second.events];
  const plain = seen.filter(({ meta }) => meta.attempt === undefined).map(numberOf);
  expect(plain.sort()).toEqual([1, 2, 3, 4]);
  for (const id of ids) expect((await project.ask(["why", id], env)).code).toBe(0);
});
