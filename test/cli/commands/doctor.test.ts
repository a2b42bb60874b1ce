// Each check of doctor, on real files, real ports and real configs in a folder of its own.

import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkNode, doctor } from "../../../src/cli/commands/doctor.ts";
import { adviceFor } from "../../../src/cli/doctor/advice.ts";
import type { CheckInput } from "../../../src/cli/doctor/check.ts";
import { checkClientLog } from "../../../src/cli/doctor/client-log.ts";
import { checkConfig } from "../../../src/cli/doctor/config.ts";
import { checkEvents } from "../../../src/cli/doctor/events.ts";
import { checkLaunch } from "../../../src/cli/doctor/launch.ts";
import { checkPort } from "../../../src/cli/doctor/port.ts";
import { checkRouter } from "../../../src/cli/doctor/router.ts";
import { checkSessions } from "../../../src/cli/doctor/sessions.ts";
import { checkStateFolder } from "../../../src/cli/doctor/state-folder.ts";
import { checkOrganisation, checkSwitches } from "../../../src/cli/doctor/switches.ts";
import { checkWake } from "../../../src/cli/doctor/wake.ts";
import { stateFolder } from "../../../src/config/paths.ts";
import type { StatusReport } from "../../../src/control/protocol.ts";
import { loadPlan } from "../../../src/daemon/start/load-plan.ts";
import { managedSettingsPath } from "../../../src/daemon/wake/managed-settings.ts";
import { version } from "../../../src/version.ts";

let folder: string;
let env: NodeJS.ProcessEnv;
const servers: Server[] = [];
beforeEach(async () => {
  folder = await mkdtemp("/tmp/cr-doctor-");
  env = { HOME: folder, CHANNEL_ROUTER_STATE_DIR: join(folder, "state"), PATH: "/usr/bin" };
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await rm(folder, { recursive: true, force: true });
});

async function configured(text: string): Promise<CheckInput["config"]> {
  const file = await write("channels.yaml", text);
  return { file, tried: [file], proven: await loadPlan(file, env) };
}

