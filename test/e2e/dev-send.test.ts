// What `dev` suggests is the payload of a test of the config, and `send` reaches it.

import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";

let project: Project;
afterEach(() => project.remove());

const config = (tests: string) => (port: number) =>
  `listen: 127.0.0.1:${port}
sources:
  github:
    type: http
    path: /github
channels:
  ci_failed:
    from: github
    match: { headers.x-github-event: workflow_run, data.workflow_run.conclusion: failure }
    content: "{{data.workflow_run.name}} failed on {{data.workflow_run.head_branch}}"
${tests}`;

const tests = `tests:
  - name: a failed run
    send:
      source: github
      headers: { x-github-event: workflow_run }
      data: { workflow_run: { name: CI, conclusion: failure, head_branch: main } }
    expect: { channel: ci_failed }
`;

test("the example is the payload of a test, and send makes the same event without a signature", async () => {
  project = await createProject(config(tests), { consent: "all" });
  const dev = project.dev();
  await eventually(() => dev.printed().includes("waiting for events"));
  expect(dev.printed()).toContain('"name":"CI"');
  expect(dev.printed()).toContain("x-github-event: workflow_run");
  const payload = '{"workflow_run":{"name":"Deploy","conclusion":"failure","head_branch":"next"}}';
  const sent = await project.run(["send", "github", "-d", payload, "-H", "x-github-event: workflow_run"]);
  expect(sent.stdout).toMatch(/accepted \w+ by ci_failed/);
  await eventually(() => dev.printed().includes("Deploy failed on next"));
  const other = await project.run(["send", "github", "-d", "{}"]);
  expect([other.code, other.stdout.includes("unmatched")]).toEqual([1, true]);
  // Only send looks there: no router runs.
  expect((await project.run(["status"])).stderr).toContain("no router runs");
  await dev.process.interrupt();
  expect((await project.run(["send", "github", "-d", payload])).stderr).toContain("no router runs");
});

test("without a test nothing is invented, and the reason is said", async () => {
  project = await createProject(config(""), { consent: "all" });
  const dev = project.dev();
  await eventually(() => dev.printed().includes("waiting for events"));
  expect(dev.printed()).not.toContain("curl");
  expect(dev.printed()).toContain(
    "no example: no test of the config sends a payload to this source; add one",
  );
  await dev.process.interrupt();
});

test("dev takes nothing that a running router would get, and says so; --take moves files", async () => {
  project = await createProject(
    (port) => `listen: 127.0.0.1:${port}
sources:
  drop:
    type: watch
    files: "inbox/*"
    move_to: inbox/done
  desk:
    type: webchat
`,
    { consent: "all" },
  );
  const inbox = join(project.folder, "inbox");
  await mkdir(inbox);
  await writeFile(join(inbox, "a.txt"), "hi");
  const dev = project.dev();
  await eventually(() => dev.printed().includes("waiting for events"));
  expect(dev.printed()).toMatch(/drop \(watch\) is not started: it would move the files away; dev --take/);
  expect(dev.printed()).toMatch(/desk \(webchat\) is not started: dev admits nobody/);
  expect(await readdir(inbox)).toEqual(["a.txt"]);
  await dev.process.interrupt();

  const taking = project.dev(["--take"]);
  await eventually(() => taking.printed().includes("delivered drop"));
  await eventually(async () => (await readdir(inbox)).join() === "done");
  await taking.process.interrupt();
});

const withRecipe = (branches: string) => (port: number) =>
  `listen: 127.0.0.1:${port}
use:
  ci:
    recipe: github-ci-failed
    with:
      secret: a-long-enough-secret
      branches: [${branches}]
`;

test("the payloads in the tests of a recipe in use are taken, too, if they pass with the config's inputs", async () => {
  project = await createProject(withRecipe(""), { consent: "all" });
  await project.claude();
  const status = async () => (await project.ask(["status"])).stdout;
  expect(await status()).toMatch(/try it:\n? *channel-router send ci_github --sample/);
  const { stdout } = await project.run(["send", "ci_github", "--sample"]);
  expect(stdout).toMatch(
    /the payload of the test "a failed run is two lines" of github-ci-failed\naccepted \w+ by ci_failed/,
  );
  expect(await status()).not.toContain("try it");
  const twice = await project.run(["send", "ci_github", "{}", "--sample"]);
  expect([twice.code, twice.stderr]).toEqual([2, expect.stringContaining("--sample")]);
});

test("where no payload of a test passes, the reason is said, in dev, by send and in status", async () => {
  project = await createProject(withRecipe("of-nobody"), { consent: "all" });
  const dev = project.dev();
  await eventually(() => dev.printed().includes("waiting for events"));
  const reason =
    "no channel takes the payloads in the tests of github-ci-failed with the inputs of this config";
  expect(dev.printed()).toContain(`no example: ${reason}`);
  const sent = await project.run(["send", "ci_github", "--sample"]);
  expect([sent.code, sent.stderr]).toEqual([
    2,
    expect.stringContaining(`no sample for ci_github: ${reason}`),
  ]);
  await dev.process.interrupt();
});
