// Which files leave unasked, which the user is asked about and which never leave, with real files, links and tricks with paths.

import { execFileSync } from "node:child_process";
import { link, mkdir, mkdtemp, readFile, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type GuardedFile, type GuardRules, guardFiles } from "../../src/chat/file-guard.ts";
import { openOutbox } from "../../src/chat/outbox.ts";
import { manualClock } from "../support/manual-clock.ts";

let folder: string;
let clock: ReturnType<typeof manualClock>;
beforeEach(async () => {
  folder = await realpath(await mkdtemp("/tmp/cr-guard-"));
  clock = manualClock();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (path: string) => join(folder, path);
const write = async (path: string, text = "text") => {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(path), text);
  return at(path);
};
const rules = (more: Partial<GuardRules> = {}): GuardRules => ({
  stateFolders: [at("home/.claude/channels/router")],
  closedFolders: [at("home/.claude")],
  inbox: at("home/.claude/channels/router/1/inbox"),
  closedFiles: [at("work/channels.yaml")],
  project: at("work"),
  home: at("home"),
  homes: [at("home")],
  shared: [],
  isOwnSecret: () => false,
  outbox: openOutbox(at("outbox"), clock),
  ...more,
});
const guard = (path: string, more: Partial<GuardRules> = {}) =>
  guardFiles([path], rules(more), { maxFiles: 1, maxFileBytes: 1_000_000 }).then(
    ([file]) => file as GuardedFile,
  );
/** `unasked`, `asked` or why it is refused. */
const verdict = (path: string, more: Partial<GuardRules> = {}) =>
  guard(path, more).then(
    ({ asks }) => (asks.length === 0 ? "unasked" : "asked"),
    (error: Error & { code?: string }) => (error.code === "E_FILE" ? "refused" : Promise.reject(error)),
  );

describe("a file", () => {
  it("of the project or the inbox leaves unasked", async () => {
    await write("work/src/report.txt");
    await write("home/.claude/channels/router/1/inbox/k1-cat.jpg");
    for (const path of ["src/report.txt", "./src/../src/report.txt", at("work/src/report.txt")])
      expect(await verdict(path), path).toBe("unasked");
    expect(await verdict(at("home/.claude/channels/router/1/inbox/k1-cat.jpg"))).toBe("unasked");
  });

  it("of anywhere else is asked about, with the reason", async () => {
    await write("home/letter.txt");
    await write("work-2/report.txt");
    await write("work/.hidden/x.txt");
    await write("work/dump.sql");
    await write("work/notes.txt", "DB_PASSWORD=correct-horse\n");
    await symlink(at("home/letter.txt"), at("work/link.txt"));
    const why = async (path: string) => (await guard(path)).asks.join("; ");
    expect(await why("~/letter.txt")).toBe("it is outside the project");
    expect(await why("link.txt")).toBe("it is outside the project");
    expect(await why("../work-2/report.txt")).toBe("it is outside the project");
    expect(await why(".hidden/x.txt")).toBe("files of that name often hold secrets");
    expect(await why("dump.sql")).toBe("files of that name often hold secrets");
    expect(await why("notes.txt")).toBe("it looks like it contains settings with a password or key");
  });

  it("of a folder that the config shares leaves unasked, and nothing beside it", async () => {
    await write("home/reports/2026/a.pdf");
    await write("home/reports/b.txt");
    await write("home/reports-2/b.txt");
    await write("home/reports/.env");
    await symlink(at("home/reports"), at("home/link-to-reports"));
    const folderOf = (base: string) => ({ shared: [{ base: at(base), fits: () => true }] });
    expect(await verdict("~/reports/2026/a.pdf", folderOf("home/reports"))).toBe("unasked");
    expect(await verdict("~/reports/2026/a.pdf", folderOf("home/link-to-reports"))).toBe("unasked");
    expect(await verdict("~/reports/b.txt", folderOf("home/reports/b.txt"))).toBe("unasked");
    expect(await verdict("~/reports-2/b.txt", folderOf("home/reports"))).toBe("asked");
    expect(await verdict("~/reports/../reports-2/b.txt", folderOf("home/reports"))).toBe("asked");
    expect(await verdict("~/reports/.env", folderOf("home/reports"))).toBe("refused");
    const pdfs = { shared: [{ base: at("home/reports"), fits: (below: string) => below.endsWith(".pdf") }] };
    expect(await verdict("~/reports/2026/a.pdf", pdfs)).toBe("unasked");
    expect(await verdict("~/reports/b.txt", pdfs)).toBe("asked");
  });

  it("is asked about where the project is the home folder or above it", async () => {
    await write("home/letter.txt");
    for (const project of ["home", "."])
      expect(await verdict(at("home/letter.txt"), { project: at(project) })).toBe("asked");
    expect(await verdict("/etc/hostname", { project: "/" })).toBe("asked");
  });

  it.each([
    "home/.ssh/id_rsa",
    "home/.aws/credentials",
    "home/.kube/config",
    "home/.claude/projects/x/1.jsonl",
    "home/.claude/CLAUDE.md",
    "home/.claude/channels/router/access.json",
    "home/.claude/channels/router/1/trust.json",
    "home/.claude/channels/router/1/journal/000001.jsonl",
    "home/.bash_history",
    "work/.env",
    "work/prod.env",
    "work/.ENV",
    "work/server.pem",
    "work/terraform.tfstate",
    "work/.git/config",
    "work/channels.yaml",
    "work/secrets.yaml",
    "work/sub/.npmrc",
  ])("%s never leaves, not by a link of any kind", async (path) => {
    const file = await write(path);
    await mkdir(at("work"), { recursive: true });
    expect(await verdict(file)).toBe("refused");
    await symlink(file, at("work/harmless.txt"));
    await symlink(dirname(file), at("work/folder"));
    expect(await verdict("harmless.txt")).toBe("refused");
    expect(await verdict(`folder/${file.slice(dirname(file).length + 1)}`)).toBe("refused");
    await link(file, at("work/hard.txt"));
    expect(await verdict("hard.txt")).not.toBe("unasked");
  });

  it("with a secret in it never leaves, whatever its name", async () => {
    await write("work/notes.txt", `token: ghp_${"a1B2c3".repeat(6)}`);
    await write("work/own.txt", "x own-secret y");
    expect(await verdict("notes.txt")).toBe("refused");
    expect(await verdict("own.txt", { isOwnSecret: (text) => text.includes("own-secret") })).toBe("refused");
    await expect(guard("notes.txt")).rejects.toThrow("looks like it contains a token of GitHub");
  });

  it("that is named as a secret never leaves, where its link leads somewhere harmless too", async () => {
    await write("work/a.txt");
    await symlink("a.txt", at("work/id_rsa"));
    expect(await verdict("id_rsa")).toBe("refused");
  });

  it.each([
    "/proc/self/environ",
    "/proc/self/../self/environ",
    "//proc/self/environ",
    "/proc/1/environ",
    "/proc/self/fd/0",
    "/proc/self/root/etc/hostname",
    "/proc/self/cwd/package.json",
    "/dev/zero",
    "/dev/stdin",
    "/dev/fd/0",
    "/dev/../dev/null",
    "/sys/kernel/uevent_seqnum",
    "../../../../../../../../../../proc/self/environ",
    "",
    ".",
    "..",
    "~",
    "a\0b",
    "a\nb",
    "a\u2028b",
    "x".repeat(5_000),
    "file:///etc/passwd",
    "no-such-file",
  ])("%j is refused", async (path) => {
    await mkdir(at("work"), { recursive: true });
    expect(await verdict(path)).toBe("refused");
  });

  it("of the system is refused by a link too", async () => {
    await mkdir(at("work"), { recursive: true });
    await symlink("/proc/self", at("work/me"));
    await symlink("/dev", at("work/things"));
    await symlink("/proc/self/environ", at("work/environ.txt"));
    for (const path of ["me/environ", "me/fd/0", "things/zero", "environ.txt"])
      expect(await verdict(path), path).toBe("refused");
  });

  it("that is a pipe, a folder or a link to nowhere is refused at once", async () => {
    await mkdir(at("work/sub"), { recursive: true });
    execFileSync("mkfifo", [at("work/pipe")]);
    await symlink("nowhere", at("work/dangling"));
    await symlink("loop", at("work/loop"));
    for (const path of ["sub", "pipe", "dangling", "loop"]) expect(await verdict(path), path).toBe("refused");
  });
});

describe("tricks with paths", () => {
  /** Another way to write a path that exists. */
  const steps = ["./", "//", "x/../", "sub/../", "link/../work/", "up/work/"];

  it("show no secret and hide no outside, however a path is written", async () => {
    await write("work/sub/report.txt");
    await write("work/sub/.env");
    await write("home/letter.txt");
    await write("home/.ssh/id_rsa");
    await mkdir(at("work/x"), { recursive: true });
    await symlink(at("home"), at("work/link"));
    await symlink("..", at("work/up"));
    const targets = [
      ["work/sub/report.txt", ["unasked"]],
      ["work/sub/.env", ["refused"]],
      ["home/letter.txt", ["asked"]],
      ["home/.ssh/id_rsa", ["refused"]],
      ["work/link/letter.txt", ["asked"]],
      ["work/link/.ssh/id_rsa", ["refused"]],
    ] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...targets),
        fc.array(fc.constantFrom(...steps), { maxLength: 4 }),
        fc.boolean(),
        async ([target, expected], noise, isAbsolute) => {
          // From the project there and back again, then to the target.
          const path = `${isAbsolute ? at("work/") : ""}${noise.join("")}${relative(at("work"), at(target))}`;
          // A step may lead nowhere; it may never lead further than the target.
          expect([...expected, "refused"]).toContain(await verdict(path));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("never make one of any text", async () => {
    await write("work/a.txt");
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 60 }), async (path) => {
        fc.pre(!/a\.txt/.test(path));
        expect(await verdict(path)).toBe("refused");
      }),
      { numRuns: 100 },
    );
  });

  it("do not help to swap a folder between the look and the copy", async () => {
    await write("work/real/a.txt", "of the project");
    await write("outside/a.txt", "of outside");
    await symlink(at("outside"), at("work/other"));
    let isOver = false;
    const swapping = (async () => {
      while (!isOver) {
        await rename(at("work/real"), at("work/kept"));
        await rename(at("work/other"), at("work/real"));
        await rename(at("work/real"), at("work/other"));
        await rename(at("work/kept"), at("work/real"));
      }
    })();
    for (let round = 0; round < 300; round += 1) {
      const file = await guard("real/a.txt").catch(() => undefined);
      if (file?.asks.length === 0) expect(await readFile(file.path, "utf8")).toBe("of the project");
    }
    isOver = true;
    await swapping;
  });
});

describe("a copy", () => {
  it("is gone a while after it was released, or when its message was refused", async () => {
    await write("work/a.txt");
    const outbox = openOutbox(at("outbox"), clock);
    const file = await guard("a.txt", { outbox });
    outbox.release([file]);
    expect(await readFile(file.path, "utf8")).toBe("text");
    await clock.advance(10 * 60_000);
    await expect.poll(() => readFile(file.path, "utf8").catch((error) => error.code)).toBe("ENOENT");
  });

  it("is of no more than was there when it was judged", async () => {
    await write("work/a.txt", "x".repeat(100_000));
    const growing = (async () => {
      for (let round = 0; round < 50; round += 1) await writeFile(at("work/a.txt"), "y", { flag: "a" });
    })();
    const { path, bytes } = await guard("a.txt");
    await growing;
    expect((await readFile(path)).length).toBe(bytes);
  });
});
