// What the client's session file says while a permission prompt is open: the chats rely on it (src/access/open-prompts.ts).
// Needs a terminal of its own for the client, which `script` of util-linux gives.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openClient } from "./client.mjs";
import { show } from "./show.mjs";
import { openStubApi } from "./stub-api.mjs";

const router = fileURLToPath(new URL("../../dist/channel-router.js", import.meta.url));
const claude = process.env.CLAUDE ?? "claude";
const key = `sk-ant-api03-${"a".repeat(60)}`;

const client = openClient();
const api = await openStubApi("mcp__router__status");
const project = join(client.home, "project");
mkdirSync(project, { recursive: true });
mkdirSync(client.env.CLAUDE_CONFIG_DIR, { recursive: true });
writeFileSync(
  join(project, ".mcp.json"),
  JSON.stringify({ mcpServers: { router: { command: process.execPath, args: [router] } } }),
);
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
const terminal = spawn("script", ["-qfec", `stty cols 160 rows 50; exec '${claude}'`, "/dev/null"], {
  cwd: project,
  env: { ...client.env, ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: api.url, TERM: "xterm-256color" },
  detached: true,
  stdio: ["pipe", "pipe", "ignore"],
});
let screen = "";
terminal.stdout.on("data", (chunk) => {
  screen = (screen + chunk).slice(-20_000);
});

try {
  await until(() => status() === "idle");
  show("an idle session is reported as idle", status() === "idle", screen.slice(-500));
  // The tools are there a moment later.
  await pause(5_000);
  for (const typed of ["call its pending tool", "\r"]) {
    terminal.stdin.write(typed);
    await pause(500);
  }
  await until(() => status() === "waiting");
  show(
    "while a permission prompt is open, it is reported as waiting",
    status() === "waiting",
    screen.slice(-1_000),
  );
  await pause(3_000);
  show("it is still waiting later", status() === "waiting", String(status()));
  terminal.stdin.write("\r");
  await until(() => status() !== "waiting");
  show(
    "once it is answered at the terminal, it is not waiting",
    status() === "busy" || status() === "idle",
    String(status()),
  );
} finally {
  if (terminal.exitCode === null) process.kill(-terminal.pid, "SIGHUP");
  await pause(2_000);
  if (terminal.exitCode === null) process.kill(-terminal.pid, "SIGKILL");
  api.close();
}

function status() {
  try {
    const folder = join(client.env.CLAUDE_CONFIG_DIR, "sessions");
    const [name] = readdirSync(folder).filter((one) => one.endsWith(".json"));
    return JSON.parse(readFileSync(join(folder, name), "utf8")).status;
  } catch {
    return undefined;
  }
}

async function until(isSo, withinMs = 40_000) {
  for (const endMs = Date.now() + withinMs; Date.now() < endMs; await pause(200)) if (await isSo()) return;
}
