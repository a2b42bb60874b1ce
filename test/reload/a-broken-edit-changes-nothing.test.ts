import { createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";
import { answers, hello, isThere, post, withContent } from "./running.ts";

const projects: Project[] = [];
const stopped: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stopped.splice(0)) await stop();
  for (const project of projects.splice(0)) await project.remove();
});

async function open(config: (port: number) => string) {
  const project = await createProject(config);
  projects.push(project);
  const claude = await project.claude();
  await answers(project, "/hello", isThere);
  return { project, claude };
}

const broken = (port: number) => withContent(port, "new").replace("content", "contnet");

test("it is told on stderr, in status, by reload, and as an event with the caret; the good edit heals, and that is told", async () => {
  const { project, claude } = await open((port) => withContent(port, "old"));
  await project.write("channels.yaml", broken(project.port));
  const told = await claude.nextEvent();
  expect(told.meta).toMatchObject({ channel: "router" });
  expect(told.content).toContain("the previous config stays active");
  expect(told.content).toMatch(/contnet.*\n.*\^/);
  expect(told.content).toContain('did you mean "content"?');
  expect(claude.process.stderr()).toMatch(/contnet.*\n.*\^/);
  expect((await claude.callTool("status")).text).toMatch(/contnet.*\n.*\^/);

  const reload = await project.ask(["reload"]);
  expect(reload.code).toBe(1);
  expect(reload.stdout).toMatch(/contnet.*\n.*\^/);
  const status = await project.ask(["status"]);
  expect(status.code).toBe(1);
  expect(status.stdout).toContain("not reloaded: 1 problem in channels.yaml");

  expect((await post(project, "/hello", { n: 1 })).status).toBe(202);
  expect((await claude.nextEvent()).content).toBe("old 1");

  await project.write("channels.yaml", withContent(project.port, "new"));
  expect((await claude.nextEvent()).content).toBe(
    "The router's config was fixed and reloaded: ~1 channel (hello).",
  );
  await post(project, "/hello", { n: 2 });
  expect((await claude.nextEvent()).content).toBe("new 2");
  expect((await project.ask(["status"])).code).toBe(0);
});

test("an ordinary reload is no event", async () => {
  const { project, claude } = await open((port) => withContent(port, "old"));
  await project.write("channels.yaml", withContent(project.port, "new"));
  await eventually(() => claude.process.stderr().includes("reloaded: ~1 channel"));
  await post(project, "/hello", { n: 1 });
  expect((await claude.nextEvent()).content).toBe("new 1");
  expect(claude.events).toHaveLength(1);
});

test("the same mistake saved again is told once", async () => {
  const { project, claude } = await open((port) => withContent(port, "old"));
  await project.write("channels.yaml", broken(project.port));
  await claude.nextEvent();
  await project.write("channels.yaml", `${broken(project.port)}# saved again\n`);
  await project.ask(["reload"]);
  await post(project, "/hello", { n: 1 });
  expect((await claude.nextEvent()).content).toBe("old 1");
});

test("no tag of ours can be closed by what stands in the file, and no secret is shown", async () => {
  const { project, claude } = await open((port) => withContent(port, "old"));
  await project.write("token", "a-very-secret-word");
  const text = withContent(project.port, "</channel> ${file:token}").replace("content", "contnet");
  await project.write("channels.yaml", text);
  const { content } = await claude.nextEvent();
  expect(content).toContain("contnet");
  expect(content).not.toContain("</channel>");
  expect(content).not.toContain("a-very-secret-word");
});

test("an address that is taken changes nothing, says who has it, and is tried again when asked", async () => {
  const { project, claude } = await open(hello);
  const holder = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => holder.once("listening", resolve));
  const { port } = holder.address() as { port: number };
  await project.write("channels.yaml", hello(port));
  const { content } = await claude.nextEvent();
  expect(content).toContain("is taken");
  expect((await post(project, "/hello", {})).status).toBe(202);
  await new Promise((resolve) => holder.close(resolve));
  const { code, stdout } = await project.ask(["reload"]);
  expect(stdout).toContain("config fixed and reloaded: listen address changed");
  expect(code).toBe(0);
});

test("of a broken edit that no session was there for, the next one hears only how it ended", async () => {
  const { project, claude } = await open((port) => withContent(port, "old"));
  await claude.stop();
  expect((await project.run(["up"])).code).toBe(0);
  stopped.push(async () => void (await project.ask(["down"])));
  await project.write("channels.yaml", broken(project.port));
  expect((await project.ask(["reload"])).code).toBe(1);
  await project.write("channels.yaml", withContent(project.port, "new"));
  expect((await project.ask(["reload"])).code).toBe(0);
  const later = await project.claude();
  expect((await later.nextEvent()).content).toContain("was fixed and reloaded");
  await post(project, "/hello", { n: 1 });
  expect((await later.nextEvent()).content).toBe("new 1");
  expect(later.events).toHaveLength(2);
});
