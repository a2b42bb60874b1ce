// State folders that somebody damaged, or that a newer version wrote: a start is never held up, and says what is gone.

import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { eventually, type Project } from "../support/router.ts";
import { accepted, listening, newestOwner, numberOf, open, post, stateFolderOf, stateRoot } from "./stage.ts";

const hook = (port: number) =>
  `listen: 127.0.0.1:${port}\nbudget: { hour: none }\nsources: { hook: { type: http, path: /hook } }\ndelivery: { catch_up: 1000 }\n`;

/** Posts so many while nobody listens, and ends the router: in order, or by kill -9. */
async function fill(project: Project, count: number, signal?: "SIGKILL"): Promise<string> {
  const deaf = await project.claude({ listening: false });
  await listening(project);
  for (let n = 1; n <= count; n++) await accepted(project, "/hook", { n });
  if (signal === undefined) await deaf.stop();
  else {
    // What was reached is written down within a moment.
    await eventually(() =>
      readFileSync(join(journalOf(project), "reserve"), "latin1").includes(`"events":${count}`),
    );
    deaf.process.kill(signal);
    await deaf.process.exited;
  }
  return journalOf(project);
}

const journalOf = (project: Project) => join(stateFolderOf(stateRoot(project)), "journal");

test.each([
  ["in order", undefined],
  ["by kill -9", "SIGKILL" as const],
])(
  "a segment that lost its end after its router ended %s is said, with what is gone",
  async (_name, signal) => {
    const project = await open(hook);
    const journal = await fill(project, 40, signal);
    const [segment] = readdirSync(journal).filter((name) => name.startsWith("segment"));
    const file = join(journal, segment as string);
    truncateSync(file, Math.floor(statSync(file).size * 0.7));
    const claude = await project.claude();
    await listening(project);
    const count = () => claude.events.filter((event) => numberOf(event) > 0).length;
    const said = await eventually(() => /lost with it: (\d+)/.exec(claude.process.stderr())?.[1]);
    await eventually(() => count() === 40 - Number(said));
    expect(Number(said)).toBeGreaterThan(5);
    // The session hears of it, too.
    await eventually(() => claude.events.some(({ content }) => content.includes(`lost with it: ${said}`)));
  },
  180_000,
);

test("a state folder whose owner files were taken away starts above every epoch that left a trace", async () => {
  const project = await open(hook);
  for (let round = 0; round < 2; round++) {
    const deaf = await project.claude({ listening: false });
    await listening(project);
    await accepted(project, "/hook", { n: round + 1 });
    await deaf.stop();
  }
  const { epoch } = newestOwner(stateRoot(project));
  const folder = stateFolderOf(stateRoot(project));
  for (const name of readdirSync(folder)) if (name.startsWith("owner-")) rmSync(join(folder, name));
  const claude = await project.claude();
  await listening(project);
  expect(newestOwner(stateRoot(project)).epoch).toBe(epoch + 1);
  await eventually(() => claude.events.filter((event) => numberOf(event) > 0).length === 2);
  // Of one that runs, too: it keeps its place.
  rmSync(join(folder, `owner-${epoch + 1}.json`));
  const second = await project.claude();
  expect((await second.callTool("status")).text).toContain(project.address);
  await eventually(() => newestOwner(stateRoot(project)).pid === claude.process.pid);
});

test.each([99_999_999, 999_999_999_999_999])(
  "a stray owner file of term %i loses no event that comes after it",
  async (term) => {
    const project = await open(hook);
    const folder = join(await fill(project, 1), "..");
    writeFileSync(join(folder, `owner-${term}.json`), '{"half');
    const deaf = await project.claude({ listening: false });
    await listening(project);
    await accepted(project, "/hook", { n: 2 });
    deaf.process.kill("SIGKILL");
    await deaf.process.exited;
    const claude = await project.claude();
    const second = await project.claude();
    await eventually(
      () => [...claude.events, ...second.events].filter((event) => numberOf(event) > 0).length === 2,
    );
    const { stdout } = await project.run(["status"]);
    for (const { process } of [claude, second]) expect(stdout).toContain(`, pid ${process.pid}, claude-code`);
  },
  180_000,
);

test.each([
  ["a segment", (folder: string) => join(folder, "journal", "segment-00000007-00000000.jsonl")],
  ["a snapshot", (folder: string) => join(folder, "journal", "snapshot-00000007-00000000.jsonl")],
  ["the reserve", (folder: string) => join(folder, "journal", "reserve")],
  ["an owner", (folder: string) => join(folder, "owner-1.json")],
  ["the greeting", (folder: string) => join(folder, "greeting.json")],
  ["the last port", (folder: string) => join(folder, "listen.json")],
])(
  "a pipe named as %s holds up neither a start nor an end",
  async (_name, path) => {
    const project = await open(hook);
    const journal = await fill(project, 2);
    const folder = join(journal, "..");
    rmSync(path(folder), { force: true });
    mkdirSync(join(path(folder), ".."), { recursive: true });
    execFileSync("mkfifo", [path(folder)]);
    const claude = await project.claude();
    await listening(project);
    await eventually(() => claude.events.filter((event) => numberOf(event) > 0).length === 2);
    await accepted(project, "/hook", { n: 3 });
    const exit = await claude.stop();
    expect(exit).toMatchObject({ signal: null });
  },
  180_000,
);

test("a journal of a newer version is not owned: the tools say so, and nothing in it is changed", async () => {
  const project = await open(hook);
  const journal = await fill(project, 3);
  const [segment] = readdirSync(journal).filter((name) => name.startsWith("segment"));
  const file = join(journal, segment as string);
  writeFileSync(file, readFileSync(file, "utf8").replaceAll('{"v":1,', '{"v":2,'));
  const contents = () => readdirSync(journal).map((name) => readFileSync(join(journal, name), "latin1"));
  const before = contents();
  const claude = await project.claude();
  const { text, isError } = await claude.callTool("status");
  expect(isError).toBe(false);
  expect(text).toMatch(/works alone, without sources: a newer channel-router wrote segment-/);
  await expect(post(project, "/hook", { n: 4 })).rejects.toThrow();
  const doctor = await project.run(["doctor"]);
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toContain("a newer channel-router wrote segment-");
  await claude.stop();
  expect(contents()).toEqual(before);
});

test("a journal that proves newer only within is given up by its owner, and owned once it is away", async () => {
  const project = await open(hook);
  const journal = await fill(project, 3);
  const [segment] = readdirSync(journal).filter((name) => name.startsWith("segment"));
  const file = join(journal, segment as string);
  const body = '{"v":2,"type":"event","parcels":[]';
  const newer = `${body},"crc":"${crc32(body).toString(16).padStart(8, "0")}"}\n`;
  writeFileSync(file, newer, { flag: "a" });
  const claude = await project.claude();
  await eventually(async () => /works alone, without sources/.test((await claude.callTool("status")).text));
  expect(claude.process.stderr()).toContain("a newer channel-router wrote segment-");
  rmSync(journal, { recursive: true });
  await listening(project);
  await accepted(project, "/hook", { n: 4 });
});
