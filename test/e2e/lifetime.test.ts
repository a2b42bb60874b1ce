// How the stdio server begins and ends: what a client, a shell and a broken config do to it.

import { spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { createProject, eventually, type Project, program } from "../support/router.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

const hello = (port: number) =>
  `listen: 127.0.0.1:${port}\nsources:\n  hello: { type: http, path: /hello }\n`;

async function open(config?: (port: number) => string): Promise<Project> {
  const project = await createProject(config);
  projects.push(project);
  return project;
}

const post = (project: Project, body: unknown) =>
  fetch(`${project.address}/hello`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const listening = (project: Project) =>
  eventually(() =>
    fetch(project.address).then(
      ({ status }) => status === 404,
      () => false,
    ),
  );

test("three lines of YAML are a working webhook", async () => {
  const project = await open(hello);
  const claude = await project.claude();
  await listening(project);
  expect(await (await post(project, { text: "hi" })).json()).toMatchObject({ outcome: "accepted" });
  const event = await claude.nextEvent();
  expect(event.content).toBe('{\n  "text": "hi"\n}');
  expect(event.meta).toMatchObject({ channel: "hello", trust: "unverified", path: "/hello", method: "POST" });
});

describe.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s", (signal) => {
  test("ends the server within two seconds, with stdin left open and a sender connected", async () => {
    const project = await open(hello);
    const claude = await project.claude();
    await listening(project);
    const started = Date.now();
    claude.process.kill(signal);
    const exit = await claude.process.exited;
    expect(exit.code).toBe(0);
    // Two seconds are promised; the rest is for a machine that is busy with anything.
    expect(Date.now() - started).toBeLessThan(5_000);
  });
});

test("the end of stdin ends the server", async () => {
  const project = await open(hello);
  const claude = await project.claude();
  claude.closeStdin();
  expect(await claude.process.exited).toMatchObject({ code: 0, signal: null });
});

test.each([
  ["with a config", hello],
  ["without one", undefined],
] as const)("what was read before stdin ended is answered, as in a pipe: %s", async (_, config) => {
  const project = await open(config);
  const request = (id: number, method: string, params: object = {}) =>
    `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`;
  const initialize = request(1, "initialize", {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "printf", version: "1" },
  });
  const initialized = `${JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" })}\n`;
  const call = request(3, "tools/call", { name: "status", arguments: {} });
  // Twice: the second start answers from what the first one stored.
  for (const input of [initialize, initialize, initialize + initialized + request(2, "tools/list") + call]) {
    const { code, stdout, stderr } = await project.run([], { input });
    const ids = stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line).id]));
    expect([code, ids.filter((id) => id !== undefined)], stderr).toEqual([
      0,
      input === initialize ? [1] : [1, 2, 3],
    ]);
  }
});

test("a client that is gone without closing stdin ends the server at the next write", async () => {
  const project = await open(hello);
  const claude = await project.claude();
  await listening(project);
  claude.process.stdout.destroy();
  await post(project, { text: "into the void" }).catch(() => undefined);
  const exit = await claude.process.exited;
  expect(exit.signal).toBeNull();
  expect(claude.process.stderr()).not.toContain("Error:");
});

test("on a terminal it says what it is and where to go", async () => {
  const project = await open(hello);
  const script = spawn("script", ["-qec", `${process.execPath} ${program}`, "/dev/null"], {
    cwd: project.folder,
  });
  let text = "";
  script.stdout.on("data", (chunk) => {
    text += chunk;
  });
  await new Promise((resolve) => script.on("close", resolve));
  expect(text).toContain("channel-router dev");
});

test("lines that are not JSON-RPC do not end the conversation", async () => {
  const project = await open(hello);
  const claude = await project.claude();
  claude.process.stdin.write('not json\n{"half":\n\n[]\n"text"\n');
  expect((await claude.callTool("status")).isError).toBe(false);
});

test("without any config the tools are served, status says what to do, and a good file is picked up when it appears", async () => {
  const project = await open();
  const claude = await project.claude();
  const { text } = await claude.callTool("status");
  expect(text).toContain("none found");
  expect(text).toContain(join(project.folder, "channels.yaml"));
  await project.write("channels.yaml", hello(project.port));
  await listening(project);
  await post(project, { text: "late" });
  expect((await claude.nextEvent()).content).toContain("late");
});

