// A config that listens beyond this machine, in real processes: it waits for a person, a person's word starts it without a
// restart, and nothing else does.

import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { listRunning } from "../../src/cluster/running-leaders.ts";
import { runningFolder, trustFile } from "../../src/config/paths.ts";
import { callLeader } from "../../src/control/client.ts";
import type { FormAnswer } from "../support/claude-simulator.ts";
import { createProject, eventually, type Project, program } from "../support/router.ts";
import { onTerminal } from "../support/terminal.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

const exposed = (port: number) => `listen: 0.0.0.0:${port}
sources:
  hook: { type: http, path: /hook, verify: { scheme: bearer, secret: a-good-secret } }
`;

async function open(config = exposed): Promise<Project> {
  const project = await createProject(config);
  projects.push(project);
  return project;
}

const answers = (project: Project) =>
  fetch(project.address).then(
    () => true,
    () => false,
  );
const post = (project: Project) =>
  fetch(`${project.address}/hook`, {
    method: "POST",
    headers: { authorization: "Bearer a-good-secret" },
    body: "hi",
  }).then((response) => response.json());
const statusOf = async (project: Project) => JSON.parse((await project.ask(["status", "--json"])).stdout);
const waits = { name: "hook", state: "waiting", detail: "waiting for consent: channel-router trust" };
const putAway = { answerForm: (): FormAnswer => ({ action: "cancel" }) };
const trustFileOf = (project: Project) => trustFile(project.env, join(project.folder, "channels.yaml"));

test("what waits is not started, the rest is, and status, check and doctor say so", async () => {
  const project = await open();
  const claude = await project.claude(putAway);
  const status = await eventually(async () => {
    const found = await statusOf(project);
    return found.sources[0]?.state === "waiting" && found;
  });
  expect(status.sources).toEqual([{ ...waits, type: "http" }]);
  const power = { power: "listen", value: `0.0.0.0:${project.port}`, component: "listen", trusted: false };
  const use = { power: "use", value: join(project.folder, "channels.yaml"), component: "use", trusted: true };
  expect(status.powers).toEqual([use, power]);
  expect(await answers(project)).toBe(false);
  const { text } = await claude.callTool("status");
  expect(text).toContain(`listen 0.0.0.0:${project.port}: waiting for consent`);
  expect(text).toContain("hook (http) waiting: waiting for consent: channel-router trust");
  const printed = await project.run(["status"]);
  expect(printed.stdout).toContain(`waiting   for consent: listen 0.0.0.0:${project.port}`);
  const check = await project.run(["check", "--json"]);
  expect(JSON.parse(check.stdout)).toMatchObject({ ok: true, powers: [use, power] });
  expect((await project.run(["check"])).stdout).toContain("waiting for consent: channel-router trust");
  const doctor = await project.run(["doctor"]);
  expect(doctor.stdout).toMatch(
    /warn +powers: listen 0\.0\.0\.0:\d+ waits for consent.*\n.*channel-router trust/,
  );
});

test.runIf(process.platform === "linux")(
  "trust on a terminal starts it within two seconds, with no restart, and for later starts too",
  async () => {
    const project = await open();
    const begunMs = performance.now();
    const claude = await project.claude(putAway);
    await eventually(async () => (await statusOf(project)).sources[0]?.state === "waiting");
    // What a busy machine needs.
    const startMs = performance.now() - begunMs;
    const terminal = onTerminal(["trust"], { cwd: project.folder, env: project.env });
    await terminal.shows(/Allow it\? \[y\/N\]/);
    expect(terminal.screen()).toContain(`listen beyond this machine, on 0.0.0.0:${project.port}`);
    terminal.type("y");
    expect(await terminal.exited).toBe(0);
    const answeredMs = performance.now();
    await eventually(() => answers(project));
    expect(performance.now() - answeredMs).toBeLessThan(2_000 + startMs);
    expect(await post(project)).toMatchObject({ outcome: "accepted" });
    expect((await claude.nextEvent()).content).toBe("hi");
    expect((await statusOf(project)).powers).toMatchObject([
      { power: "use" },
      { power: "listen", trusted: true },
    ]);
    await claude.stop();
    await project.claude();
    await eventually(() => answers(project));
  },
);

