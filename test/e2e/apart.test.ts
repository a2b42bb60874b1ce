// The built program, with a source that anybody can reach beside one whose sender proves itself, on the same channels.

import { afterEach, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

const config = (port: number) => `listen: 127.0.0.1:${port}
sources:
  open: { type: http, path: /open }
  ci: { type: http, path: /ci, verify: { scheme: bearer, secret: correct-horse } }
channels:
  runs:
    from: [open, ci]
    match: { data.kind: run }
    dedupe: { key: "{{data.repo}}/{{data.branch}}", for: 1h }
    content: "{{source}} {{data.repo}} {{data.branch}}"
  states:
    from: [open, ci]
    match: { data.kind: state }
    changed: { value: data.state }
    throttle: { max: 2, per: 1h, overflow: drop }
    content: "{{source}} is {{data.state}}"
`;

test("unverified events burn no key, value or window of a proven sender, also after a restart", async () => {
  const project = await createProject(config);
  projects.push(project);
  const post = async (source: "open" | "ci", body: object): Promise<string> => {
    const response = await fetch(`${project.address}/${source}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer correct-horse" },
      body: JSON.stringify(body),
    });
    return ((await response.json()) as { outcome: string }).outcome;
  };
  const run = (repo: string, branch: string) => ({ kind: "run", repo, branch });
  const state = (value: string) => ({ kind: "state", state: value });
  const first = await project.claude();
  await eventually(() =>
    fetch(project.address).then(
      ({ status }) => status === 404,
      () => false,
    ),
  );

  expect(await post("open", run("acme", "app/main"))).toBe("accepted");
  expect(await post("open", run("acme", "app/main"))).toBe("duplicate");
  expect(await post("ci", run("acme", "app/main"))).toBe("accepted");
  expect(await post("ci", run("acme/app", "main"))).toBe("accepted");
  for (const value of ["up", "down", "up", "down"]) await post("open", state(value));
  expect([await post("ci", state("down")), await post("ci", state("down"))]).toEqual(["accepted", "dropped"]);
  await eventually(() => first.events.some(({ content }) => content === "ci is down"));

  first.process.kill("SIGKILL");
  await project.claude();
  await eventually(() =>
    fetch(project.address).then(
      ({ status }) => status === 404,
      () => false,
    ),
  );
  expect(await post("open", run("acme/app", "main"))).toBe("accepted");
  expect(await post("ci", run("acme", "app/main"))).toBe("duplicate");
  expect(await post("ci", run("acme/app", "main"))).toBe("duplicate");
  expect(await post("ci", state("up"))).toBe("accepted");
  expect(await post("ci", state("down"))).toBe("dropped");
});

test("a session that comes late gets a proven event before a flood that anybody sent, and pending gives both", async () => {
  const project = await createProject(
    (port) => `listen: 127.0.0.1:${port}
budget: { hour: none }
sources:
  open: { type: http, path: /open }
  ci: { type: http, path: /ci, verify: { scheme: bearer, secret: correct-horse } }
channels:
  open: { content: "open {{data.n}}", priority: high }
  ci: { content: "ci {{data.n}}" }
`,
  );
  projects.push(project);
  const post = (source: string, n: number) =>
    fetch(`${project.address}/${source}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "Bearer correct-horse" },
      body: JSON.stringify({ n }),
    });
  const deaf = await project.claude({ listening: false });
  await eventually(() =>
    fetch(project.address).then(
      ({ status }) => status === 404,
      () => false,
    ),
  );
  for (let n = 0; n < 200; n += 20)
    await Promise.all(Array.from({ length: 20 }, (_, i) => post("open", n + i)));
  for (let n = 0; n < 3; n++) expect((await post("ci", n)).status).toBe(202);
  expect(deaf.events).toEqual([]);
  const { text } = await deaf.callTool("pending", { limit: 4 });
  expect(
    text
      .match(/(open|ci) \d+/g)
      ?.map((found) => found.split(" ")[0])
      .sort(),
  ).toEqual(["ci", "ci", "open", "open"]);

  const late = await project.claude();
  await eventually(() => late.events.length >= 20);
  const contents = late.events.map(({ content }) => content);
  expect(contents.slice(0, 20)).toContain("ci 2");
});
