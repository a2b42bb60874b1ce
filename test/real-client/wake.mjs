// Each way to wake a session that was started without the channel: an event is posted, the client shows the ring, a stub model calls
// `pending`, and the event is done. Needs a terminal of its own for the client, which `script` of util-linux gives.
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openClient } from "./client.mjs";
import { show } from "./show.mjs";
import { openStubApi } from "./stub-api.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const router = join(root, "dist/channel-router.js");
const claude = process.env.CLAUDE ?? "claude";
const key = `sk-ant-api03-${"a".repeat(60)}`;

const parts = process.argv[2]?.split(",") ?? ["inbox", "monitor", "hook", "print"];
for (const part of parts) await (part === "print" ? tryWithoutTerminal() : tryWay(part));

async function tryWay(way) {
  const isPlugin = way !== "inbox";
  const tool = isPlugin ? "mcp__plugin_router_router__pending" : "mcp__router__pending";
  const { api, client, project, port, more } = await open(`[${way}]`, tool);
  if (!isPlugin)
    writeFileSync(
      join(project, ".mcp.json"),
      JSON.stringify({ mcpServers: { router: { command: process.execPath, args: [router] } } }),
    );
  const plugin = isPlugin ? `--plugin-dir '${root}'` : "";
  const command = `stty cols 160 rows 50; exec '${claude}' ${plugin} --allowedTools ${tool}`;
  const terminal = spawn("script", ["-qfec", command, "/dev/null"], {
    cwd: project,
    env: { ...client.env, ...more },
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  let screen = "";
  terminal.stdout.on("data", (chunk) => {
    screen = (screen + chunk).slice(-200_000);
    if (/Yes, |Enter to confirm/.test(String(chunk))) terminal.stdin.write("\r");
  });
  const cli = (...args) => run(client, project, more, args);
  try {
    const ready = await until(async () => (await cli("sessions")).includes(`wake: by ${way}`));
    show(`${way}: a session without the channel offers it`, ready, await cli("sessions"));
    for (const text of ["the first event", "the second event"]) {
      const { event_id: id } = await post(port, text);
      const isRung = await until(() =>
        api.asked.some((one) => /\d+ events? waits? in channel-router: call its pending tool\./.test(one)),
      );
      show(`${way}: ${text} rings, and Claude is given the sentence`, isRung, screen.slice(-1_000));
      const isDone = await until(async () => / done/.test(await lineOf(id, cli)));
      show(`${way}: Claude calls pending, and the event is done`, isDone, await cli("why", id));
      api.asked.length = 0;
    }
    const startMs = performance.now();
    for (const typed of ["/exit", "\r"]) {
      terminal.stdin.write(typed);
      await pause(500);
    }
    const hasEnded = await until(() => terminal.exitCode !== null, 15_000);
    const took = ((performance.now() - startMs) / 1_000).toFixed(1);
    show(`${way}: Claude Code ends when the user quits (${took} s)`, hasEnded, screen.slice(-1_000));
  } finally {
    // As a terminal that is closed does it: the client ends its servers.
    kill(terminal, "SIGHUP");
    await until(async () => /no router runs/.test(await cli("status")), 5_000);
    kill(terminal, "SIGKILL");
    api.close();
  }
}

function kill({ pid, exitCode }, signal) {
  if (exitCode === null) process.kill(-pid, signal);
}

/** `claude -p` must not wait for a hook that waits for events. */
async function tryWithoutTerminal() {
  const { api, client, project, more } = await open("auto");
  const startMs = performance.now();
  const printed = await client
    .run(["-p", "hello", "--plugin-dir", root], { cwd: project, more })
    .catch((error) => String(error));
  const tookMs = performance.now() - startMs;
  show(
    `claude -p ends by itself (${(tookMs / 1_000).toFixed(1)} s)`,
    /ok/.test(printed) && tookMs < 20_000,
    printed,
  );
  api.close();
}

async function open(ways, tool = "") {
  const api = await openStubApi(tool);
  const client = openClient();
  const project = join(client.home, "project");
  mkdirSync(project, { recursive: true });
  const port = await freePort();
  const config = join(project, "channels.yaml");
  writeFileSync(
    config,
    `listen: 127.0.0.1:${port}
wake: ${ways}
sources:
  hello: { type: http, path: /hello }
channels:
  hello: { priority: high }
`,
  );
  mkdirSync(client.env.CLAUDE_CONFIG_DIR, { recursive: true });
  writeFileSync(
    join(client.env.CLAUDE_CONFIG_DIR, ".claude.json"),
    JSON.stringify({
      hasCompletedOnboarding: true,
      theme: "dark",
      customApiKeyResponses: { approved: [key.slice(-20)], rejected: [] },
      projects: {
        [project]: {
          hasTrustDialogAccepted: true,
          hasCompletedProjectOnboarding: true,
          enabledMcpjsonServers: ["router"],
        },
      },
    }),
  );
  const more = { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: api.url, TERM: "xterm-256color" };
  await run(client, project, more, ["trust", "--yes", config]);
  return { api, client, project, port, more };
}

function run(client, cwd, more, args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [router, ...args], { cwd, env: { ...client.env, ...more } });
    let printed = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => {
        printed += chunk;
      });
    child.on("close", () => resolve(printed));
  });
}

async function post(port, text) {
  const response = await fetch(`http://127.0.0.1:${port}/hello`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text }),
  });
  return response.json();
}

async function lineOf(id, cli) {
  return (await cli("events")).split("\n").find((line) => line.includes(id)) ?? "";
}

async function until(isSo, withinMs = 40_000) {
  for (const endMs = Date.now() + withinMs; Date.now() < endMs; await pause(500))
    if (await isSo()) return true;
  return false;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