async function write(name: string, content: unknown): Promise<string> {
  const file = join(folder, name);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

async function listenSomewhere(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  servers.push(server);
  await new Promise((resolve) => server.once("listening", resolve));
  return (server.address() as { port: number }).port;
}

const hello = (listen: string) => `listen: ${listen}\nsources:\n  hello: { type: http, path: /hello }\n`;
const router = { pid: 4711, start: "", config: "/c", folder: "/s", socket: "/k", version, started: "" };
const status: StatusReport = {
  version,
  pid: 4711,
  epoch: 1,
  background: false,
  config: "/c",
  folder: "/s",
  started: new Date(0).toISOString(),
  problems: [],
  address: "http://127.0.0.1:8788",
  sources: [],
  channels: [],
  counts: { accepted: 0, duplicate: 0, dropped: 0, unmatched: 0, refused: 0, sent: 0 },
  sessions: [],
  journal: { open: 0, dead: 0, bytes: 0 },
  silences: [],
};

test.each([
  ["v20.19.0", "ok"],
  ["v24.1.0", "ok"],
  ["v20.18.9", "fail"],
  ["v18.20.0", "fail"],
])("node %s is %s", (nodeVersion, state) => {
  expect(checkNode({ nodeVersion }).state).toBe(state);
});

describe("config", () => {
  test("a good one is counted", async () => {
    const { state, detail } = checkConfig({ config: await configured(hello("127.0.0.1:0")) });
    expect(state).toBe("ok");
    expect(detail).toContain("1 source, 1 channel");
  });

  test("a broken one names its first problem", async () => {
    const finding = checkConfig({ config: await configured("sources:\n  hello: { type: htp }\n") });
    expect(finding).toMatchObject({ state: "fail", todo: "channel-router check shows each at its location" });
    expect(finding.detail).toContain("line 2");
    expect(finding.detail).toContain("a router that starts now runs nothing");
  });

  test.each([
    [{ isKept: true }, undefined, "a router that starts now goes on with the config that was active last"],
    [{}, "previous", "the running router goes on with the config that was active before"],
    [{ isKept: true }, "none", "the running router has no active config"],
  ] as const)("a broken one says what runs instead: %j, %s", async (kept, active, said) => {
    const config = { ...(await configured("sources:\n  hello: { type: htp }\n")), ...kept };
    const running = active === undefined ? undefined : { ...status, active };
    expect(checkConfig({ config, status: running }).detail).toContain(said);
  });

  test("none at all says where it was looked for", () => {
    const config = { file: undefined, tried: ["/a", "/b"], proven: undefined };
    expect(checkConfig({ config }).detail).toBe("no config file; looked for /a, /b");
  });
});

describe("wake", () => {
  const deaf = (wake?: NonNullable<StatusReport["sessions"][number]["wake"]>): StatusReport => ({
    ...status,
    sessions: [
      {
        id: "12",
        pid: 12,
        project: "/p",
        listening: { state: "no", reason: "it says so" },
        since: new Date(0).toISOString(),
        sent: 0,
        ...(wake === undefined ? {} : { wake }),
      },
    ],
  });
  const check = async (head: string, answer: StatusReport | undefined = status, settings?: unknown) => {
    const managedSettings =
      settings === undefined ? join(folder, "none.json") : await write("managed-settings.json", settings);
    return checkWake({
      env,
      managedSettings,
      status: answer,
      config: await configured(`${head}\n${hello(":0")}`),
    });
  };

  test.each([
    [{}, "channel-router reload", "the running config does not have it"],
    [{ version: "0.0.9" }, "restart the router: start Claude Code again", "version 0.0.9"],
    [
      { version: "0.0.9", background: true },
      "restart the router: channel-router down, then channel-router up",
      "does not know it",
    ],
  ])("a running router that reports nothing of it says why: %j", async (running, todo, detail) => {
    const [finding, ...more] = await check("wake: auto", { ...deaf(), ...running });
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ state: "warn", todo, detail: expect.stringContaining(detail) });
  });

  test("off: nothing to say, unless a session does not show channels", async () => {
    expect(await check("")).toEqual([]);
    expect(await check("", deaf())).toMatchObject([
      {
        state: "warn",
        detail: expect.stringContaining("off: 1 session"),
        todo: expect.stringContaining("wake: auto"),
      },
    ]);
  });

  test("the way of each session, or why there is none", async () => {
    expect(await check("wake: auto")).toMatchObject([
      { state: "ok", detail: "not needed now; allowed: monitor, hook, inbox" },
    ]);
    expect(await check("wake: auto", deaf({ way: "inbox", unanswered: 0, text: "by inbox" }))).toMatchObject([
      { name: "wake of session 12", state: "ok", detail: "by inbox" },
    ]);
    expect(
      await check("wake: auto", deaf({ unanswered: 0, text: "not possible: the session offers no way" })),
    ).toMatchObject([{ state: "warn", detail: "not possible: the session offers no way" }]);
    expect(
      await check("wake: auto", deaf({ way: "inbox", unanswered: 3, stopped: true, text: "by inbox; ..." })),
    ).toMatchObject([{ state: "warn" }]);
  });

  test("without consent, and where an organisation decided, it says so", async () => {
    const waiting = {
      ...deaf(),
      powers: [{ power: "wake", value: "inbox", component: "wake", trusted: false }],
    };
    expect(await check("wake: auto", waiting)).toMatchObject([
      { state: "warn", detail: "waits for consent", todo: "channel-router trust" },
    ]);
    expect(await check("wake: auto", deaf(), { channelsEnabled: false })).toMatchObject([
      { state: "warn", detail: expect.stringContaining("channelsEnabled is false in") },
    ]);
  });
});

describe("port", () => {
  test("one that somebody else holds fails, and is told by whom", async () => {
    const port = await listenSomewhere();
    const finding = await checkPort({
      env,
      config: await configured(hello(`127.0.0.1:${port}`)),
      status: undefined,
    });
    expect(finding?.state).toBe("fail");
    expect(finding?.detail).toContain(`http://127.0.0.1:${port} is held by`);
    if (process.platform === "linux") expect(finding?.detail).toContain(`pid ${process.pid}`);
  });

  test("a free one is free, and is so afterwards", async () => {
    const port = await listenSomewhere();
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const config = await configured(hello(`127.0.0.1:${port}`));
    for (let n = 0; n < 2; n += 1)
      expect(await checkPort({ env, config, status: undefined })).toMatchObject({
        state: "ok",
        detail: `http://127.0.0.1:${port} is free`,
      });
  });

  test.runIf(process.platform === "linux")(
    "one that our silent router holds is ours all the same",
    async () => {
      const port = await listenSomewhere();
      const finding = await checkPort({
        env,
        config: await configured(hello(`127.0.0.1:${port}`)),
        status: { silent: "it does not answer" },
        router: { ...router, pid: process.pid },
      });
      expect(finding).toMatchObject({ state: "ok", detail: expect.stringContaining("ours") });
    },
  );

  test("that of the running router is ours", async () => {
    const finding = await checkPort({ env, config: await configured(hello("127.0.0.1:0")), status });
    expect(finding).toMatchObject({ state: "ok", detail: "ours: http://127.0.0.1:8788, pid 4711" });
  });
});

