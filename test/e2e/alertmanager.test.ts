// Prometheus Alertmanager itself, as Debian has it, sends its own webhook to the recipe for it. CI installs it (.ci/run); a
// machine without it skips this, and CI fails without it.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SpawnedClaude } from "../support/claude-simulator.ts";
import { createProject, eventually, freePort, type Project } from "../support/router.ts";

const binary = ["prometheus-alertmanager", "alertmanager"].find((name) => {
  try {
    execFileSync(name, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});
const token = "a-token-that-only-the-two-know";

test.runIf(process.env.IN_CI)("CI has Alertmanager: apt-get install prometheus-alertmanager", () => {
  expect(binary).toBeDefined();
});

// Skipped only where no Alertmanager is installed: there is nothing that could send its webhook.
describe.skipIf(binary === undefined)("the alertmanager recipe and Alertmanager", () => {
  let project: Project;
  let claude: SpawnedClaude;
  let alertmanager: ChildProcess;
  let address: string;
  let printed = "";

  beforeAll(async () => {
    project = await createProject(
      (port) => `listen: 127.0.0.1:${port}
use:
  am: { recipe: alertmanager, with: { token: "\${ALERTMANAGER_TOKEN}", severities: [critical] } }
`,
    );
    claude = await project.claude({}, { ALERTMANAGER_TOKEN: token });
    await project.write(
      "alertmanager.yml",
      `route: { receiver: claude, group_by: [alertname], group_wait: 100ms, group_interval: 200ms, repeat_interval: 1h }
receivers:
  - name: claude
    webhook_configs:
      - url: ${project.address}/alertmanager
        send_resolved: true
        http_config: { authorization: { credentials: ${token} } }
`,
    );
    const port = await freePort();
    address = `http://127.0.0.1:${port}`;
    alertmanager = spawn(
      binary as string,
      [
        `--config.file=${join(project.folder, "alertmanager.yml")}`,
        `--storage.path=${join(project.folder, "alertmanager")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--cluster.listen-address=",
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    for (const output of [alertmanager.stdout, alertmanager.stderr])
      output?.on("data", (chunk) => {
        printed += chunk;
      });
    await eventually(async () => (await fetch(`${address}/-/ready`).catch(() => undefined))?.ok);
  });
  afterAll(async () => {
    const ended = new Promise((resolve) => alertmanager.once("exit", resolve));
    alertmanager.kill("SIGKILL");
    await ended;
    await project.remove();
  });

  async function post(severity: string, ends?: Date): Promise<void> {
    const alerts = ["api-1", "api-2"].map((instance) => ({
      labels: { alertname: "HighErrorRate", severity, instance },
      annotations: { summary: `5% of the requests to ${instance} fail` },
      generatorURL: "http://prometheus.example/graph",
      ...(ends === undefined ? {} : { endsAt: ends.toISOString() }),
    }));
    const answer = await fetch(`${address}/api/v2/alerts`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(alerts),
    });
    expect([answer.status, await answer.text()]).toEqual([200, expect.anything()]);
  }

  test("alerts that fire reach Claude in a few lines, and so does their end", async () => {
    await post("critical");
    await claude.waitForEvents(1, 30_000);
    const [fired] = claude.events;
    expect(fired?.content, printed).toMatch(
      /^FIRING HighErrorRate: 2 alerts\n- 5% of the requests to api-1 fail \(since .*\)\n- 5% of the requests to api-2 fail \(since .*\)\n/,
    );
    expect(fired?.meta).toMatchObject({
      channel: "am_alerts",
      alert: "HighErrorRate",
      severity: "critical",
      status: "firing",
    });
    expect(fired?.meta).not.toHaveProperty("trust");

    await post("critical", new Date());
    await claude.waitForEvents(2, 30_000);
    expect(claude.events[1]?.content, printed).toMatch(/^Resolved HighErrorRate: 2 alerts\n/);
    expect(claude.events[1]?.meta).toMatchObject({ status: "resolved" });
  });

  test("a severity that was not asked for stays silent, and Alertmanager is told that it was taken", async () => {
    const before = claude.events.length;
    await post("info");
    await eventually(async () => {
      const { stdout } = await project.run(["events", "--json"]);
      return stdout.includes('"unmatched"');
    });
    expect(claude.events).toHaveLength(before);
    expect(printed).not.toMatch(/Notify for alerts failed/);
  });
});
