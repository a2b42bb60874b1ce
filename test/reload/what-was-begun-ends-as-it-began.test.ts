import { request } from "node:http";
import { afterEach, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";
import { answers, isThere } from "./running.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

const config = (port: number, status: number, more = "") => `listen: 127.0.0.1:${port}
sources:
  ask: { type: http, path: /ask, max_body: ${status}KiB, respond: { wait: 30s } }
  hello: { type: http, path: /hello, respond: { status: ${status} } }
${more}`;

async function open(): Promise<{ project: Project; claude: Awaited<ReturnType<Project["claude"]>> }> {
  const project = await createProject((port) => config(port, 201));
  projects.push(project);
  const claude = await project.claude();
  await answers(project, "/hello", isThere);
  return { project, claude };
}

test("a caller who waits gets the answer, although its source was replaced meanwhile", async () => {
  const { project, claude } = await open();
  const asked = fetch(`${project.address}/ask`, { method: "POST", body: "how many?" });
  const event = await claude.nextEvent();
  await project.write("channels.yaml", config(project.port, 202));
  await eventually(() => claude.process.stderr().includes("~2 sources"));
  await claude.callTool("reply", { event_id: event.meta.event_id, text: "seven" });
  expect(await (await asked).text()).toBe("seven");
});

test("a request that is half sent is taken by the source that it began with", async () => {
  const { project, claude } = await open();
  const call = request(`${project.address}/hello`, { method: "POST", headers: { "content-length": "4" } });
  const status = new Promise<number | undefined>((resolve, reject) => {
    call.on("response", (response) => resolve(response.resume().statusCode));
    call.on("error", reject);
  });
  await new Promise((resolve) => call.write("ha", resolve));
  await project.write("channels.yaml", config(project.port, 202));
  await eventually(() => claude.process.stderr().includes("~2 sources"));
  call.end("lf");
  expect(await status).toBe(201);
  expect((await fetch(`${project.address}/hello`, { method: "POST", body: "whole" })).status).toBe(202);
  expect((await claude.waitForEvents(2)).map(({ content }) => content)).toEqual(["half", "whole"]);
});
