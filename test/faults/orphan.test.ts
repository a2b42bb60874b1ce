// A client that dies without a word: a process between it and us keeps the pipes open, so nothing of ours is closed.

import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { isAlive } from "../support/processes.ts";
import { eventually, program } from "../support/router.ts";
import { atEnd, listening, open } from "./stage.ts";

const hook = (port: number) => `listen: 127.0.0.1:${port}\nsources: { hook: { type: http, path: /hook } }\n`;
const greeting = [
  {
    id: 0,
    method: "initialize",
    params: {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "claude-code", version: "2.1.330" },
    },
  },
  { method: "notifications/initialized" },
]
  .map((message) => JSON.stringify({ jsonrpc: "2.0", ...message }))
  .join("\n");

test("a client that is killed while a wrapper keeps stdin open leaves no process behind", async () => {
  const project = await open(hook);
  await project.write("greeting", `${greeting}\n`);
  // Descriptor 3 reads and writes, so the router's stdin has a writer for as long as the wrapper lives.
  const wrapper = await project.write(
    "wrapper.sh",
    `mkfifo in\nexec 3<>in\n"${process.execPath}" "${program}" <&3 >out &\necho "$! $$"\ncat greeting >&3\nwait\nexec sleep 60\n`,
  );
  // Named like the client, since that is what the router looks for among its ancestors.
  const claude = await project.write(
    "claude",
    `require("node:child_process").spawn("sh", [${JSON.stringify(wrapper)}], { stdio: "inherit" });\nsetInterval(() => {}, 1000);\n`,
  );
  const begunMs = performance.now();
  const client = spawn(process.execPath, [claude], {
    cwd: project.folder,
    env: { ...process.env, ...project.env, CLAUDECODE: "1" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  atEnd(() => void client.kill("SIGKILL"));
  let printed = "";
  client.stdout.on("data", (chunk) => {
    printed += chunk;
  });
  const pids = await eventually(() => /^(\d+) (\d+)$/m.exec(printed) ?? undefined);
  const [router, shell] = [Number(pids[1]), Number(pids[2])];
  atEnd(() => {
    for (const pid of [router, shell]) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  });
  await listening(project);
  // What a busy machine needs.
  const startMs = performance.now() - begunMs;
  client.kill("SIGKILL");
  await new Promise((resolve) => client.once("exit", resolve));
  const killedMs = performance.now();
  await eventually(() => !isAlive(router));
  expect(performance.now() - killedMs).toBeLessThan(5_000 + startMs);
  // It was not the end of its stdin.
  expect(isAlive(shell)).toBe(true);
});