describe("nothing but a person grants it", () => {
  async function staysClosed(project: Project): Promise<void> {
    // Three times the wait between two looks.
    await sleep(1_500);
    expect(await answers(project)).toBe(false);
    expect((await statusOf(project)).sources).toMatchObject([{ state: "waiting" }]);
  }

  test("not trust in a pipe, whatever is typed into it", async () => {
    const project = await open();
    await project.claude(putAway);
    const { code, stderr } = await project.run(["trust"], { input: "y\ny\n" });
    expect(code).toBe(2);
    expect(stderr).toContain("channel-router trust --yes");
    await staysClosed(project);
  });

  test.runIf(process.platform === "linux")("not trust on a terminal that Claude opened", async () => {
    const project = await open();
    await project.claude(putAway);
    const terminal = onTerminal(["trust"], { cwd: project.folder, env: { ...project.env, CLAUDECODE: "1" } });
    expect(await terminal.exited).toBe(2);
    await staysClosed(project);
  });

  test("no tool, no command over the socket, no .env file", async () => {
    const project = await open();
    await project.write(".env", "CHANNEL_ROUTER_TRUST=all\n");
    const claude = await project.claude(putAway);
    expect(claude.tools.map(({ name }) => name).sort()).toEqual(["event", "pending", "silence", "status"]);
    expect((await claude.callTool("trust", { allow: "yes" })).isError).toBe(true);
    const [router] = await eventually(async () => {
      const found = await listRunning(runningFolder(project.env));
      return found.length > 0 && found;
    });
    for (const command of ["trust", "consent", "allow"]) {
      await expect(
        callLeader(router?.socket as string, command, { allow: "yes" }, { version: "0" }),
      ).rejects.toMatchObject({ code: "E_USAGE" });
    }
    await staysClosed(project);
  });

  test("not an edit of the address that a person allowed", async () => {
    const project = await open();
    const claude = await project.claude({
      answerForm: () => ({ action: "accept", content: { allow: "yes" } }),
    });
    await eventually(() => answers(project));
    await claude.stop();
    await project.write(
      "channels.yaml",
      exposed(project.port).replace("0.0.0.0", '"[::]').replace(`${project.port}`, `${project.port}"`),
    );
    await project.claude(putAway);
    await staysClosed(project);
  });
});

test("CHANNEL_ROUTER_TRUST=all needs no question where no Claude process started the router, and counts nowhere else", async () => {
  const project = await open();
  const claude = await project.claude(putAway, { CHANNEL_ROUTER_TRUST: "all" });
  await eventually(async () => (await statusOf(project)).sources[0]?.state === "waiting");
  expect(claude.process.stderr()).toContain("CHANNEL_ROUTER_TRUST");
  expect((await claude.callTool("status")).text).toContain("channel-router trust --yes");
  await claude.stop();
  const before = await readFile(trustFileOf(project), "utf8");
  const up = await project.run(["up", "--json"], { env: { CHANNEL_ROUTER_TRUST: "all" } });
  await eventually(() => answers(project));
  expect(await readFile(trustFileOf(project), "utf8")).toBe(before);
  await project.run(["down"]);
  expect(up.code).toBe(0);
});

test("a damaged memory trusts nothing, and that is said", async () => {
  const project = await open();
  const first = await project.claude({ answerForm: () => ({ action: "accept", content: { allow: "yes" } }) });
  await eventually(() => answers(project));
  await first.stop();
  await writeFile(trustFileOf(project), "{");
  const claude = await project.claude(putAway);
  await eventually(() => claude.process.stderr().includes("nothing is trusted"));
  expect(await answers(project)).toBe(false);
});

