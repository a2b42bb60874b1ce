// The built program in a pipe.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createProject, eventually, type Project, program } from "../support/router.ts";

let project: Project;
beforeAll(async () => {
  project = await createProject(
    (port) => `listen: 127.0.0.1:${port}\nsources:\n  a: { type: http, path: /a }\n`,
  );
  const channels = Array.from({ length: 2_000 }, (_, n) => `  c${n}: { from: nobody, wehn: x }\n`);
  await project.write("big.yaml", `sources: {}\nchannels:\n${channels.join("")}`);
});
afterAll(() => project.remove());

const start = (...args: string[]) => {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: project.folder,
    env: { ...process.env, ...project.env },
  });
  const stderr = { text: "" };
  child.stderr.on("data", (chunk) => {
    stderr.text += chunk;
  });
  return { child, stderr };
};

test.each([
  [["schema"], 0],
  [["check", "big.yaml"], 1],
  [["check", "big.yaml", "--json"], 1],
])("a reader that has seen enough of %j ends it without a word", async (args, exitCode) => {
  const { child, stderr } = start(...args);
  child.stdout.destroy();
  const [code] = await once(child, "close");
  expect(stderr.text).toBe("");
  expect(code).toBe(exitCode);
});

test("dev ends without a word once nobody reads it any more", async () => {
  const { child, stderr } = start("dev");
  let printed = "";
  child.stdout.on("data", (chunk) => {
    printed += chunk;
  });
  await eventually(() => printed.includes("waiting for events"));
  const closed = once(child, "close");
  child.stdout.destroy();
  await fetch(`${project.address}/a`, { method: "POST", body: "{}" }).catch(() => undefined); // It may end over it.
  expect(await closed).toEqual([0, null]);
  expect(stderr.text).toBe("");
});
