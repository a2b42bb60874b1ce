import { execFileSync } from "node:child_process";
import {
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type GuardRules, guardFiles } from "../../src/chat/file-guard.ts";
import { safeFileName } from "../../src/chat/file-name.ts";
import { openInbox } from "../../src/chat/inbox.ts";
import { openOutbox } from "../../src/chat/outbox.ts";
import { bytesOfOutgoing } from "../../src/chat/outgoing-file.ts";
import { manualClock } from "../support/manual-clock.ts";

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp("/tmp/cr-files-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("the name of a file that somebody sent", () => {
  it.each([
    ["report.pdf", "report.pdf"],
    ["../../etc/passwd", "passwd"],
    ["C:\\Users\\x\\a.txt", "a.txt"],
    [".env", "env"],
    ["a<b>;[c]\r\n.txt", "a_b___c_.txt"],
    ["\u202Egnp.exe", "gnp.exe"],
    ["", "file"],
    ["...", "file"],
  ])("%j becomes %j", (name, safe) => {
    expect(safeFileName(name)).toBe(safe);
  });

  it("keeps its ending when it is long", () => {
    expect(safeFileName(`${"x".repeat(300)}.jpeg`)).toMatch(/^x{95}\.jpeg$/);
  });

  it("is one harmless part of a path, whatever was sent", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (name) => {
        const safe = safeFileName(name);
        expect(safe).not.toBe("");
        expect(safe.length).toBeLessThanOrEqual(100);
        expect(safe).not.toMatch(/[\\/<>"\r\n\p{Cc}]|^\.|^-/u);
        expect(safe.isWellFormed()).toBe(true);
      }),
    );
  });
});

