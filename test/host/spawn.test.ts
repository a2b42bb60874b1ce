import { describe, expect, test } from "vitest";
import { commandEnvironment, spawnGroup } from "../../src/host/spawn.ts";
import { isAlive } from "../support/processes.ts";
import { eventually } from "../support/router.ts";

const world = { folder: "/tmp", environment: process.env, isSecret: () => false };

describe("the environment of a command", () => {
  const environment = {
    PATH: "/bin",
    HOME: "/home/me",
    LANG: "de_DE.UTF-8",
    KUBECONFIG: "/k",
    SSH_AUTH_SOCK: "/s",
    KEYBOARD: "us",
    GITHUB_TOKEN: "x",
    AWS_SECRET_ACCESS_KEY: "x",
    ANTHROPIC_API_KEY: "x",
    PGPASSWORD: "x",
    MY_PASSWORD: "x",
    DATABASE_URL: "postgres://me:pw@db/x",
    HOOK: "https://hooks.example/T/abcdefgh",
    CLAUDE_CODE_SESSION_ID: "x",
    CHANNEL_ROUTER_TRUST: "all",
    NODE_OPTIONS: "--inspect",
  };

  test("is the router's without secrets and without its own settings", () => {
    const isSecret = (value: string) => value.includes("abcdefgh");
    expect(Object.keys(commandEnvironment({ environment, isSecret })).toSorted()).toEqual([
      "HOME",
      "KEYBOARD",
      "KUBECONFIG",
      "LANG",
      "PATH",
      "SSH_AUTH_SOCK",
    ]);
  });

  test("has what the command names", async () => {
    const child = await spawnGroup(
      { command: ["env"], env: { GITHUB_TOKEN: "given" } },
      { ...world, environment: { ...environment, PATH: process.env.PATH } },
    );
    let text = "";
    for await (const piece of child.stdout) text += piece;
    expect(text).toContain("GITHUB_TOKEN=given\n");
    expect(text).not.toMatch(/ANTHROPIC|CLAUDE|CHANNEL_ROUTER/);
  });
});

test("consent to one program starts that one, and not in place of another", async () => {
  const launch = {
    name: "echo",
    program: "/bin/echo",
    project: "/nowhere",
    scripts: [],
    paths: [],
    links: [],
  };
  const said = async (command: readonly string[]) => {
    const child = await spawnGroup({ command, launch }, world);
    let text = "";
    for await (const piece of child.stdout) text += piece;
    return text;
  };
  expect(await said(["echo", "one"])).toBe("one\n");
  await expect(said(["printf", "two"])).rejects.toMatchObject({
    code: "E_COMMAND_START",
    message: "the command printf is not started: your consent does not name it",
  });
  const more = { ...launch, others: [{ name: "printf", program: "/usr/bin/printf" }] };
  const child = await spawnGroup({ command: ["printf", "two"], launch: more }, world);
  let text = "";
  for await (const piece of child.stdout) text += piece;
  expect(text).toBe("two");
});

test("a program that is not there, or a folder, is an error that says so", async () => {
  await expect(spawnGroup({ command: ["no-such-program"] }, world)).rejects.toMatchObject({
    code: "E_COMMAND_START",
    message: "the command no-such-program cannot be started: no such program",
  });
  await expect(spawnGroup({ command: ["/tmp"] }, world)).rejects.toMatchObject({
    message: "the command /tmp cannot be started: it may not be run",
  });
  await expect(spawnGroup({ command: ["true"], cwd: "/no/such/folder" }, world)).rejects.toMatchObject({
    message: "the command true cannot be started: no such folder: /no/such/folder",
  });
});

test("kill ends all that the program started, even what does not want to end", async () => {
  const child = await spawnGroup(
    { command: ["sh", "-c", 'trap "" TERM; sleep 60 & echo $!; wait; sleep 60'] },
    world,
  );
  const [first] = await child.stdout
    .iterator({ destroyOnReturn: false })
    .next()
    .then(({ value }) => [String(value)]);
  const inner = Number(first);
  await child.kill(100);
  await child.kill(100);
  expect((await child.ended).signal).toBe("SIGKILL");
  await eventually(() => !isAlive(inner) && !isAlive(child.pid));
});
