// The `.env` that `status` names is the one that is read; what the router's environment disables is seen by `doctor`; what `status` says
// of a consent ends when it is given; and `why` says what is true after a restart.

import { writeFile } from "node:fs/promises";
import { afterEach, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";

let project: Project;
afterEach(() => project.remove());

test("the .env whose path status shows is read", async () => {
  const config = (content: string) => (port: number) =>
    `listen: 127.0.0.1:${port}
sources:
  hello:
    type: http
    path: /hello
channels:
  hello:
    content: "${content}"
`;
  project = await createProject(config("{{data.text}}"));
  const claude = await project.claude();
  const { env_file } = JSON.parse((await project.ask(["status", "--json"])).stdout);
  expect((await project.ask(["status"])).stdout).toContain(`.env      ${env_file}`);
  await writeFile(env_file, "GREETING=hello\n", { mode: 0o600 });
  await project.write("channels.yaml", config("${GREETING:-nothing} {{data.text}}")(project.port));
  await project.trust();
  await project.ask(["reload"]);
  const post = () =>
    fetch(`${project.address}/hello`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ text: "world" }),
    });
  await eventually(async () => (await post().catch(() => undefined))?.status === 202);
  expect((await claude.nextEvent()).content).toBe("hello world");
});

test("doctor sees a variable of the session's environment that its own does not have", async () => {
  project = await createProject(
    (port) => `listen: 127.0.0.1:${port}\nsources:\n  a: { type: http, path: /a }\n`,
  );
  await project.claude({}, { DISABLE_TELEMETRY: "1" });
  const { stdout } = await project.ask(["doctor"]);
  expect(stdout).toMatch(/switches: DISABLE_TELEMETRY is set in the environment of .*session \d+/);
});

test("a consent that was given waits nowhere; after a restart why says that the router has started again", async () => {
  const config = (more: string) => (port: number) =>
    `listen: 127.0.0.1:${port}
sources:
  hello:
    type: http
    path: /hello
${more}`;
  project = await createProject(config(""));
  const claude = await project.claude();
  const tick = "  tick:\n    type: command\n    command: [date]\n    every: 10m\n";
  await project.write("channels.yaml", config(tick)(project.port));
  const status = async () => (await project.ask(["status"])).stdout;
  await eventually(async () => (await status()).includes("waiting for consent: run the command date"));
  await project.trust();
  await eventually(async () => (await status()).includes("tick (command) running"));
  expect(await status()).not.toContain("waiting for consent");

  const post = () => fetch(`${project.address}/hello`, { method: "POST", body: "{}" });
  await eventually(async () => (await post()).status === 202);
  const { meta } = await claude.nextEvent();
  const why = async () => (await project.ask(["why", String(meta.event_id)])).stdout;
  expect(await why()).not.toContain("answers of channels");
  await claude.process.interrupt();
  await project.claude();
  await eventually(async () => (await why()).includes("it has restarted since"));
});