describe("the form in a session's terminal", () => {
  test("asks one session, and its explicit yes starts what waits", async () => {
    const project = await open();
    const asked: string[] = [];
    const answerForm = (params: Record<string, unknown>): FormAnswer => {
      asked.push(String(params.message));
      return { action: "accept", content: { allow: "yes" } };
    };
    await Promise.all([project.claude({ answerForm }), project.claude({ answerForm })]);
    await eventually(() => answers(project));
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain(`listen beyond this machine, on 0.0.0.0:${project.port}`);
  });

  test("a decline is kept: neither this session nor the next one is asked again", async () => {
    const project = await open();
    let count = 0;
    const answerForm = (): FormAnswer => {
      count += 1;
      return { action: "decline" };
    };
    const first = await project.claude({ answerForm });
    await eventually(() => count === 1);
    await eventually(() =>
      readFile(trustFileOf(project), "utf8").then(
        (text) => text.includes("declined"),
        () => false,
      ),
    );
    await first.stop();
    await project.claude({ answerForm });
    await eventually(async () => (await statusOf(project)).sources[0]?.state === "waiting");
    await sleep(2_500);
    expect(count).toBe(1);
    expect(await answers(project)).toBe(false);
    expect((await project.run(["trust", "--list"])).stdout).toContain("(declined before)");
  });

  test.runIf(process.platform === "linux")("it is taken back when the person answers elsewhere", async () => {
    const project = await open();
    let isShown = false;
    const claude = await project.claude({
      answerForm() {
        isShown = true;
        return new Promise(() => {});
      },
    });
    await eventually(() => isShown);
    const terminal = onTerminal(["trust"], { cwd: project.folder, env: project.env });
    await terminal.shows(/Allow it/);
    terminal.type("y");
    expect(await terminal.exited).toBe(0);
    await eventually(() => answers(project));
    await eventually(() => claude.notices.some(({ method }) => method === "notifications/cancelled"));
    await claude.stop();
  });

  test("after a change of owner it is put anew, and an answer to the old one counts for nothing", async () => {
    const project = await open();
    const up = JSON.parse((await project.run(["up", "--json"])).stdout) as { pid: number };
    const give: ((answer: FormAnswer) => void)[] = [];
    const claude = await project.claude({ answerForm: () => new Promise((resolve) => give.push(resolve)) });
    const yes = { action: "accept", content: { allow: "yes" } } as const;
    await eventually(() => give.length === 1);
    process.kill(up.pid, "SIGKILL");
    await eventually(() => give.length === 2);
    give[0]?.(yes);
    await sleep(1_500);
    expect(await answers(project)).toBe(false);
    give[1]?.(yes);
    await eventually(() => answers(project));
    await claude.stop();
  });
});

describe("dev", () => {
  test("without a terminal says what waits, and starts it once it is trusted", async () => {
    const project = await open();
    const child = spawn(process.execPath, [program, "dev", "--json"], {
      cwd: project.folder,
      env: { ...process.env, ...project.env } as NodeJS.ProcessEnv,
    });
    try {
      let shown = "";
      child.stdout.on("data", (chunk) => {
        shown += chunk;
      });
      const ready = await eventually(
        () => shown.includes("\n") && JSON.parse(shown.split("\n")[0] as string),
      );
      expect(ready).toMatchObject({ type: "ready", sources: [waits], waiting: [{ power: "listen" }] });
      await project.claude({ answerForm: () => ({ action: "accept", content: { allow: "yes" } }) });
      await eventually(() => answers(project));
    } finally {
      child.kill();
    }
  });

  test.runIf(process.platform === "linux")("on a terminal asks first", async () => {
    const project = await open();
    const terminal = onTerminal(["dev"], { cwd: project.folder, env: project.env });
    await terminal.shows(/Allow it\? \[y\/N\]/);
    expect(await answers(project)).toBe(false);
    terminal.type("y");
    await terminal.shows(/waiting for events/);
    expect(await answers(project)).toBe(true);
    terminal.end();
    await terminal.exited;
  });
});
