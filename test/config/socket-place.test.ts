// Where the socket of `listen: unix:` would be: in the folder of the config it needs no consent, anywhere else it does, and a link
// leads where it leads.

import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadPlan } from "../../src/daemon/start/load-plan.ts";

let root: string;
let folder: string;
beforeEach(async () => {
  root = await realpath(await mkdtemp("/tmp/cr-socket-"));
  folder = join(root, "project");
  await mkdir(join(folder, "run"), { recursive: true });
  await mkdir(join(root, "elsewhere"));
  await symlink("run", join(folder, "inside"));
  await symlink("../elsewhere", join(folder, "outside"));
  await symlink("../not-there-yet", join(folder, "later"));
  await symlink(join(root, "elsewhere"), join(folder, "run", "deep"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function asked(listen: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const file = join(folder, "channels.yaml");
  await writeFile(file, `listen: "${listen}"\nsources: { hook: { type: http, path: /hook } }\n`);
  const { plan, issues } = await loadPlan(file, { HOME: root, ...env });
  expect(issues).toEqual([]);
  return plan.powers.map(({ power, value }) => `${power} ${value}`);
}

test.each([
  "unix:s.sock",
  "unix:run/s.sock",
  "unix:./run/../s.sock",
  "unix:inside/s.sock",
  "unix:new/folder/s.sock",
])("%s needs no consent", async (listen) => expect(await asked(listen)).toEqual([]));

test.each([
  ["unix:../s.sock", "s.sock"],
  ["unix:/tmp/s.sock", "/tmp/s.sock"],
  ["unix:~/s.sock", "s.sock"],
  ["unix:outside/s.sock", "project/outside/s.sock"],
  ["unix:outside/new/s.sock", "project/outside/new/s.sock"],
  ["unix:later/s.sock", "project/later/s.sock"],
  ["unix:later/new/s.sock", "project/later/new/s.sock"],
  ["unix:run/deep/s.sock", "project/run/deep/s.sock"],
])("%s does", async (listen, path) => {
  expect(await asked(listen)).toEqual([`listen unix:${path.startsWith("/") ? path : join(root, path)}`]);
});

test("a variable in it does, wherever it leads, and is not shown", async () => {
  expect(await asked("unix:${NAME}.sock", { NAME: "hidden-name" })).toEqual([
    expect.stringMatching(/^listen unix:•••\.sock with \$\{NAME\}$/),
  ]);
});
