import { readFileSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";
import { answers, hello, isThere, post, withContent } from "./running.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) {
    await project.ask(["down"]);
    await project.remove();
  }
});

async function open(config: (port: number) => string): Promise<Project> {
  const project = await createProject(config);
  projects.push(project);
  return project;
}

const moved = (port: number) => hello(port).replace("/hello", "/moved");

test("reload does at once what watching does later, and says what became of it", async () => {
  const project = await open(hello);
  await project.run(["up"]);
  await answers(project, "/hello", isThere);
  await project.write("channels.yaml", moved(project.port));
  // Watching may have been first: then it says so.
  expect(await project.run(["reload"])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/reloaded: ~1 source \(hello\)\n$/),
  });
  await answers(project, "/moved", isThere);
  expect(await project.ask(["reload"])).toMatchObject({
    code: 0,
    stdout: "nothing has changed; the last verdict was: reloaded: ~1 source (hello)\n",
  });
  const { stdout } = await project.ask(["status", "--json"]);
  expect(JSON.parse(stdout).last_reload).toMatchObject({ ok: true, text: "reloaded: ~1 source (hello)" });
});

test("a start logs one line for all warnings, and a reload repeats it", async () => {
  const project = await open(hello);
  await project.write(
    "channels.yaml",
    `${hello(project.port)}channels:\n  hello:\n    description: PR #12\n    content: fixes #{{n}}\n`,
  );
  const { stdout: up } = await project.run(["up"]);
  await answers(project, "/hello", isThere);
  const log = readFileSync(/^ *log: (.*)$/m.exec(up)?.[1] as string, "utf8");
  const words =
    /2 warnings; the first one: channels.yaml:6:21 channels.hello.description: the value ends before this "#"/;
  expect(log.split("\n").filter((line) => words.test(line))).toHaveLength(1);
  await project.write(
    "channels.yaml",
    `${hello(project.port)}channels:\n  hello:\n    content: fixes #{{n}}\n`,
  );
  const { stdout, code } = await project.run(["reload"]);
  expect(stdout).toContain(
    '1 warning: channels.yaml:6:20 channels.hello.content: the value ends before this "#"',
  );
  expect(code).toBe(0);
});

test("without a running router it says so", async () => {
  const project = await open(hello);
  const { code, stderr } = await project.ask(["reload"]);
  expect(code).toBe(1);
  expect(stderr).toContain("no router runs");
});

test("two reloads at once both get the verdict of a config that is whole", async () => {
  const project = await open(hello);
  await project.run(["up"]);
  await answers(project, "/hello", isThere);
  await project.write("channels.yaml", moved(project.port));
  const both = await Promise.all([project.run(["reload"]), project.run(["reload"])]);
  for (const { code, stdout } of both) {
    expect(code).toBe(0);
    expect(stdout).toMatch(/reloaded: ~1 source \(hello\)\n$/);
  }
});

test("SIGHUP reloads a router that up started", async () => {
  const project = await open((port) => withContent(port, "old"));
  const { pid } = JSON.parse((await project.run(["up", "--json"])).stdout) as { pid: number };
  await answers(project, "/hello", isThere);
  process.kill(pid, "SIGHUP");
  await project.write("channels.yaml", moved(project.port));
  process.kill(pid, "SIGHUP");
  await answers(project, "/moved", isThere);
  expect((await project.ask(["status"])).stdout).toContain(`pid ${pid}`);
});

test("a reload while the owner changes hands: the next owner has the new config", async () => {
  const project = await open((port) => withContent(port, "old"));
  const first = await project.claude();
  await answers(project, "/hello", isThere);
  const second = await project.claude();
  await project.write("channels.yaml", withContent(project.port, "new"));
  await first.stop();
  await eventually(() =>
    post(project, "/hello", { n: 1 }).then(
      ({ status }) => status === 202,
      () => false,
    ),
  );
  await eventually(() => second.events.some(({ content }) => content === "new 1"));
});