describe("state folder", () => {
  const where = async () => {
    const config = await configured(hello("127.0.0.1:0"));
    return { config, state: stateFolder(env, config.file as string) };
  };
  const check = (config: CheckInput["config"]) =>
    checkStateFolder({ env, config, platform: process.platform, router: undefined, status: undefined });

  test("one that is not there yet will be made", async () => {
    const { config, state } = await where();
    expect(await check(config)).toMatchObject({
      state: "ok",
      detail: expect.stringContaining(`${state} will be created`),
    });
  });

  test("a file that stands where it would be made fails", async () => {
    const { config, state } = await where();
    await writeFile(join(folder, "state"), "x");
    expect(await check(config)).toMatchObject({
      state: "fail",
      detail: `${join(folder, "state")} is not a folder, so events cannot be stored`,
    });
    expect(state.startsWith(join(folder, "state"))).toBe(true);
  });

  test("a file that others may read fails, with the line that corrects it", async () => {
    const { config, state } = await where();
    await mkdir(state, { recursive: true, mode: 0o700 });
    await writeFile(join(state, "journal"), "x", { mode: 0o600 });
    expect(await check(config)).toMatchObject({ state: "ok", detail: expect.stringContaining("private") });
    await chmod(join(state, "journal"), 0o640);
    expect(await check(config)).toMatchObject({
      state: "fail",
      detail: `other users may read ${join(state, "journal")}`,
      todo: `chmod -R go-rwx ${join(folder, "state")}`,
    });
  });

  test.skipIf(process.getuid?.() === 0)("one that cannot be written fails", async () => {
    const { config, state } = await where();
    await mkdir(state, { recursive: true, mode: 0o500 });
    expect((await check(config)).state).toBe("fail");
  });
});

describe("router", () => {
  test("none is a warning", () => {
    expect(checkRouter({ router: undefined, status: undefined, nowMs: 0 })).toMatchObject({
      state: "warn",
      todo: "start Claude Code with it, or channel-router up",
    });
  });

  test("one that does not answer fails", () => {
    const silent = { silent: "it does not answer" };
    expect(checkRouter({ router, status: silent, nowMs: 0 })).toMatchObject({ state: "fail" });
  });

  test("a sound one is told with pid, version and how long it is up", () => {
    expect(checkRouter({ router, status, nowMs: 7_200_000 })).toEqual({
      name: "router",
      state: "ok",
      detail: `pid 4711, inside a Claude session, version ${version}, up 2 h`,
    });
  });

  test.each([
    ["fail", { problems: ["no config file found"] }],
    ["fail", { journal: { open: 0, dead: 0, bytes: 0, failure: "the disk is full" } }],
    ["fail", { sources: [{ name: "a", type: "http", state: "failed" as const, detail: "port taken" }] }],
    ["warn", { sources: [{ name: "a", type: "http", state: "waiting" as const }] }],
    ["warn", { version: "0.0.1" }],
  ])("%s for %j", (state, change) => {
    expect(checkRouter({ router, status: { ...status, ...change }, nowMs: 0 }).state).toBe(state);
  });
});

test("a session that does not listen fails with the reason and the line to start it with", () => {
  const session = { id: "s1", pid: 1, project: "/p", since: "", sent: 0 };
  const sessions = [
    { ...session, listening: { state: "yes" as const, reason: "Claude named event 1" } },
    { ...session, id: "s2", listening: { state: "no" as const, reason: "started without --channels" } },
    { ...session, id: "s3", listening: { state: "unknown" as const, reason: "there is no evidence" } },
  ];
  const findings = checkSessions({ status: { ...status, sessions } }, "claude ...");
  expect(findings.map(({ state }) => state)).toEqual(["ok", "fail", "unknown"]);
  expect(findings[1]).toMatchObject({
    detail: "/p: does not listen: started without --channels",
    todo: "close it and start: claude ...",
  });
});

test.each([
  [undefined, "unknown"],
  [{ registered: true } as const, "ok"],
  [{ registered: false, reason: "not in the list" } as const, "warn"],
])("the client's log saying %j is %s", async (word, state) => {
  const patient = { clientLog: async () => word, project: "/p", nowMs: 0 };
  expect((await checkClientLog(patient, "router", "claude ...")).state).toBe(state);
});