describe("a file that Claude wants to send", () => {
  const limits = { maxFiles: 2, maxFileBytes: 1_000 };
  const rules = (): GuardRules => ({
    stateFolders: [join(folder, "state")],
    closedFolders: [join(folder, "home", ".claude")],
    inbox: join(folder, "state", "inbox"),
    closedFiles: [join(folder, "channels.yaml"), join(folder, "absent")],
    project: folder,
    home: `${folder}-home`,
    homes: [`${folder}-home`],
    shared: [],
    isOwnSecret: (text) => text.includes("own-secret-value"),
    outbox: openOutbox(join(folder, "state", "outbox"), manualClock()),
  });
  const guard = (...paths: string[]) => guardFiles(paths, rules(), limits);
  const write = async (name: string, text = "text") => {
    const path = join(folder, name);
    await mkdir(join(path, ".."), { recursive: true });
    await writeFile(path, text);
    return path;
  };

  it("is sent as a copy of its real path, under its own name", async () => {
    const path = await write("out/log.txt");
    await symlink(path, join(folder, "latest.txt"));
    const [file] = await guard("latest.txt");
    expect(file).toMatchObject({ source: path, name: "latest.txt", bytes: 4, asks: [] });
    expect(file?.path).toMatch(/\/state\/outbox\/[0-9a-f]{18}\/latest\.txt$/);
    expect(await readFile(file?.path as string, "utf8")).toBe("text");
  });

  it("may be one that was sent to us", async () => {
    const path = await write("state/inbox/cat.jpg");
    expect(await guard(path)).toHaveLength(1);
  });

  it.each([
    ["our state", "state/access.json", "own state"],
    ["an .env file", ".env", "secrets"],
    ["an .env file of another kind", "a/.env.production", "secrets"],
    ["a private key", "id_ed25519", "secrets"],
    ["the config", "channels.yaml", "is /tmp"],
  ])("is refused when it is %s", async (_, name, words) => {
    const path = await write(name);
    await expect(guard(path)).rejects.toMatchObject({
      code: "E_FILE",
      message: expect.stringContaining(words),
    });
    await symlink(path, join(folder, "harmless.txt"));
    await expect(guard("harmless.txt")).rejects.toMatchObject({ code: "E_FILE" });
  });

  it("is refused when it is a hard link to the config", async () => {
    await write("channels.yaml");
    await link(join(folder, "channels.yaml"), join(folder, "copy.txt"));
    await expect(guard("copy.txt")).rejects.toMatchObject({ code: "E_FILE" });
  });

  it("is refused when it is a hard link into our state, however deep, and not when it is one elsewhere", async () => {
    await write("state/1f/access.json");
    await link(join(folder, "state/1f/access.json"), join(folder, "copy.txt"));
    await expect(guard("copy.txt")).rejects.toThrow("own state");
    await link(await write("here.txt"), join(folder, "there.txt"));
    expect(await guard("there.txt")).toMatchObject([{ asks: ["the same file has another name elsewhere"] }]);
    await link(await write("state/inbox/cat.jpg"), join(folder, "cat.jpg"));
    expect(await guard("cat.jpg")).toMatchObject([{ asks: ["the same file has another name elsewhere"] }]);
  });

  it.each([".ssh/config", "home/.aws/credentials", ".git-credentials", ".claude.json"])(
    "is refused when it is %s",
    async (name) => {
      await write(name);
      await expect(guard(name)).rejects.toThrow("secrets");
    },
  );

  it("is refused when it is a pipe, which nobody may wait for", async () => {
    execFileSync("mkfifo", [join(folder, "pipe")]);
    await expect(guard("pipe")).rejects.toThrow("is not a file");
  });

  it("is sent as it was judged, whatever becomes of it meanwhile", async () => {
    const path = await write("log.txt", "first");
    const [file] = await guard("log.txt");
    if (file === undefined) throw new Error("refused");
    await writeFile(path, "other");
    await rm(path);
    expect((await bytesOfOutgoing(file)).toString()).toBe("first");
  });

  it("is not sent when something else took the place of the copy", async () => {
    await write("log.txt", "first");
    const take = async (put: (path: string) => Promise<unknown>) => {
      const [file] = await guard("log.txt");
      if (file === undefined) throw new Error("refused");
      await put(file.path);
      await expect(bytesOfOutgoing(file)).rejects.toMatchObject({ code: "E_FILE" });
    };
    await take((path) => writeFile(path, "cut"));
    await take((path) => rm(path));
    await take(async (path) => {
      await rm(path);
      await symlink(join(folder, "log.txt"), path);
    });
    await take(async (path) => {
      await rm(path);
      execFileSync("mkfifo", [path]);
    });
    await take(async (path) => {
      await writeFile(join(folder, "keeps-the-number"), "other");
      await rename(join(folder, "keeps-the-number"), path);
    });
  });

  it("is refused when it leaves a folder by ..", async () => {
    await write("state/access.json");
    await expect(guard("state/inbox/../access.json")).rejects.toMatchObject({ code: "E_FILE" });
  });

  it("is refused when nobody knows what it is", async () => {
    await symlink(join(folder, "nowhere"), join(folder, "dangling"));
    for (const path of ["dangling", "absent.txt", "/proc/self/environ", "/dev/zero", "."])
      await expect(guard(path)).rejects.toMatchObject({ code: "E_FILE" });
  });

  it("is refused when it is empty, too large, or one too many", async () => {
    const empty = await write("empty", "");
    const large = await write("large", "x".repeat(1_001));
    const small = await write("small");
    await expect(guard(empty)).rejects.toThrow("is empty");
    await expect(guard(large)).rejects.toThrow("at most");
    await expect(guard(small, small, small)).rejects.toThrow("3 files are more than the 2");
    await expect(guardFiles([small], rules(), { maxFiles: 0, maxFileBytes: 0 })).rejects.toThrow(
      "no files can be sent",
    );
  });
});

describe("the inbox", () => {
  async function* parts(...texts: string[]) {
    for (const text of texts) yield Buffer.from(text);
  }
  const inbox = () => openInbox(join(folder, "inbox"), { now: Date.now });

  it("keeps what was sent, for us alone, and each under a name of its own", async () => {
    const first = await inbox().save("../cat.jpg", parts("me", "ow"), 10);
    const second = await inbox().save("../cat.jpg", parts("purr"), 10);
    expect(first.path).not.toBe(second.path);
    expect(first.path).toMatch(/\/inbox\/[^/]+-cat\.jpg$/);
    expect(await readFile(first.path, "utf8")).toBe("meow");
    expect((await stat(first.path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, "inbox"))).mode & 0o777).toBe(0o700);
  });

  it("leaves nothing of what was too long or broke off", async () => {
    async function* broken() {
      yield Buffer.from("abc");
      throw new Error("reset");
    }
    await expect(inbox().save("a", parts("12345", "6"), 5)).rejects.toMatchObject({ code: "E_FILE" });
    await expect(inbox().save("a", broken(), 5)).rejects.toThrow("reset");
    expect(await readdir(join(folder, "inbox"))).toEqual([]);
  });

  it("forgets what is old", async () => {
    const old = await inbox().save("old", parts("x"), 5);
    const young = await inbox().save("young", parts("x"), 5);
    await utimes(old.path, 1, 1);
    await inbox().clear(60_000);
    expect(await readdir(join(folder, "inbox"))).toEqual([young.path.split("/").at(-1)]);
  });
});
