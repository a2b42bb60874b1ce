// What a disk can do to a router that runs: fill up, vanish, be read-only, have names that are too long for a socket.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { eventually } from "../support/router.ts";
import { trustUse } from "../support/trust.ts";
import {
  accepted,
  atEnd,
  listening,
  newestOwner,
  numberOf,
  open,
  post,
  stateFolderOf,
  stateRoot,
} from "./stage.ts";

const hook = (port: number) =>
  `listen: 127.0.0.1:${port}\nbudget: { hour: none }\nsources: { hook: { type: http, path: /hook } }\n`;

/** Undefined where this user may not mount. */
function mountSmall(folder: string, options: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return false;
  }
  atEnd(() => void execFileSync("umount", ["-l", folder]));
  return true;
}

const mayMount = process.platform === "linux" && process.getuid?.() === 0;

describe.skipIf(!mayMount)("on a file system of its own", () => {
  test("a full disk is told to senders, and when it is freed all goes on by itself", async () => {
    const project = await open(hook);
    if (!mountSmall(stateRoot(project), "size=2m,mode=700")) return;
    await project.trust();
    const claude = await project.claude();
    await listening(project);
    const before = await accepted(project, "/hook", { n: 1 });
    await claude.waitForEvents(1);

    const ballast = join(stateRoot(project), "ballast");
    await writeFile(ballast, Buffer.alloc(4 * 1024 * 1024)).catch(() => undefined);
    const padding = "x".repeat(8_000);
    await eventually(async () => {
      const response = await post(project, "/hook", { n: 0, padding });
      if (response.status === 202) return false;
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toMatch(/^\d+$/);
      return true;
    });
    const { text, isError } = await claude.callTool("status");
    expect(isError).toBe(false);
    expect(text).toMatch(/disk|space|ENOSPC/i);
    expect((await post(project, "/hook", { n: 0, padding })).status).toBe(503);

    await rm(ballast);
    await eventually(async () => (await post(project, "/hook", { n: 2 })).status === 202);
    await eventually(() => claude.events.some((event) => numberOf(event) === 2));
    expect(claude.events[0]?.meta.event_id).toBe(before);
    expect((await claude.callTool("status")).text).not.toMatch(/ENOSPC|disk is full/i);
    const ids = claude.events.map(({ meta }) => meta.event_id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("an owner that is killed while the disk is full is replaced once it is freed, and what it had is kept", async () => {
    const project = await open(hook);
    if (!mountSmall(stateRoot(project), "size=2m,mode=700")) return;
    await project.trust();
    const owner = await project.claude({ listening: false });
    const other = await project.claude({ listening: false });
    await listening(project);
    const id = await accepted(project, "/hook", { n: 1 });
    const ballast = join(stateRoot(project), "ballast");
    await writeFile(ballast, Buffer.alloc(4 * 1024 * 1024)).catch(() => undefined);
    const large = { n: 0, padding: "x".repeat(8_000) };
    await eventually(async () => (await post(project, "/hook", large)).status === 503);
    owner.process.kill("SIGKILL");
    await eventually(async () => (await other.callTool("status")).text.includes("ENOSPC"));
    await rm(ballast);
    await listening(project);
    const hearing = await project.claude();
    await eventually(() => hearing.events.some(({ meta }) => meta.event_id === id));
  });

  test("what waits is pushed and fetched while the disk is full, and a kill -9 meanwhile repeats nothing untold", async () => {
    const project = await open(hook);
    if (!mountSmall(stateRoot(project), "size=2m,mode=700")) return;
    await project.trust();
    const owner = await project.claude({ listening: false });
    await listening(project);
    for (let n = 1; n <= 6; n++) await accepted(project, "/hook", { n });
    const ballast = join(stateRoot(project), "ballast");
    await writeFile(ballast, Buffer.alloc(4 * 1024 * 1024)).catch(() => undefined);
    const large = { n: 0, padding: "x".repeat(8_000) };
    await eventually(async () => (await post(project, "/hook", large)).status === 503);

    const fetched = await owner.callTool("pending", { limit: 2 });
    expect([...fetched.text.matchAll(/"n": (\d+)/g)].map(([, n]) => n)).toEqual(["1", "2"]);
    const hearing = await project.claude();
    expect((await hearing.waitForEvents(4)).map(numberOf)).toEqual([3, 4, 5, 6]);
    expect((await post(project, "/hook", large)).status).toBe(503);

    owner.process.kill("SIGKILL");
    await rm(ballast);
    await listening(project);
    const third = await project.claude();
    await accepted(project, "/hook", { n: 7 });
    const all = () => [...hearing.events, ...third.events];
    await eventually(() => all().some((event) => numberOf(event) === 7));
    const plain = all().filter(({ meta }) => meta.attempt === undefined);
    expect(
      plain
        .map(numberOf)
        .filter((n) => n > 0)
        .sort(),
    ).toEqual([3, 4, 5, 6, 7]);
  });

  test("a home that is read-only leaves the tools, and says why nothing is taken", async () => {
    const project = await open(hook);
    if (!mountSmall(stateRoot(project), "size=1m,ro,mode=700")) return;
    const claude = await project.claude();
    const text = await eventually(async () => {
      const answer = await claude.callTool("status");
      expect(answer.isError).toBe(false);
      return /works alone, without sources/.test(answer.text) && answer.text;
    });
    expect(text).toMatch(/EROFS|read-only/);
    expect(claude.process.stderr()).toMatch(/read-only|EROFS/);
    await expect(post(project, "/hook", {})).rejects.toThrow();
  });
});

test("a state folder that is removed while running is made again, and another session attaches to the same owner", async () => {
  const project = await open(hook);
  const claude = await project.claude();
  await listening(project);
  await accepted(project, "/hook", { n: 1 });
  await claude.waitForEvents(1);
  // The router may be writing there just now, and makes again what is gone.
  await rm(stateRoot(project), { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
  await accepted(project, "/hook", { n: 2 });
  expect(numberOf((await claude.waitForEvents(2))[1]!)).toBe(2);
  await eventually(() => newestOwner(stateRoot(project)).pid === claude.process.pid);
  const second = await project.claude();
  expect((await second.callTool("status")).text).toContain(project.address);
  expect(newestOwner(stateRoot(project)).pid).toBe(claude.process.pid);
  // The command line finds it again, too.
  const status = await eventually(async () => {
    const done = await project.ask(["status", "--json"]);
    return done.code === 0 && done;
  });
  expect(JSON.parse(status.stdout)).toMatchObject({ pid: claude.process.pid });
  // With the folder went what the user had agreed to.
  await project.trust();
  claude.process.kill("SIGKILL");
  await listening(project);
  await accepted(project, "/hook", { n: 3 });
  await eventually(() => second.events.some((event) => numberOf(event) === 3));
});

test("a state folder whose socket path is longer than the system allows works all the same, kill -9 included", async () => {
  const project = await open(hook);
  const deep = join(project.state, "deep".repeat(15), "deeper".repeat(15));
  const env = { CHANNEL_ROUTER_STATE_DIR: deep };
  await trustUse({ ...project.env, ...env }, join(project.folder, "channels.yaml"));
  const first = await project.claude({}, env);
  const second = await project.claude({}, env);
  await listening(project);
  expect(existsSync(join(stateFolderOf(deep), "o1.sock"))).toBe(false);
  expect(newestOwner(deep).pid).toBe(first.process.pid);
  expect((await project.ask(["status"], env)).code).toBe(0);
  first.process.kill("SIGKILL");
  await eventually(() => newestOwner(deep).pid === second.process.pid);
  await listening(project);
  await accepted(project, "/hook", { n: 1 });
  expect(numberOf(await second.nextEvent())).toBe(1);
});