describe("launch line", () => {
  const look = async () =>
    checkLaunch({ env, project: folder, config: await configured(hello("127.0.0.1:0")) });
  const line = (server: string) => `claude --dangerously-load-development-channels server:${server}`;

  test("has the name in .mcp.json, with the client's variables expanded", async () => {
    await write("dist/channel-router.js", "");
    const args = ["${CLAUDE_PROJECT_DIR:-.}/dist/channel-router.js"];
    await write(".mcp.json", { mcpServers: { other: { command: "x" }, router: { command: "node", args } } });
    expect((await look()).finding).toEqual({ name: "launch line", state: "ok", detail: line("router") });
  });

  test("fails when what .mcp.json names is not there", async () => {
    const args = [join(folder, "gone/channel-router.js")];
    await write(".mcp.json", { mcpServers: { hooks: { command: "node", args } } });
    const { server, finding } = await look();
    expect(server).toBe("hooks");
    expect(finding.state).toBe("fail");
    expect(finding.detail).toContain("gone/channel-router.js, which does not exist");
  });

  test("finds an entry of this project in ~/.claude.json, and says when the names differ", async () => {
    const script = await write("dist/channel-router.js", "");
    await write(".claude.json", {
      projects: { [folder]: { mcpServers: { hooks: { command: "node", args: [script] } } } },
    });
    const { finding } = await look();
    expect(finding).toMatchObject({
      state: "warn",
      todo: expect.stringContaining("server: { name: hooks }"),
    });
    expect(finding.detail).toContain(line("hooks"));
  });

  test("warns of a wrapper that would outlive Claude", async () => {
    await write(".mcp.json", { mcpServers: { router: { command: "npx", args: ["channel-router"] } } });
    expect((await look()).finding).toMatchObject({
      state: "warn",
      detail: expect.stringContaining("through npx"),
    });
  });

  test.each([
    ["npx", ["-y", "channel-router@0.1.0"]],
    ["pnpm", ["dlx", "channel-router@0.1.0"]],
    ["bunx", ["channel-router@0.1.0"]],
  ])("accepts the entry that init writes where %s runs it", async (command, args) => {
    await write(".mcp.json", { mcpServers: { router: { command, args } } });
    expect((await look()).finding).toMatchObject({ state: "ok" });
  });

  test.each(["", "{", "[]", '{"mcpServers": 7}', '{"__proto__": {"mcpServers": {}}}'])(
    "a .mcp.json of %j is no entry and no crash",
    async (text) => {
      await write(".mcp.json", text);
      expect(await look()).toMatchObject({ server: "router", finding: { state: "warn" } });
    },
  );
});

describe("switches", () => {
  test.each([
    [{ channelsEnabled: true }, "ok"],
    [{ channelsEnabled: false }, "fail"],
    [{}, "warn"],
    [{ channelsEnabled: true, allowedChannelPlugins: [] }, "warn"],
    ["{", "unknown"],
  ])("managed settings %j are %s", async (settings, state) => {
    const managedSettings = await write("managed-settings.json", settings);
    expect((await checkOrganisation({ env, managedSettings })).state).toBe(state);
  });

  test("no managed settings are fine, wherever the system keeps them", async () => {
    expect((await checkOrganisation({ env, managedSettings: join(folder, "none") })).state).toBe("ok");
    expect(managedSettingsPath("linux")).toBe("/etc/claude-code/managed-settings.json");
    expect(managedSettingsPath("darwin")).toContain("/Library/Application Support/ClaudeCode/");
    expect(managedSettingsPath("win32")).toContain("ClaudeCode\\managed-settings.json");
  });

  test.each([
    ["CLAUDE_CODE_USE_BEDROCK", "1", "fail"],
    ["CLAUDE_CODE_USE_VERTEX", "true", "fail"],
    ["DISABLE_TELEMETRY", "1", "warn"],
    ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1", "warn"],
    ["MCP_PROTOCOL_NEGOTIATION", "auto", "warn"],
    ["MCP_PROTOCOL_NEGOTIATION", "legacy", "ok"],
    ["DISABLE_TELEMETRY", "0", "ok"],
  ])("%s=%s in the environment is %s", async (name, value, state) => {
    const findings = await checkSwitches({
      env: { ...env, [name]: value },
      project: folder,
      status: undefined,
    });
    expect(findings.map((finding) => finding.state)).toEqual([state]);
  });

  test("a variable in the client's settings counts, too, and its file is named", async () => {
    await write(".claude/settings.local.json", { env: { DISABLE_TELEMETRY: 1 } });
    const [finding] = await checkSwitches({ env, project: folder, status: undefined });
    expect(finding?.detail).toContain(`DISABLE_TELEMETRY=1 in ${folder}/.claude/settings.local.json`);
  });
});

