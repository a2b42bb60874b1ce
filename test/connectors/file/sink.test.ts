// The file sink in real folders.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import { fileSink } from "../../../src/connectors/file/sink/index.ts";
import { isStillAt } from "../../../src/connectors/file/sink/write.ts";
import type { OutgoingFile, SinkHost } from "../../../src/contract/sink.ts";
import type { JsonObject } from "../../../src/contract.ts";
import { outgoingOf } from "../../../src/plan/outgoing.ts";
import { isWithin } from "../../../src/within.ts";
import { lent } from "../../support/host.ts";
import { runs } from "../../support/runs.ts";
import { outgoing, planSink, proveSink } from "../../support/sink.ts";
import { testSink } from "../sink-conformance.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function project(): string {
  const folder = mkdtempSync(join(tmpdir(), "router-file-"));
  folders.push(folder);
  return folder;
}

const text = { type: "string" };
const hostIn = (folder: string): SinkHost => ({ ...lent(systemClock, folder), clock: systemClock });

async function write(folder: string, options: JsonObject, input: JsonObject) {
  const sink = await planSink(fileSink, {
    input: { name: text, text },
    options: { path: "notes", file: "{{input.name}}.md", content: "{{input.text}}\n", ...options },
  });
  const made = fileSink.create("tested", sink.options as never, hostIn(folder));
  const folders = { folder, home: join(folder, "home") };
  const sent = outgoingOf(sink, { id: "1", timeMs: 0, input, folders }) as OutgoingFile;
  return made.send(sent, new AbortController().signal);
}

describe("conformance", () => {
  const folder = mkdtempSync(join(tmpdir(), "router-file-"));
  const file = join(folder, "n", "a.log");
  testSink({
    type: fileSink,
    written: () => ({
      input: { text },
      options: { path: join(folder, "n"), file: "a.log", content: "{{input.text}}\n" },
    }),
    input: { text: "x" },
    host: async () => hostIn(folder),
    done: async () => (existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0),
  });
});

