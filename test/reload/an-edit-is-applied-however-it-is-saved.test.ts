import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";
import { trustUse } from "../support/trust.ts";
import { answers, hello, isAbsent, isThere, post, withContent } from "./running.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

async function open(config?: (port: number) => string): Promise<Project> {
  const project = await createProject(config);
  projects.push(project);
  return project;
}

const moved = (port: number) => hello(port).replace("/hello", "/moved");

test.each([
  ["written in place", async (file: string, text: string) => writeFile(file, text)],
  [
    "renamed over",
    async (file: string, text: string) => {
      await writeFile(`${file}.swp`, text);
      await rename(`${file}.swp`, file);
    },
  ],
  [
    "moved away and written anew",
    async (file: string, text: string) => {
      await rename(file, `${file}~`);
      await writeFile(file, text);
    },
  ],
])("%s: soon after the last write", async (_, save) => {
  const project = await open(hello);
  await project.claude();
  await answers(project, "/hello", isThere);
  await save(join(project.folder, "channels.yaml"), moved(project.port));
  const sinceMs = performance.now();
  await answers(project, "/moved", isThere);
  // 500 ms on a quiet machine: bench/figures/reload.mjs measures it.
  expect(performance.now() - sinceMs).toBeLessThan(10_000);
  await answers(project, "/hello", isAbsent);
});

test("a link that leads elsewhere, as Kubernetes mounts a ConfigMap", async () => {
  const project = await open();
  for (const [version, text] of [
    ["..1", hello(project.port)],
    ["..2", moved(project.port)],
  ] as const) {
    await mkdir(join(project.folder, version));
    await writeFile(join(project.folder, version, "channels.yaml"), text);
  }
  await symlink("..1", join(project.folder, "..data"));
  await symlink("..data/channels.yaml", join(project.folder, "channels.yaml"));
  await trustUse(project.env, join(project.folder, "channels.yaml"));
  await project.claude();
  await answers(project, "/hello", isThere);
  await symlink("..2", join(project.folder, "..tmp"));
  await rename(join(project.folder, "..tmp"), join(project.folder, "..data"));
  await answers(project, "/moved", isThere);
});

test("a file that `${file:}` names, and .env", async () => {
  const project = await open();
  await project.write("word", "one");
  await project.write(".env", "SIGN=plus\n");
  await project.write(
    "channels.yaml",
    hello(
      project.port,
      'channels:\n  hello: { from: hello, match: { data.word: "${file:word}", data.sign: "${SIGN}" }, content: "{{data.n}}" }\n',
    ),
  );
  const claude = await project.claude();
  await answers(project, "/hello", isThere);
  // How many reloads it takes is not said: a file is empty for a moment while it is written in place.
  const isTaken = async (n: number, word: string, sign: string) => {
    await eventually(async () => {
      const answer = await post(project, "/hello", { n, word, sign });
      return (await answer.text()).includes('"accepted"');
    });
    expect((await claude.nextEvent()).content).toBe(String(n));
  };
  await project.write("word", "two");
  await isTaken(6, "two", "plus");
  await project.write(".env", "SIGN=minus\n");
  await isTaken(7, "two", "minus");
});

test("the same content again is no reload", async () => {
  const project = await open(hello);
  const claude = await project.claude();
  await answers(project, "/hello", isThere);
  await project.write("channels.yaml", hello(project.port));
  await project.ask(["reload"]);
  await project.write("channels.yaml", moved(project.port));
  await answers(project, "/moved", isThere);
  await eventually(() => claude.process.stderr().includes("reloaded"));
  const lines = claude.process.stderr().split("\n");
  expect(lines.filter((line) => line.includes("reloaded"))).toEqual([
    "channel-router: reloaded: ~1 source (hello)",
  ]);
});

test("the file that is removed leaves the old config in force, which is said; when it is back, it counts", async () => {
  const project = await open(hello);
  const claude = await project.claude();
  await answers(project, "/hello", isThere);
  await rm(join(project.folder, "channels.yaml"));
  await eventually(() => claude.process.stderr().includes("the previous config stays active"));
  expect(claude.process.stderr()).toContain("does not exist");
  expect((await post(project, "/hello", {})).status).toBe(202);
  await project.write("channels.yaml", moved(project.port));
  await answers(project, "/moved", isThere);
});

test("the file that is emptied leaves the old config in force, which is said", async () => {
  const project = await open(hello);
  const claude = await project.claude();
  await answers(project, "/hello", isThere);
  await project.write("channels.yaml", "");
  await eventually(() => claude.process.stderr().includes("has no content"));
  expect((await post(project, "/hello", {})).status).toBe(202);
  expect((await claude.callTool("status")).text).toContain("has no content");
});

test("`listen` moves: the new address answers, the old one does not, and open sessions go on", async () => {
  const project = await open((port) => withContent(port, "n"));
  const other = await open();
  const claude = await project.claude();
  await answers(project, "/hello", isThere);
  await project.write("channels.yaml", withContent(other.port, "n"));
  await answers(other, "/hello", isThere);
  await expect(post(project, "/hello", {})).rejects.toThrow();
  await post(other, "/hello", { n: 1 });
  expect((await claude.nextEvent()).content).toBe("n 1");
});