test("a variable where the router or a session runs counts, too: by name, once each", async () => {
  const session = { id: "12", pid: 12, project: "/p", listening: { state: "yes" as const, reason: "" } };
  const running = {
    ...status,
    switches: ["DISABLE_TELEMETRY"],
    sessions: [
      { ...session, since: "", sent: 0, switches: ["DISABLE_TELEMETRY", "CLAUDE_CODE_USE_BEDROCK"] },
    ],
  };
  const findings = await checkSwitches({ env, project: folder, status: running });
  expect(findings.map(({ state, detail }) => [state, detail.split(":", 1)[0]])).toEqual([
    ["fail", "CLAUDE_CODE_USE_BEDROCK is set in the environment of session 12"],
    ["warn", "DISABLE_TELEMETRY is set in the environment of the running router (pid 4711), session 12"],
  ]);
});

test("what happened to events is told with what to do: refused, unmatched, waiting, whole payloads", async () => {
  const refusal = { status: 401, reason: "signature missing", time: new Date(0).toISOString() };
  const bad = {
    ...status,
    sources: [
      {
        name: "github",
        type: "http",
        state: "running" as const,
        refused: { statuses: [{ status: 401, count: 3 }], last: refusal, text: "3 x 401 unauthorized" },
      },
    ],
    counts: { ...status.counts, unmatched: 4 },
    journal: { ...status.journal, states: { held: 2 }, dead: 1 },
  };
  const config = await configured("sources:\n  hello: { type: http, path: /hello }\n");
  const states = (found: StatusReport) =>
    checkEvents({ status: found, config, nowMs: 1_000 }).map(({ name, state }) => `${name} ${state}`);
  expect(states(bad)).toEqual(["refused warn", "unmatched warn", "waiting warn", "texts warn"]);
  expect(states(status)).toEqual(["refused ok", "unmatched ok", "waiting ok", "texts warn"]);
  expect(checkEvents({ status: undefined, config, nowMs: 0 })).toEqual([]);
});

test("a .env in the state folder of one config is named, and where it belongs", async () => {
  const config = await configured("sources:\n  hello: { type: http, path: /hello }\n");
  const mine = stateFolder(env, config.file as string);
  await mkdir(mine, { recursive: true, mode: 0o700 });
  await writeFile(join(mine, ".env"), "TOKEN=x\n", { mode: 0o600 });
  const found = await checkStateFolder({
    env,
    config,
    platform: "linux",
    router: undefined,
    status: undefined,
  });
  expect([found.state, found.detail]).toEqual(["warn", `${join(mine, ".env")} is not read`]);
  expect(found.todo).toContain(join(folder, "state", ".env"));
});

test.each([
  ["server router not in --channels list for this session", /start: claude/],
  ["channels are not currently available", /switches and organisation/],
  ["channels are off for your organization", /administrator/],
  ["channels are disabled by policy", /administrator/],
  ["channels are not available on Bedrock", /login/],
  ["the client did not show event 1m8321t0m8zzw", /pending/],
])("the launch line is the advice only where it helps: %s", (reason, advice) => {
  expect(adviceFor(reason, "claude --flag")).toMatch(advice);
  expect(adviceFor(reason, "claude --flag").includes("claude --flag")).toBe(reason.includes("--channels"));
});

test("doctor prints one line a check, what to do under it, and exits 1 when something fails", async () => {
  await write("channels.yaml", "sources:\n  hello: { type: htp }\n");
  let printed = "";
  const world = {
    env,
    cwd: folder,
    underClaude: undefined,
    now: () => Date.now(),
    print(text: string) {
      printed += text;
    },
    note: () => {},
    routers: { list: async () => [], call: async () => null },
    processes: { self: async () => ({ pid: 1, start: "" }), isRunning: async () => false },
    foreground: async () => 0 as const,
    person: undefined,
    interrupted: () => new AbortController().signal,
    clientLog: async () => undefined,
  };
  expect(await doctor({}, world, join(folder, "none"))).toBe(1);
  expect(printed).toMatch(/^ok +node: v\d+/m);
  expect(printed).toMatch(/^fail +config: .*\n +-> channel-router check/m);
  expect(printed).toMatch(/^warn +router: none runs/m);
  printed = "";
  expect(await doctor({ json: true }, world, join(folder, "none"))).toBe(1);
  const { ok, checks } = JSON.parse(printed);
  expect(ok).toBe(false);
  for (const { state, todo } of checks) if (state !== "ok") expect(todo).toMatch(/\S/);
});
