// `plan` by the built program: beside a running router, after it has stopped, and in CI without one.

import { writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";

const config = (port: number) => `listen: 127.0.0.1:${port}
sources:
  ci: { type: http, path: /ci }
channels:
  failed:
    from: ci
    match: { data.state: failed }
    dedupe: { key: "{{data.id}}", for: 1h }
    content: "{{data.job}} failed"
  rest:
    from: ci
    match: { data.state: passed }
    content: "{{data.job}} passed"
`;

let project: Project;
beforeAll(async () => {
  project = await createProject(config);
  const claude = await project.claude();
  const post = (data: object) =>
    fetch(`${project.address}/ci`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(data),
    }).then(({ status }) => status);
  await eventually(() => post({ state: "none" }).then(Boolean, () => false));
  for (let id = 0; id < 4; id++) await post({ state: "failed", id: id % 3, job: "nightly" });
  await post({ state: "passed", job: "nightly" });
  writeFileSync(join(project.folder, "edited.yaml"), edited);
  running = {
    same: await project.run(["plan"]),
    edited: await project.run(["plan", "edited.yaml", "--json"]),
  };
  await claude.process.interrupt();
}, 60_000);
afterAll(() => project?.remove());

let running: Record<"same" | "edited", Awaited<ReturnType<Project["run"]>>>;
const edited = config(1)
  .replace("{{data.job}} failed", "{{data.job}} is broken")
  .replace("data.state: passed", "data.state: [passed, failed]")
  .replace("    match: { data.state: failed }", "    match: { data.state: failed, data.id: [0, 1] }");

describe("against the journal", () => {
  test("the config in use differs in nothing, beside the router and after it", async () => {
    const stopped = await project.run(["plan"]);
    for (const one of [running.same, stopped]) {
      expect(one).toMatchObject({ code: 0, stderr: "" });
      expect(one.stdout).toMatch(/^4 events since .*, channels\.yaml against the journal\n\nno difference\n/);
      expect(one.stdout).toMatch(/\ntotal {2,}4 -> 4 /);
    }
  });

  test("an edited one is compared event by event, with the same result beside the router and after it", async () => {
    const stopped = await project.run(["plan", "edited.yaml", "--json"]);
    for (const one of [running.edited, stopped]) {
      expect(one.code).toBe(1);
      const answer = JSON.parse(one.stdout);
      expect(answer).toMatchObject({
        compared: 4,
        counts: { newly: 1, no_longer: 1, changed: 2 },
        no_longer: [{ channel: "failed", reason: "match: data.id: was 2, wanted 0 or 1" }],
        newly: [{ channel: "rest", block: expect.stringContaining("nightly passed") }],
        left_out: 0,
      });
      expect(answer.changed[0]).toMatchObject({ channel: "failed", parts: ["content"] });
      expect(answer.changed[0].before).toContain("nightly failed");
      expect(answer.changed[0].after).toContain("nightly is broken");
    }
  });

  test("it is printed as a difference with the costs of each channel", async () => {
    const { stdout, code } = await project.run(["plan", "edited.yaml"]);
    expect(code).toBe(1);
    expect(stdout).toContain("+ rest  newly sent: 1");
    expect(stdout).toContain("- failed  no longer sent: 1");
    expect(stdout).toContain("~ failed  different: 2");
    expect(stdout).toMatch(/- nightly failed\n.*\+ nightly is broken/);
    expect(stdout).toMatch(/\nfailed +3 -> 2 /);
  });

  test("only events since then count", async () => {
    const { code, stdout } = await project.run(["plan", "edited.yaml", "--since", "1ms"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^0 events since/);
  });
});

describe("usage", () => {
  test("a config with problems is 2, with every problem", async () => {
    await project.write("broken.yaml", config(1).replace("from: ci", "from: cj"));
    const text = await project.run(["plan", "broken.yaml"]);
    expect(text.code).toBe(2);
    expect(text.stdout).toMatch(/broken\.yaml:\d+:\d+ channels\.failed\.from/);
    const json = await project.run(["plan", "broken.yaml", "--json"]);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: false, issues: [{ path: "channels.failed.from" }] });
  });

  test.each([
    [["--since", "soon"], '"soon" is not a duration'],
    [["--events", "recorded"], "--events needs --against"],
  ])("%j is refused", async (args, message) => {
    const { code, stderr } = await project.run(["plan", ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test("without a journal it says what to do", async () => {
    const other = await createProject(config);
    const { code, stderr } = await other.run(["plan"]);
    expect(code).toBe(2);
    expect(stderr).toContain("no events are stored for");
    expect(stderr).toContain("--against OLD.yaml --events FOLDER");
    await other.remove();
  });
});

test("two configs are compared on recorded payloads where no router has run", async () => {
  const ci = await createProject(config);
  await ci.write("edited.yaml", edited);
  await mkdir(join(ci.folder, "events"));
  const event = (state: string, id: number) =>
    JSON.stringify({ source: "ci", data: { state, id, job: "nightly" } });
  await ci.write("events/a.json", event("failed", 0));
  await ci.write("events/b.json", event("failed", 2));
  await ci.write("events/c.json", event("none", 0));
  await ci.write("events/d.json", JSON.stringify({ source: "gone", data: {} }));
  const args = ["plan", "edited.yaml", "--against", "channels.yaml", "--events", "events"];
  const found = await ci.run([...args, "--json"]);
  expect(found.code).toBe(1);
  expect(JSON.parse(found.stdout)).toMatchObject({
    compared: 3,
    against: "channels.yaml",
    newly: [{ event_id: "b", channel: "rest" }],
    no_longer: [{ event_id: "b", channel: "failed" }],
    changed: [{ event_id: "a", channel: "failed" }],
  });
  expect(found.stderr).toContain("d.json is left out: neither config has its source");
  const same = await ci.run(["plan", "channels.yaml", "--against", "channels.yaml", "--events", "events"]);
  expect(same.code).toBe(0);
  await ci.remove();
});