describe("a file", () => {
  test("is made with its folder, for its owner alone, and grows", async () => {
    const folder = project();
    const { text: said, response } = await write(folder, {}, { name: "todo", text: "one" });
    expect(said).toBe("4 bytes added to todo.md");
    expect(response).toEqual({ file: "todo.md", path: join(folder, "notes", "todo.md"), bytes: 4 });
    await write(folder, {}, { name: "todo", text: "two" });
    const path = join(folder, "notes", "todo.md");
    expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("is replaced whole, and nothing is left beside it", async () => {
    const folder = project();
    await write(folder, { mode: "write" }, { name: "todo", text: "one" });
    await write(folder, { mode: "write" }, { name: "todo", text: "two" });
    expect(readFileSync(join(folder, "notes", "todo.md"), "utf8")).toBe("two\n");
    expect(readdirSync(join(folder, "notes"))).toEqual(["todo.md"]);
  });

  test("gets every line of calls that come at once", async () => {
    const folder = project();
    await Promise.all(
      Array.from({ length: 50 }, (_, n) => write(folder, {}, { name: "log", text: `line ${n}` })),
    );
    const lines = readFileSync(join(folder, "notes", "log.md"), "utf8")
      .trimEnd()
      .split("\n");
    expect(lines.toSorted()).toEqual(Array.from({ length: 50 }, (_, n) => `line ${n}`).toSorted());
  });

  test.each(["append", "write"])("that is a link is not followed to %s", async (mode) => {
    const folder = project();
    const outside = join(folder, "outside.txt");
    mkdirSync(join(folder, "notes"));
    writeFileSync(outside, "mine");
    symlinkSync(outside, join(folder, "notes", "todo.md"));
    await expect(write(folder, { mode }, { name: "todo", text: "x" })).rejects.toMatchObject({
      code: "E_SINK_FAILED",
    });
    expect(readFileSync(outside, "utf8")).toBe("mine");
  });

  test.each(["append", "write"])("that is a pipe or a folder is not opened to %s", async (mode) => {
    const folder = project();
    mkdirSync(join(folder, "notes", "sub.md"), { recursive: true });
    execFileSync("mkfifo", [join(folder, "notes", "pipe.md")]);
    for (const name of ["sub", "pipe"])
      await expect(write(folder, { mode }, { name, text: "x" })).rejects.toMatchObject({
        code: "E_SINK_FAILED",
      });
  });

  test("is not written through a link that leads the folder out of the config's", async () => {
    const folder = project();
    const outside = project();
    symlinkSync(outside, join(folder, "notes"));
    await expect(write(folder, {}, { name: "todo", text: "x" })).rejects.toMatchObject({
      message: expect.stringContaining("a link leads it out of the config's folder"),
    });
    expect(readdirSync(outside)).toEqual([]);
  });

  test("that was opened is written only where it stands", async () => {
    const folder = realpathSync(project());
    mkdirSync(join(folder, "notes"));
    const path = join(folder, "notes", "a.md");
    const handle = await open(path, "a");
    expect(await isStillAt(handle, path)).toBe(true);
    renameSync(path, `${path}.1`);
    expect(await isStillAt(handle, path)).toBe(false);
    renameSync(`${path}.1`, path);
    renameSync(join(folder, "notes"), join(folder, "other"));
    symlinkSync("other", join(folder, "notes"));
    expect(await isStillAt(handle, path)).toBe(false);
    await handle.close();
  });

  test("that cannot be written says why", async () => {
    const folder = project();
    writeFileSync(join(folder, "notes"), "");
    await expect(write(folder, {}, { name: "todo", text: "x" })).rejects.toMatchObject({
      message: expect.stringMatching(/cannot be written: a part of its path is not a folder/),
      retryable: false,
    });
  });

  test.skipIf(process.getuid?.() === 0)("that may not be written says why", async () => {
    const folder = project();
    mkdirSync(join(folder, "notes"));
    chmodSync(join(folder, "notes"), 0o500);
    await expect(write(folder, {}, { name: "todo", text: "x" })).rejects.toMatchObject({
      message: expect.stringMatching(/cannot be written: no permission/),
    });
  });
});

describe("a name", () => {
  const nameOf = async (name: string) => {
    const sink = await planSink(fileSink, {
      input: { name: text },
      options: { path: "/n", file: "{{input.name}}", content: "x" },
    });
    return (outgoing(sink, { name }) as OutgoingFile).file;
  };

  test.each([
    "",
    " ",
    ".",
    "..",
    ".bashrc",
    "../x",
    "a/b",
    "a\\b",
    "a\0b",
    "a\nb",
    "con.txt",
    "a:b",
    "x ",
    "x.",
    "\u202egpj.exe",
    "x".repeat(300),
  ])("%j is refused", async (name) => {
    await expect(nameOf(name)).rejects.toMatchObject({ code: "E_SINK_REFUSED", hint: expect.any(String) });
  });

  test.each(["todo.md", "Zürich 2026-01-05.txt", "日本.md", "a..b", "-x"])(
    "%j is taken as it is",
    async (name) => {
      expect(await nameOf(name)).toBe(name);
    },
  );

  test("never leads out of its folder", async () => {
    const sink = await planSink(fileSink, {
      input: { name: text },
      options: { path: "/n/m", file: "{{input.name}}", content: "x" },
    });
    const parts = fc
      .array(fc.constantFrom("..", ".", "/", "\\", "a", "\0", "~", " ", "\n", "é"))
      .map((all) => all.join(""));
    fc.assert(
      fc.property(fc.oneof(parts, fc.string({ unit: "binary" })), (name) => {
        try {
          const { folder, file } = outgoing(sink, { name }) as OutgoingFile;
          const path = join(folder, file);
          expect(path).toBe(`/n/m/${name}`);
          expect(isWithin(path, "/n/m")).toBe(true);
          expect(path.slice("/n/m/".length)).not.toMatch(/[/\\\0]/);
        } catch (error) {
          if (!(error instanceof Error) || !("code" in error)) throw error;
          expect(error.code).toBe("E_SINK_REFUSED");
        }
      }),
      { numRuns: runs(600) },
    );
  });
});

describe("check", () => {
  const powers = async (path: string) =>
    (await proveSink(fileSink, { options: { path, file: "x", content: "x" } })).sink.powers.map(
      ({ power, value }) => `${power} ${value}`,
    );

  test("asks for consent for a folder outside the config's, and for no other", async () => {
    expect(await powers("notes")).toEqual([]);
    expect(await powers("./a/../b")).toEqual([]);
    expect(await powers("..")).toEqual(["write /"]);
    expect(await powers("../project-2")).toEqual(["write /project-2"]);
    expect(await powers("~/notes")).toEqual(["write /home/person/notes"]);
    expect(await powers("/project/x")).toEqual([]);
  });

  test("wants the folder literal", async () => {
    const { issues } = await proveSink(fileSink, {
      options: { path: "{{input.x}}", file: "x", content: "x" },
    });
    expect(issues.map(({ message }) => message)).toEqual(["the folder must be literal"]);
  });
});

describe("a file that is run or obeyed", () => {
  const issuesOf = async (path: string) =>
    (
      await proveSink(
        fileSink,
        { input: { text }, options: { path, file: "a.md", content: "{{input.text}}" } },
        { surroundings: { folder: "/home/ann/app", home: "/home/ann" } },
      )
    ).issues.map(({ message }) => message);

  test.each(
    `.git .git/hooks .GIT/hooks sub/.git/hooks .claude .claude/commands .husky .vscode .github/workflows .devcontainer node_modules/x .venv/lib
    ~/.ssh ~/.claude ~/.claude/channels/router ~/.config/autostart ~/.config/systemd/user ~/.config/fish ~/.local/bin ~/bin ~/.gnupg ~/.aws ~/.kube
    ~/.mozilla/firefox ~/Library/LaunchAgents ~/.vim /etc /etc/cron.d /usr/local/bin /var/spool/cron /dev/shm /proc/self /run/x /Library/x
    ~/notes/../.ssh notes/.././.git/hooks`
      .split(/\s+/)
      .map((path) => [path]),
  )("is not written in a folder %s", async (path) => {
    expect(await issuesOf(path)).toEqual([expect.stringMatching(/^sinks cannot write there: /)]);
  });

  test.each(
    `. notes notes/2026 ~/notes ~/Documents/logs /tmp/notes /srv/notes /home/bob/notes .notes ~/.notes src/config ~/.claude/channels/router/notes
    ~/work/library ~/my.config`
      .split(/\s+/)
      .map((path) => [path]),
  )("is no matter in a folder %s", async (path) => {
    expect(await issuesOf(path)).toEqual([]);
  });

  const refused =
    `CLAUDE.md claude.md CLAUDE.local.md AGENTS.md package.json Makefile GNUmakefile Justfile Dockerfile docker-compose.yml
    compose.override.yaml Jenkinsfile setup.py conftest.py sitecustomize.py pyproject.toml requirements-dev.txt pom.xml build.gradle.kts Cargo.toml
    build.rs go.mod CMakeLists.txt vite.config.ts eslint.config.mjs tsconfig.json crontab x.sh x.ps1 x.desktop x.service x.plist x.lnk autorun.inf
    authorized_keys config.fish channels.yaml team.channels.yml id_rsa prod.env server.pem credentials.json secrets.yaml main.tf x.pth x.so`
      .trim()
      .split(/\s+/);

  test.each(refused.map((name) => [name]))("is not one that a value calls %s", async (name) => {
    await expect(write(project(), { file: "{{input.name}}" }, { name, text: "x" })).rejects.toMatchObject({
      code: "E_SINK_REFUSED",
    });
  });

  test("may be one that the config itself names", async () => {
    const folder = project();
    await write(folder, { path: ".", file: "CLAUDE.md" }, { name: "", text: "x" });
    expect(readFileSync(join(folder, "CLAUDE.md"), "utf8")).toBe("x\n");
  });

  test.each(
    `todo.md notes.txt report-2026.csv README.md claude-notes.md package.md my.json build-log.txt config.md data.yaml x.log a.html`
      .split(/\s+/)
      .map((name) => [name]),
  )("is none that is called %s", async (name) => {
    const folder = project();
    await write(folder, { file: "{{input.name}}" }, { name, text: "x" });
    expect(readFileSync(join(folder, "notes", name), "utf8")).toBe("x\n");
  });

  test("is not reached by a link to a folder", async () => {
    const folder = project();
    mkdirSync(join(folder, ".git", "hooks"), { recursive: true });
    symlinkSync(join(folder, ".git"), join(folder, "notes"));
    symlinkSync(join(folder, ".git"), join(folder, "deep"));
    for (const path of ["notes", "deep/hooks", "deep/new/folder"])
      await expect(write(folder, { path }, { name: "pre-commit", text: "x" })).rejects.toMatchObject({
        code: "E_SINK_FAILED",
      });
    expect(readdirSync(join(folder, ".git"))).toEqual(["hooks"]);
    expect(readdirSync(join(folder, ".git", "hooks"))).toEqual([]);
  });

  test("is not the config, a file that it reads, or the router's state, by whatever name", async () => {
    const folder = realpathSync(project());
    const state = join(folder, "state");
    mkdirSync(join(state, "0123456789abcdef"), { recursive: true });
    writeFileSync(join(folder, "my.yaml"), "mine");
    symlinkSync(state, join(folder, "link"));
    const closed = { files: [join(folder, "my.yaml"), join(folder, "absent.txt")], stateRoots: [state] };
    const attempt = async (path: string, file: string) => {
      const sink = await planSink(fileSink, {
        input: { text },
        options: { path, file, content: "{{input.text}}" },
      });
      const made = fileSink.create("tested", sink.options as never, { ...hostIn(folder), closed });
      const sent = outgoingOf(sink, {
        id: "1",
        timeMs: 0,
        input: { text: "x" },
        folders: { folder, home: folder },
      });
      return made.send(sent as OutgoingFile, new AbortController().signal);
    };
    for (const [path, file] of [
      [".", "my.yaml"],
      [".", "absent.txt"],
      ["state", "access.json"],
      ["link", "access.json"],
      ["state/0123456789abcdef", "trust.json"],
      ["link/0123456789abcdef/new", "x.json"],
      ["state/running", "x.json"],
    ] as const)
      await expect(attempt(path, file), `${path}/${file}`).rejects.toMatchObject({ code: "E_SINK_FAILED" });
    expect(readFileSync(join(folder, "my.yaml"), "utf8")).toBe("mine");
    expect(existsSync(join(state, "access.json"))).toBe(false);
    await attempt("state/notes", "a.md");
    expect(readFileSync(join(state, "notes", "a.md"), "utf8")).toBe("x");
  });
});
