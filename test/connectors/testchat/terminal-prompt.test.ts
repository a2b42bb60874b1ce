// A permission prompt in a chat follows what the client's session file says of the prompt at the terminal, on the built program.

import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type BuiltProgram, buildWith } from "../../support/build-with.ts";
import { type SpawnedClaude, spawnClaude } from "../../support/claude-simulator.ts";
import { createProject, eventually, type Project } from "../../support/router.ts";
import { openTestPlatform, type TestPlatform } from "../../support/testchat/platform.ts";

const ada = { id: "41", name: "Ada" };
let built: BuiltProgram;
beforeAll(async () => {
  built = await buildWith("test/support/testchat/registry.ts");
});
afterAll(() => built.remove());

const cleaning: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});

/** Starts the server below a process that is called `claude`, as the client's own is. */
async function begin() {
  const platform: TestPlatform = await openTestPlatform();
  cleaning.push(() => platform.close());
  const project: Project = await createProject(
    (port) => `listen: 127.0.0.1:${port}
sources:
  phone: ${platform.source('{ allow: ["41"] }', port)}
permissions: { relay: [phone], approvers: { phone: ["41"] } }
`,
    { ...built, consent: "all" },
  );
  cleaning.push(() => project.remove());
  const bin = `${project.folder}-bin`;
  await mkdir(bin);
  cleaning.push(() => rm(bin, { recursive: true, force: true }));
  await symlink(process.execPath, join(bin, "claude"));
  const client = `require("node:child_process").spawn(process.execPath, [${JSON.stringify(built.program)}], { stdio: "inherit" }).on("exit", (code) => process.exit(code ?? 0));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => undefined);`;
  const claude: SpawnedClaude = await spawnClaude(
    {
      command: join(bin, "claude"),
      args: ["-e", client],
      project: project.folder,
      env: project.env as Record<string, string>,
    },
    { bootWindowMs: 0, timeoutMs: 60_000 },
  );
  cleaning.push(async () => {
    claude.closeStdin();
    await claude.process.exited;
  });
  const sessions = join(String(project.env.CLAUDE_CONFIG_DIR), "sessions");
  await mkdir(sessions, { recursive: true });
  return {
    platform,
    claude,
    status: (status: string) =>
      writeFile(join(sessions, `${claude.process.pid}.json`), JSON.stringify({ status })),
    /** The router has read that. */
    knowsIdle: (idle: boolean) =>
      eventually(async () => (await project.ask(["sessions", "--json"])).stdout.includes(`"idle": ${idle}`)),
    shows: (text: string) =>
      eventually(async () => (await platform.shown(ada)).find((message) => message.text.includes(text))),
    ask: (id: string) =>
      claude.wire.notify("notifications/claude/channel/permission_request", {
        request_id: id,
        tool_name: "Bash",
        description: "Run shell command",
        input_preview: '{"command":"npm test"}',
      }),
    connected: () =>
      eventually(async () => /phone \(\S+\) running/.test((await project.ask(["status"])).stdout)),
  };
}

it("closes when it is answered at the terminal; a verdict from the chat says whether the prompt has closed", async () => {
  const { platform, status, knowsIdle, shows, ask, connected } = await begin();
  await connected();
  await status("idle");
  await knowsIdle(true);
  ask("abcde");
  await shows("abcde");
  await status("waiting");
  await knowsIdle(false);
  expect((await shows("abcde")).buttons).not.toEqual([]);
  await status("idle");
  expect((await shows("It was answered at the terminal.")).buttons).toEqual([]);

  await knowsIdle(true);
  ask("bcdef");
  const second = await shows("bcdef");
  await status("waiting");
  await knowsIdle(false);
  await platform.press(ada, second.id, "allow");
  await shows("Sent: allow, by Ada. The terminal may have answered first.");
  await status("busy");
  await shows("Sent: allow, by Ada. The prompt has closed.");
});
