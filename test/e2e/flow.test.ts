// What a person and Claude can see of flow control: what is held, by what and until when, what came of it, and how it counts.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

const config = (port: number) => `listen: 127.0.0.1:${port}
sources:
  ci: { type: http, path: /ci }
  backups: { type: http, path: /backups, expect: 1s }
channels:
  builds:
    from: ci
    match: { data.kind: build }
    content: "{{data.name}}"
    digest: { every: 1h, wait: 1h, by: "{{data.branch}}" }
  deploys:
    from: ci
    match: { data.kind: deploy }
    content: "deploy {{data.n}}"
    throttle: { max: 1, per: 2s, by: "{{data.service}}" }
    supersede: "{{data.service}}"
    thread: "deploy-{{data.service}}"
  drops:
    from: ci
    match: { data.kind: drop }
    throttle: { max: 1, per: 1h, overflow: drop }
  backups: { receipt: ack }
`;

async function open() {
  const project = await createProject(config);
  projects.push(project);
  const claude = await project.claude();
  const post = async (body: object): Promise<{ event_id: string; outcome: string }> => {
    const response = await fetch(`${project.address}/ci`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return (await response.json()) as { event_id: string; outcome: string };
  };
  await eventually(() =>
    fetch(project.address).then(
      ({ status }) => status === 404,
      () => false,
    ),
  );
  const why = async (id: string) => (await project.ask(["why", id])).stdout;
  return { project, claude, post, why };
}

test("why tells each step of flow control with its values, and status counts them", async () => {
  const { project, claude, post, why } = await open();
  const build = await post({ kind: "build", name: "unit", branch: "main" });
  const deploys = [];
  for (let n = 1; n <= 3; n++) deploys.push(await post({ kind: "deploy", service: "api", n }));
  expect((await post({ kind: "drop" })).outcome).toBe("accepted");
  const dropped = await post({ kind: "drop" });
  expect(dropped.outcome).toBe("dropped");

  await eventually(async () => (await why(build.event_id)).includes("digest: collected"));
  expect(await why(build.event_id)).toMatch(/builds: digest: collected of "main" until \d{4}-/);
  expect(await why(deploys[1]?.event_id as string)).toContain(
    `superseded: replaced by ${deploys[2]?.event_id}`,
  );
  expect(await why(deploys[2]?.event_id as string)).toContain('throttle: over 1 in 2s of "api"');
  expect(await why(dropped.event_id)).toContain("dropped by throttle of drops: over 1 in 1h");
  await eventually(() => claude.events.some(({ content }) => content === "deploy 3"));
  expect(claude.events.find(({ content }) => content === "deploy 3")?.meta.thread).toBe("deploy-api");

  const { stdout } = await project.ask(["status"]);
  expect(stdout).toMatch(/^ {2}builds: collecting 1 for digest until /m);
  expect(stdout).toMatch(/^ {2}deploys: 2 throttled, [12] superseded/m);
  expect(stdout).toMatch(/^ {2}drops: 1 dropped/m);
  expect((await claude.callTool("status")).text).toMatch(/deploys: 2 throttled, [12] superseded/);
});

test("a source that is expected and silent makes an event on its channel", async () => {
  const { claude } = await open();
  await eventually(() => claude.events.some(({ meta }) => meta.channel === "backups"));
  const event = claude.events.find(({ meta }) => meta.channel === "backups");
  expect(event?.content).toBe("Nothing has come from backups for 1s; nothing has come before.");
  const { text } = await claude.callTool("ack", { event_ids: [event?.meta.event_id], outcome: "handled" });
  expect(text).toContain("1 acknowledged");
});

test("explain says what would hold an event back", async () => {
  const { project } = await open();
  const file = join(project.folder, "build.json");
  await writeFile(file, JSON.stringify({ kind: "build", name: "unit", branch: "main" }));
  const { stdout, code } = await project.run(["explain", "ci", file]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^held now, by digest: collected of "main" until /m);
  expect(stdout).toContain("digest: 1h after the first event, then every 1h");
});

test("check tells every mistake in flow control with a caret", async () => {
  const { project } = await open();
  const file = join(project.folder, "bad.yaml");
  await writeFile(
    file,
    `sources: { ci: { type: http, path: /ci } }
channels:
  a:
    from: ci
    quiet: { from: "22:00", to: "07:00", tz: Europe/Berln }
  b:
    from: ci
    ttl: 5m
    digest: { every: 10m }
`,
  );
  const { stdout, code } = await project.run(["check", "bad.yaml"]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^bad\.yaml:5:46 channels\.a\.quiet\.tz: unknown time zone "Europe\/Berln"/m);
  expect(stdout).toMatch(/^ +\| {46}\^\n {2}hint: did you mean "Europe\/Berlin"\?$/m);
  expect(stdout).toContain("channels.b.ttl: events would expire before their digest: it may take 10m");
});
