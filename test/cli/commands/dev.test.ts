// `dev` of the built program, when there is nothing to listen on yet.

import { createServer } from "node:http";
import { afterEach, expect, test } from "vitest";
import { startServer } from "../../support/claude-process.ts";
import { createProject, eventually, type Project, program } from "../../support/router.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

async function startDev(config: (port: number) => string) {
  const project = await createProject(config);
  projects.push(project);
  const holder = createServer().listen(project.port, "127.0.0.1");
  await new Promise((resolve) => holder.once("listening", resolve));
  const dev = startServer({
    command: process.execPath,
    args: [program, "dev"],
    project: project.folder,
    env: project.env,
  });
  const output = { text: "" };
  dev.stdout.on("data", (chunk) => {
    output.text += chunk;
  });
  return { project, dev, output, free: () => new Promise((resolve) => holder.close(resolve)) };
}

test("dev waits for a taken port, says so, and invites once its source has started", async () => {
  const { project, dev, output, free } = await startDev(
    (port) => `listen: 127.0.0.1:${port}\nsources:\n  hello: { type: http, path: /hello }\n`,
  );
  await eventually(() => output.text.includes("waiting for events"));
  expect(output.text).toContain("waiting: ");
  expect(output.text).not.toContain("curl");
  await free();
  await eventually(() => output.text.includes("curl"));
  expect(output.text).toContain(`POST ${project.address}/hello`);
  dev.kill("SIGINT");
  expect((await dev.exited).code).toBe(0);
});

test("dev with every source off stays until it is told to end", async () => {
  const { dev, output, free } = await startDev(
    () => "sources:\n  hello: { type: http, path: /hello, enabled: false }\n",
  );
  await eventually(() => output.text.includes("no source is enabled"));
  const ended = await Promise.race([
    dev.exited.then(() => true),
    new Promise<false>((resolve) => setTimeout(() => resolve(false), 500)),
  ]);
  expect(ended).toBe(false);
  dev.kill("SIGINT");
  expect((await dev.exited).code).toBe(0);
  await free();
});

test("dev says what flow control holds back, and prints the digest when it comes", async () => {
  const project = await createProject(
    (port) =>
      `listen: 127.0.0.1:${port}\nsources:\n  hello: { type: http, path: /hello }\nchannels:\n  hello: { content: "{{data.n}}", digest: { every: 10s, wait: 2s } }\n`,
  );
  projects.push(project);
  const { process: dev, printed } = project.dev();
  try {
    const send = (n: number) =>
      fetch(`${project.address}/hello`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ n }),
      }).then(
        ({ status }) => status,
        () => undefined,
      );
    await eventually(async () => (await send(1)) === 202);
    await send(2);
    await eventually(() => /delivered hello, ~\d+ tokens/.test(printed()));
    expect(printed()).toMatch(/held hello \w{13}: digest: collected until /);
    expect(printed()).toMatch(/<channel [^>]*count="2"/);
  } finally {
    await dev.interrupt();
  }
});