test("a broken config is told with its caret, and a good one is picked up", async () => {
  const project = await open((port) => hello(port).replace("path", "paht"));
  const claude = await project.claude();
  const { text } = await claude.callTool("status");
  expect(text).toContain("channels.yaml:3:24");
  expect(text).toMatch(/did you mean "?path/);
  await project.write("channels.yaml", hello(project.port));
  await listening(project);
  await eventually(() => claude.process.stderr().includes("is good now"));
});

test.each([
  ["an empty file", async (file: string) => writeFile(file, "")],
  ["a directory instead of a file", async (file: string) => mkdir(file)],
  [
    "bytes that are no text",
    async (file: string) => writeFile(file, Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x81])),
  ],
])("%s as the config does not stop the server", async (_, make) => {
  const project = await open();
  await make(join(project.folder, "channels.yaml"));
  const claude = await project.claude();
  const { text, isError } = await claude.callTool("status");
  expect(isError).toBe(false);
  expect(text).toContain("problems: 1");
});

test("a taken port is told with its holder, tools go on, and the source starts once the port is free", async () => {
  const project = await open(hello);
  const holder = createServer().listen(project.port, "127.0.0.1");
  await new Promise((resolve) => holder.once("listening", resolve));
  const claude = await project.claude();
  const text = await eventually(async () => {
    const status = (await claude.callTool("status")).text;
    return status.includes("taken") && status;
  });
  if (process.platform === "linux") expect(text).toContain(`pid ${process.pid}`);
  await new Promise((resolve) => holder.close(resolve));
  await eventually(
    () =>
      post(project, {}).then(
        ({ status }) => status === 202,
        () => false,
      ),
    8_000,
  );
});

test("without `listen` a second project takes the next port, and each gets its own again", async () => {
  const config = () => "sources:\n  hello: { type: http, path: /hello }\n";
  const [one, two] = [await open(config), await open(config)];
  const addressOf = async (project: Project) => {
    const claude = await project.claude();
    const address = await eventually(
      async () => /http:\/\/127\.0\.0\.1:\d+/.exec((await claude.callTool("status")).text)?.[0],
    );
    return { claude, address };
  };
  const first = await addressOf(one);
  const second = await addressOf(two);
  expect(second.address).not.toBe(first.address);
  await first.claude.stop();
  await second.claude.stop();
  expect((await addressOf(two)).address).toBe(second.address);
});

test("the second start answers from what the first one left, with the same words, and a changed file is noticed", async () => {
  const project = await open(hello);
  const first = await project.claude();
  await listening(project);
  const { instructions } = first.server;
  await first.stop();
  const second = await project.claude();
  expect(second.server.instructions).toBe(instructions);
  await second.stop();
  await project.write("channels.yaml", hello(project.port).replaceAll("hello", "bonjour"));
  const third = await project.claude();
  expect(third.server.instructions).toContain("bonjour");
});

test("a home that cannot be written leaves the tools, and status says that nothing can be taken and why", async () => {
  const project = await open(hello);
  await rm(project.state, { recursive: true });
  await writeFile(project.state, "a file where the folder should be");
  const claude = await project.claude();
  const { text } = await claude.callTool("status");
  expect(text).toContain("works alone, without sources");
  expect(text).toContain("state");
  await expect(post(project, {})).rejects.toThrow();
});

test("a client that does not read holds nobody up: what is accepted waits on disk and arrives once, in order", async () => {
  const project = await open(
    (port) =>
      `${hello(port)}budget: { hour: none }\nchannels: { hello: { content: "{{data.text}}", budget: { event: 20000 } } }\n`,
  );
  const claude = await project.claude();
  await listening(project);
  claude.pauseReading();
  const padding = "x".repeat(20_000);
  for (let index = 0; index < 300; index += 1) {
    expect((await post(project, { text: `#${index} ${padding}` })).status).toBe(202);
  }
  claude.resumeReading();
  await claude.waitForEvents(300, 20_000);
  const seen = claude.events.map(({ content }) => Number(/^#(\d+)/.exec(content)?.[1]));
  expect(seen).toEqual(Array.from({ length: 300 }, (_, index) => index));
});
