// What `up` leaves behind and prints: the unit for systemd, and the note by which `down` finds its process.

import { spawn } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { enterUp, findUp } from "../../../src/cli/commands/up.ts";
import { unitText } from "../../../src/cli/systemd-unit.ts";
import { stateFolder } from "../../../src/config/paths.ts";
import { command, startRunning } from "../running.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp("/tmp/cr-up-");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const alive = { self: async () => ({ pid: process.pid, start: "a" }), isRunning: async () => true };

test("the unit starts this very program with this very config, whatever their paths hold", () => {
  const unit = unitText({
    program: ["/usr/bin/node", "/opt/my router/channel-router.js"],
    config: '/home/me/100%/$x "y".yaml',
    folder: "/home/me/100%",
    places: { CLAUDE_CONFIG_DIR: "/home/me/c d", CHANNEL_ROUTER_STATE_DIR: undefined },
  });
  expect(unit).toContain(
    'ExecStart=/usr/bin/node "/opt/my router/channel-router.js" up --foreground --config "/home/me/100%%/$$x \\"y\\".yaml"\n',
  );
  expect(unit).toContain("WorkingDirectory=/home/me/100%%\n");
  expect(unit).toContain('Environment="CLAUDE_CONFIG_DIR=/home/me/c d"\n');
  expect(unit).not.toContain("CHANNEL_ROUTER_STATE_DIR");
});

test("up --print-unit prints the unit and starts nothing", async () => {
  const running = await startRunning({});
  const { stdout, code } = await command(running, ["up", "--print-unit"], {
    foreground: async () => {
      throw new Error("must not run");
    },
  });
  expect(stdout).toContain("up --foreground --config /p/channels.yaml\n");
  expect(code).toBe(0);
});

test("the note is private, names the process, and goes with it", async () => {
  const leave = await enterUp(folder, { pid: 4711, start: "a" });
  expect((await stat(join(folder, "up.json"))).mode & 0o777).toBe(0o600);
  expect(await findUp(folder, alive)).toEqual({ pid: 4711, start: "a" });
  expect(await findUp(folder, { ...alive, isRunning: async () => false })).toBeUndefined();
  await enterUp(folder, { pid: 4712, start: "b" });
  await leave();
  expect(await findUp(folder, alive)).toEqual({ pid: 4712, start: "b" });
});

test.each(["", "null", "[]", '{"pid":"1","start":"a"}', '{"pid":1,"start":"a"}', '{"pid":-1,"start":"a"}'])(
  "a note that holds %j names nobody",
  async (text) => {
    await writeFile(join(folder, "up.json"), text);
    expect(await findUp(folder, alive)).toBeUndefined();
  },
);

test.each([[[]], [["--foreground"]]])(
  "up %j with a state folder that cannot be used says so, and what to do",
  async (more) => {
    const running = await startRunning({});
    const config = join(folder, "channels.yaml");
    const inTheWay = join(folder, "state");
    await writeFile(config, "sources: {}\n");
    await writeFile(inTheWay, "x");
    const env = { HOME: folder, CHANNEL_ROUTER_CONFIG: config, CHANNEL_ROUTER_STATE_DIR: inTheWay };
    const { code, stderr } = await command(running, ["up", ...more], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/the state folder .* cannot be used: (EEXIST|ENOTDIR)/);
    expect(stderr).toContain("set CHANNEL_ROUTER_STATE_DIR");
    expect(stderr).not.toContain("    at ");
  },
);

test("up --foreground runs once for a config, and the second one is refused with the first one's pid", async () => {
  const running = await startRunning({});
  const config = join(folder, "channels.yaml");
  const env = { HOME: folder, CHANNEL_ROUTER_CONFIG: config, CHANNEL_ROUTER_STATE_DIR: folder };
  await writeFile(config, "sources: {}\n");
  let second: Awaited<ReturnType<typeof command>> | undefined;
  let isInside = false;
  const { code, stdout } = await command(running, ["up", "--foreground"], {
    env,
    processes: alive,
    async foreground(_, ready) {
      ready({ mode: "standby" });
      if (!isInside) {
        isInside = true;
        second = await command(running, ["up", "--foreground"], { env, processes: alive });
      }
      return 0;
    },
  });
  expect(code).toBe(0);
  if (process.send === undefined) expect(stdout).toContain("is a standby");
  expect(second).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`is already running (pid ${process.pid})`),
  });
  expect(await findUp(stateFolder(env, config), alive)).toBeUndefined();
});

test("down ends one that stands by while a Claude session owns the router", async () => {
  const owned = await startRunning({}, false);
  const env = { HOME: folder, CHANNEL_ROUTER_CONFIG: "/p/channels.yaml" };
  const standby = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  const gone = new Promise((resolve) => standby.once("exit", (_, signal) => resolve(signal)));
  let isGone = false;
  void gone.then(() => {
    isGone = true;
  });
  await enterUp(folder, { pid: standby.pid as number, start: "a" });
  const state = { ...owned.state, options: { ...owned.state.options, folder } };
  const { stdout, code } = await command({ ...owned, state }, ["down"], {
    env,
    processes: { ...alive, isRunning: async ({ pid }) => pid === standby.pid && !isGone },
  });
  expect(await gone).toBe("SIGTERM");
  expect(code).toBe(0);
  expect(stdout).toContain(`down: pid ${standby.pid} has ended`);
  expect(stdout).toContain(`the Claude session of pid ${process.pid} runs it`);
});
