// The command and the cron source in the built program: what they say reaches Claude, and nothing of them outlives the router.

import { afterEach, expect, test } from "vitest";
import { isAlive } from "../support/processes.ts";
import { createProject, eventually, type Project } from "../support/router.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

async function open(config: string, consent: "all" | "use" = "all"): Promise<Project> {
  const project = await createProject(() => config, { consent });
  projects.push(project);
  return project;
}

const following = `sources:
  log:
    type: command
    command: [sh, -c, 'echo "$$ is up"; trap "" TERM PIPE; while sleep 1; do :; done']
  tick: { type: cron, at: "* * * * * *" }
channels:
  log: { content: "said: {{data.line}}" }
  tick: { content: "it is {{data.scheduled}}", supersede: one }
`;

test.each(["SIGKILL", "SIGINT"] as const)(
  "a program's lines reach Claude, and it ends with the router: %s",
  async (signal) => {
    const project = await open(following);
    const claude = await project.claude();
    await eventually(() => claude.events.some(({ content }) => content.includes("is up")));
    await eventually(
      () => claude.events.some(({ content }) => /^it is \d{4}-.*:\d\d\.000Z$/.test(content)),
      15_000,
    );
    const said = claude.events.find(({ content }) => content.includes("is up"))?.content ?? "";
    const pid = Number(/said: (\d+) is up/.exec(said)?.[1]);
    expect(isAlive(pid)).toBe(true);
    expect((await project.ask(["status"])).stdout).toMatch(/log \(command\) running {2}sh, pid \d+/);
    claude.process.kill(signal);
    await claude.process.exited;
    await eventually(() => !isAlive(pid));
  },
);

test("a command waits for consent, and the schedule beside it does not", async () => {
  const project = await open(following, "use");
  const claude = await project.claude();
  await eventually(() => claude.events.some(({ content }) => content.startsWith("it is")));
  const { stdout } = await project.ask(["status"]);
  expect(stdout).toContain("waiting   for consent: command sh -c");
  expect(claude.events.some(({ content }) => content.includes("is up"))).toBe(false);
  await claude.stop();
});

test("check points at what is wrong in an expression", async () => {
  const project = await open('sources:\n  tick: { type: cron, at: "0 9 * * fryday" }\n');
  const { code, stdout } = await project.run(["check"]);
  expect(code).toBe(1);
  expect(stdout).toContain('channels.yaml:2:36 sources.tick.at: "fryday" is not a weekday');
});
