// `dev` of the built program, when there is nothing to listen on yet.

import { mkdir, readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
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
  const temporary = join(project.folder, "tmp");
  await mkdir(temporary);
  const dev = startServer({
    command: process.execPath,
    args: [program, "dev"],
    project: project.folder,
    env: { ...project.env, TMPDIR: temporary },
  });
  const output = { text: "" };
  dev.stdout.on("data", (chunk) => {
    output.text += chunk;
  });
  return { project, dev, output, temporary, free: () => new Promise((resolve) => holder.close(resolve)) };
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

// In the order in which dev prints them; "curl" only once the port is free.
test.each(["channel-router dev", "hello (http)", "waiting for events", "curl"])(
  "dev ends with 0 within 3 s at SIGINT when it has just printed %j, also at a second one",
  async (words) => {
    for (const signals of [1, 2]) {
      const { dev, output, temporary, free } = await startDev(
        (port) => `listen: 127.0.0.1:${port}\nsources:\n  hello: { type: http, path: /hello }\n`,
      );
      let isSent = false;
      dev.stdout.on("data", () => {
        if (output.text.includes("waiting for events")) void free();
        if (isSent || !output.text.includes(words)) return;
        isSent = true;
        dev.kill("SIGINT");
        if (signals === 2) setImmediate(() => dev.kill("SIGINT"));
      });
      const { code, afterMs } = await dev.exited;
      expect(code).toBe(0);
      expect(afterMs).toBeLessThan(3_000);
      // The socket for `send` is gone, however early the signal came. A second one leaves no time for that.
      if (signals === 1) expect(await readdir(temporary)).toEqual([]);
      await free();
    }
  },
);

test.each([1, 2])(
  "dev ends with 0 within 3 s at %i SIGINT while clients hold connections open",
  async (signals) => {
    const project = await createProject(
      (port) => `listen: 127.0.0.1:${port}\nsources:\n  hello: { type: http, path: /hello }\n`,
    );
    projects.push(project);
    const { process: dev, printed } = project.dev();
    await eventually(() => printed().includes("waiting for events"));
    const running = join(project.state, "running", "dev");
    const [name] = await readdir(running);
    const { socket } = JSON.parse(await readFile(join(running, name as string), "utf8"));
    const clients = [connect(project.port, "127.0.0.1"), connect(socket)];
    for (const client of clients) client.on("error", () => undefined);
    await Promise.all(clients.map((client) => new Promise((resolve) => client.once("connect", resolve))));
    clients[0]?.write("POST /hello HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n");
    dev.kill("SIGINT");
    await eventually(async () => (await readdir(running)).length === 0);
    if (signals === 2) dev.kill("SIGINT");
    const { code, afterMs } = await dev.exited;
    expect(code).toBe(0);
    expect(afterMs).toBeLessThan(3_000);
    for (const client of clients) client.destroy();
  },
);

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
