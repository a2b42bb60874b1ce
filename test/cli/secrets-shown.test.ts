// A value of `${file:}` is a secret wherever it stands: the built program shows it to nobody.

import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer } from "../support/claude-process.ts";
import { createProject, eventually, type Project, program } from "../support/router.ts";

const secret = "s3cret-from-a-file-that-nobody-may-see";
const long = `${"0123456789abcdef".repeat(8)}-the-end`;
const config = (port: number) => `listen: 127.0.0.1:${port}
server: { instructions: "say \${file:s.txt}" }
sources:
  a: { type: http, path: /a }
  b: { type: http, path: /b }
channels:
  a:
    match: { headers.authorization-x: "\${file:s.txt}", data.k: "\${file:s.txt}", data.kind: x }
  long: { from: a, match: { data.long: "\${file:long.txt}" } }
  b:
    content: "it is \${file:s.txt} {{data.said}}"
    meta: { key: "\${file:s.txt}" }
`;

let project: Project;
beforeAll(async () => {
  project = await createProject(config, { consent: "all" });
  await project.write("s.txt", `${secret}\n`);
  await project.write("long.txt", long);
});
afterAll(() => project.remove());

const post = (body: unknown) =>
  fetch(`${project.address}/b`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
const holdsNone = (text: string) => {
  expect(text).not.toContain("s3cret-f");
  expect(text).not.toContain(long.slice(0, 16));
};

test.each([[[]], [["--json"]]])(
  "explain shows what a secret was compared with only masked %j",
  async (json) => {
    const missed = await project.run(["explain", "a", "{}", ...json]);
    expect(missed.stdout).toContain("•••");
    holdsNone(missed.stdout + missed.stderr);
    const sent = JSON.stringify({ said: `you said ${secret}` });
    const taken = await project.run(["explain", "b", sent, ...json]);
    expect(taken.stdout).toContain("it is ••• you said •••");
    holdsNone(taken.stdout + taken.stderr);
  },
);

test("check shows a mistake beside a secret without it", async () => {
  const broken = config(project.port).replace("data.kind: x", 'data.n: { gt: "${file:s.txt}", nope: 1 }');
  await project.write("broken.yaml", broken);
  for (const json of [[], ["--json"]]) {
    const { code, stdout } = await project.run(["check", "broken.yaml", ...json]);
    expect(code).toBe(1);
    holdsNone(stdout);
  }
});

test.each([[[]], [["--json"]]])("dev invites, delivers and explains without it %j", async (json) => {
  const dev = startServer({
    command: process.execPath,
    args: [program, "dev", ...json],
    project: project.folder,
    env: project.env,
  });
  let printed = "";
  dev.stdout.on("data", (chunk) => {
    printed += chunk;
  });
  await eventually(() => /waiting for events|"ready"/.test(printed));
  expect(printed).toMatch(/curl|no ?example/i);
  await post({ said: secret });
  await eventually(() => printed.includes("it is ••• •••"));
  await fetch(`${project.address}/a`, { method: "POST", body: "{}" });
  await eventually(() => printed.includes("unmatched"));
  await dev.interrupt();
  holdsNone(printed + dev.stderr());
});

test("the model gets it neither in the instructions, nor in an event, nor from a tool", async () => {
  const claude = await project.claude();
  expect(claude.server.instructions).toContain("say •••");
  await eventually(() =>
    post({ said: secret }).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  const event = await claude.nextEvent(10_000);
  expect(event.content).toBe("it is ••• •••");
  expect(event.meta.key).toBe("•••");
  const id = event.meta.event_id as string;
  const told = [
    claude.server.instructions,
    JSON.stringify(event),
    (await claude.callTool("status")).text,
    (await claude.callTool("event", { event_id: id })).text,
    (await claude.callTool("event", { event_id: id, path: "data.said", offset: 2 })).text,
    (await claude.callTool("event", { event_id: id, path: `data.${secret}` })).text,
    (await claude.callTool("pending")).text,
  ];
  for (const text of told) {
    holdsNone(text ?? "");
    expect(text).not.toContain("nobody-may-see");
  }
});
