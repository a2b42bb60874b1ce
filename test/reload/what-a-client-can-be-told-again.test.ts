import { afterEach, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";
import { answers, hello, isThere, post } from "./running.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

const channel = (more: string) => `channels:\n  hello: { from: hello${more} }\n`;

test("other tools are announced; what cannot be is in the verdict, and status gives the text of now", async () => {
  const project = await createProject((port) => hello(port, channel("")));
  projects.push(project);
  const claude = await project.claude();
  await answers(project, "/hello", isThere);
  expect(claude.tools.map(({ name }) => name)).not.toContain("ack");

  const next = hello(project.port, channel(", description: all greetings, receipt: ack"));
  await project.write("channels.yaml", next);
  await eventually(() => claude.tools.some(({ name }) => name === "ack"));
  expect(claude.notices.map(({ method }) => method)).toContain("notifications/tools/list_changed");
  expect(claude.process.stderr()).toContain("open sessions keep what they started with: the instructions");
  expect((await claude.callTool("status")).text).toContain("last reload: reloaded: ~1 channel");
  // The description of a found config that was edited waits for the user's answer.
  await project.trust();
  await eventually(async () => {
    const { text } = await claude.callTool("status");
    return /instructions, changed since this session started:\n(?:.*\n)*.*all greetings/.test(text);
  });

  const later = await project.claude();
  expect(later.server.instructions).toContain("all greetings");
  expect((await later.callTool("status")).text).not.toContain("changed since this session began");
});

test("ack stays while a receipt is awaited whose channel asks for none any more", async () => {
  const project = await createProject((port) => hello(port, channel(", receipt: ack")));
  projects.push(project);
  const claude = await project.claude();
  await answers(project, "/hello", isThere);
  await post(project, "/hello", { n: 1 });
  await claude.waitForEvents(1);
  await project.write("channels.yaml", hello(project.port, channel(", description: no receipt")));
  await eventually(() => claude.process.stderr().includes("reloaded"));
  // Also for a session that comes afterwards, and after the list was asked for again.
  const later = await project.claude();
  for (const one of [claude, later]) {
    const { tools } = await one.request("tools/list");
    expect((tools as { name: string }[]).map(({ name }) => name)).toContain("ack");
  }
  const ids = claude.events.map(({ meta }) => meta.event_id);
  const { text } = await claude.callTool("ack", { event_ids: ids, outcome: "handled" });
  expect(text).toContain("acknowledged as handled");
});
