// What a command would run: the program, found without what is relative in PATH, and the files of the project that it names.

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { absolutePath, findProgram } from "../../src/host/find-program.ts";
import { isUnedited, newLink, readLaunch } from "../../src/host/launch.ts";
import { spawnGroup } from "../../src/host/spawn.ts";

let top: string;
let folder: string;
let outside: string;
beforeAll(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), "cr-launch-")));
  folder = join(top, "project");
  outside = join(top, "bin");
  write("project/run.sh", "#!/bin/sh\necho run", 0o755);
  write("project/tool", "#!/bin/sh\necho tool", 0o755);
  write("project/plain", "echo plain");
  write("project/app.log", "a line");
  write("project/notes.txt", "a note");
  write("project/sub/deep.js", "1");
  write("project/package.json", "{}");
  write("project/data.json", "{}");
  write("project/app.db", "");
  write("project/sub/do.sh", "");
  write("project/sub/Makefile", "all:");
  write("project/steps/a.sh", "");
  write("project/steps/b.sh", "");
  write("project/Makefile", "all:");
  write("bin/tool", "#!/bin/sh\necho outside", 0o755);
  write("bin/sh", "#!/bin/sh\n", 0o755);
  write("elsewhere.sh", "echo elsewhere");
  symlinkSync(join(top, "elsewhere.sh"), join(folder, "link.sh"));
});
afterAll(() => rmSync(top, { recursive: true, force: true }));

function write(path: string, text: string, mode = 0o644): void {
  const file = join(top, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, mode);
}

const launch = (command: readonly string[], more: Partial<Parameters<typeof readLaunch>[0]> = {}) =>
  readLaunch({ to: "program", command, cwd: folder, env: {}, ...more }, { project: folder, path: outside });
const names = (command: readonly string[], more?: Parameters<typeof launch>[1]) =>
  launch(command, more)
    // What a tool looks for by itself and is not there is bound as well, and is no matter here.
    .scripts.filter(
      ({ path, sha256 }) => sha256 !== "absent" || command.some((word) => word.includes(basename(path))),
    )
    .map(({ path }) => path.slice(top.length + 1).replace(/^project\//, ""))
    .sort();

describe("the program", () => {
  test("is looked for in the absolute entries of PATH alone", () => {
    const path = `.:::project:${outside}:`;
    expect(findProgram("tool", { path, cwd: folder })).toBe(join(outside, "tool"));
    expect(findProgram("run.sh", { path, cwd: folder })).toBeUndefined();
    expect(findProgram("./run.sh", { path, cwd: folder })).toBe(join(folder, "run.sh"));
    expect(findProgram("./plain", { path, cwd: folder })).toBeUndefined();
    expect(absolutePath(path)).toBe(outside);
  });

  test("is bound, and so is what it holds when it lies in the project", () => {
    expect(launch(["tool"])).toMatchObject({ program: join(outside, "tool"), scripts: [] });
    expect(launch(["./tool"])).toMatchObject({ program: join(folder, "tool"), scripts: [{}] });
    expect(launch(["tool"], { env: { PATH: folder } })).toMatchObject({ program: join(folder, "tool") });
    const none = { name: "no-such-program", program: null, project: folder, scripts: [] };
    expect(launch(["no-such-program"])).toMatchObject(none);
  });
});

describe("the files of the project that it names", () => {
  test.each<[readonly string[], readonly string[]]>([
    [["sh", "run.sh"], ["run.sh"]],
    [["sh", "plain"], ["plain"]],
    [["sh", "notes.txt"], ["notes.txt"]],
    [["sh", "-c", "./run.sh --all"], ["run.sh"]],
    [["sh", "-c", "source notes.txt; echo"], ["notes.txt"]],
    [["sh", "-c", "tail -f app.log | grep x"], []],
    [["tail", "-F", "app.log"], []],
    [["tail", "-F", "plain"], []],
    [["tool", "app.log"], []],
    [["tool", "plain"], ["plain"]],
    [["tool", "--config=plain"], ["plain"]],
    [["env", "sh", "run.sh"], ["run.sh"]],
    [
      ["node", "sub/deep"],
      ["package.json", "sub/deep.js"],
    ],
    [
      ["node", "--require=./notes.txt", "sub/deep.js"],
      ["notes.txt", "package.json", "sub/deep.js"],
    ],
    [["node", "."], ["package.json"]],
    [["sh", "link.sh"], ["link.sh"]],
    [["sh", "../elsewhere.sh"], []],
    [["make"], ["Makefile"]],
    [["npm", "test"], ["package.json"]],
    [["wc", "-l", "app.log"], []],
    [["jq", ".a", "data.json"], []],
    [["jq", "-f", "sub/deep.js", "data.json"], ["sub/deep.js"]],
    [["sqlite3", "app.db", "select 1"], []],
    [["sh", "-c", "cd sub && ./do.sh"], ["sub/do.sh"]],
    [
      ["make", "-C", "sub"],
      ["Makefile", "sub/Makefile"],
    ],
    [
      ["sh", "-c", "for f in steps/*.sh; do $f; done"],
      ["steps/a.sh", "steps/b.sh"],
    ],
    [["sh", "-c", "./run.sh > data.json 2> run.err; tee plain"], ["run.sh"]],
    [["curl", "-o", "plain", "https://h.example"], []],
    [["python3", "gone.py"], ["gone.py"]],
    [["python3", "-c", "print(open('notes.txt').read())"], []],
  ])("%j", (command, files) => {
    expect(names(command)).toEqual(files);
  });

  test.each<[readonly string[]]>([
    [["python3", "-c", "exec(open('notes.txt').read())"]],
    [["python3", "-c", "eval(compile(open('notes.txt').read(), 'x', 'exec'))"]],
    [["node", "-e", "require('vm').runInThisContext(require('fs').readFileSync('notes.txt'))"]],
    [["node", "-e", "new Function(fs.readFileSync('notes.txt'))()"]],
    [["perl", "-e", "do './notes.txt'"]],
    [["ruby", "-e", "instance_eval(File.read('notes.txt'))"]],
    [["lua", "-e", "dofile('notes.txt')"]],
    [["php", "-r", "include 'notes.txt';"]],
  ])("as a program that is read and run, whatever its extension: %j", (command) => {
    expect(names(command)).toContain("notes.txt");
  });

  test("by a variable or on its standard input, too", () => {
    expect(names(["sh"], { stdin: "./run.sh\n" })).toEqual(["run.sh"]);
    expect(names(["tool"], { env: { BASH_ENV: "./plain" } })).toEqual(["plain"]);
    expect(names(["sh", "deep.js"], { cwd: join(folder, "sub") })).toEqual(["sub/deep.js"]);
  });

  test("more than can be looked at is not started", async () => {
    const found = launch(["tool", ...Array.from({ length: 2_001 }, (_, index) => `a${index}`)]);
    expect(found.problem).toMatch(/more than 2000 words/);
  });
});

describe("what is started", () => {
  const world = () => ({ folder, environment: { PATH: `${outside}:/usr/bin:/bin` }, isSecret: () => false });
  const said = async (command: readonly string[], read = launch(command)) => {
    const child = await spawnGroup({ command, cwd: folder, launch: read }, world());
    let text = "";
    for await (const piece of child.stdout) text += piece;
    await child.ended;
    return text.trim();
  };

  test("is the program that was found then", async () => {
    const read = readLaunch(
      { to: "program", command: ["tool"], cwd: folder, env: {} },
      { project: folder, path: folder },
    );
    expect(await said(["tool"], read)).toBe("tool");
    expect(await said(["tool"])).toBe("outside");
  });

  test("is not an edited script, nor one that has come since", async () => {
    const read = launch(["./run.sh"]);
    expect(await said(["./run.sh"], read)).toBe("run");
    write("project/run.sh", "#!/bin/sh\necho edited", 0o755);
    await expect(said(["./run.sh"], read)).rejects.toMatchObject({
      code: "E_COMMAND_START",
      message: expect.stringContaining("run.sh was changed since"),
    });
    write("project/run.sh", "#!/bin/sh\necho run", 0o755);
    expect(await said(["./run.sh"], read)).toBe("run");

    const none = launch(["./later.sh"]);
    write("project/later.sh", "#!/bin/sh\necho later", 0o755);
    await expect(said(["./later.sh"], none)).rejects.toThrow(/later.sh was not there when/);
  });
});

describe("a link in the project", () => {
  const secret = () => join(top, "home/.aws/credentials");
  const linked = (name: string, target: string) => {
    rmSync(join(folder, name), { recursive: true, force: true });
    symlinkSync(target, join(folder, name));
  };
  beforeAll(() => {
    write("home/.aws/credentials", "key");
    write("project/real/credentials", "a note");
  });
  /** How a command line may name a file of the project. */
  const spellings: [command: readonly string[], stdin?: string][] = [
    [["tool", "given.txt"]],
    [["tool", "./given.txt"]],
    [["tool", "-d", "@given.txt"]],
    [["tool", "-d@given.txt"]],
    [["tool", "-dgiven.txt"]],
    [["tool", "--data=@given.txt"]],
    [["tool", "-F", "f=@given.txt;type=a/b"]],
    [["tool", "f@given.txt"]],
    [["tool", "file:given.txt"]],
    [["tool", "-o", "given.txt"]],
    [["tool", "--output=given.txt"]],
    [["tool", "of=given.txt"]],
    [["sh", "-c", "tool < given.txt"]],
    [["sh", "-c", "tool >given.txt"]],
    [["sh", "-c", 'cat "given.txt" | tool']],
    [["sh", "-c", "cat *.txt"]],
    [["sh", "-c", "cd real && cat ../given.txt"]],
    [["sh"], "cat given.txt"],
  ];

  test.each(spellings.map(([command, stdin]) => ({ command, stdin })))(
    "$command that has come since: it is not started",
    async ({ command, stdin }) => {
      write("project/given.txt", "a note");
      const reach = stdin === undefined ? {} : { stdin };
      const read = launch(command, reach);
      expect(read.links).toEqual([]);
      for (const target of [secret(), join(top, "home/not-there-yet"), "../home/.aws/credentials"]) {
        linked("given.txt", target);
        const started = spawnGroup(
          { command, launch: read },
          { folder, environment: { PATH: outside }, isSecret: () => false },
        );
        await expect(started).rejects.toMatchObject({
          code: "E_COMMAND_START",
          message: expect.stringMatching(/given.txt leads to .*, and did not when it was read/),
        });
        expect(launch(command, reach).links).toContainEqual({
          path: join(folder, "given.txt"),
          target: expect.stringContaining(join(top, "home")),
        });
      }
      rmSync(join(folder, "given.txt"));
    },
  );

  test("in the place of a folder, also of the one where it runs, is found as well", () => {
    linked("kept", join(folder, "real"));
    const inFolder = launch(["tool", "kept/credentials"]);
    const there = launch(["tool", "credentials"], { cwd: join(folder, "kept") });
    expect([inFolder.links, there.links]).toEqual([[], []]);
    linked("kept", join(top, "home/.aws"));
    expect(newLink(inFolder)).toEqual({ path: join(folder, "kept/credentials"), target: secret() });
    expect(newLink(there)).toMatchObject({ target: join(top, "home/.aws") });
    rmSync(join(folder, "kept"));
  });

  test("that consent named may stay, and lead nowhere else", () => {
    linked("given.txt", secret());
    const read = launch(["tool", "given.txt"]);
    expect(newLink(read)).toBeUndefined();
    linked("given.txt", join(top, "home"));
    expect(newLink(read)).toMatchObject({ target: join(top, "home") });
    rmSync(join(folder, "given.txt"));
  });

  test("to another link that leads out, or in a chain that never ends, does not hide it", () => {
    linked("b", join(top, "home/none"));
    linked("a", "b");
    expect(launch(["tool", "a"]).links).toEqual([
      { path: join(folder, "a"), target: join(top, "home/none") },
    ]);
    linked("b", "a");
    expect(launch(["tool", "a"]).links).toEqual([]);
    for (const name of ["a", "b"]) rmSync(join(folder, name));
  });
});

test("a large script that is edited behind its beginning, its time put back, and a library under the name of a note", () => {
  const large = join(folder, "large.sh");
  writeFileSync(large, `#!/bin/sh\n${"#\n".repeat(600_000)}echo one`, { mode: 0o755 });
  const { atime, mtime } = statSync(large);
  const read = launch(["./large.sh"]);
  expect(read.scripts.every(isUnedited)).toBe(true);
  writeFileSync(large, `#!/bin/sh\n${"#\n".repeat(600_000)}echo two`);
  utimesSync(large, atime, mtime);
  expect(read.scripts.every(isUnedited)).toBe(false);
  rmSync(large);
  expect(names(["tool"], { env: { LD_PRELOAD: "./notes.txt" } })).toEqual([]);
  write("project/lib.txt", "\x7fELF");
  expect(names(["tool"], { env: { LD_PRELOAD: "./lib.txt" } })).toEqual(["lib.txt"]);
});

describe("what scripts name", () => {
  beforeAll(() => {
    write(
      "project/nest/start.sh",
      '#!/bin/sh\n. "$(dirname "$0")/lib.sh"\nnode tools/go.mjs\n./steps/deep/run\n',
      0o755,
    );
    write("project/nest/lib.sh", "source ./more.sh");
    write("project/nest/more.sh", "echo more");
    write(
      "project/tools/go.mjs",
      'import { x } from "./lib/x.js"; import y from "./y"; import fs from "node:fs";',
    );
    write("project/tools/lib/x.js", 'export const x = require("../z.cjs")');
    write("project/tools/y/index.js", "");
    write("project/tools/z.cjs", "");
    write(
      "project/nest/steps/deep/run",
      "#!/usr/bin/python3\nimport helper, pkg.inner\nfrom pkg import other",
      0o755,
    );
    write("project/nest/steps/deep/helper.py", "");
    write("project/nest/steps/deep/pkg/inner.py", "");
    write("project/nest/steps/deep/pkg/__init__.py", "");
    write("project/pkg/mod.py", "");
    write("project/pkg/__init__.py", "");
    write("project/dir/index.js", "");
    write("project/app/package.json", '{"scripts":{"go":"runner --x && node ./late.js"}}');
    write("project/app/node_modules/.bin/runner", "#!/usr/bin/env node\n", 0o755);
    write("project/app/late.js", "");
    write("project/app/.npmrc", "");
    write("project/app/.envrc", "");
    write("project/inc/Makefile", "include rules.mk\nall:\n\t./do-it\n");
    write("project/inc/rules.mk", "x:\n\tsh other.sh\n");
    write("project/inc/other.sh", "");
    write("project/inc/do-it", "#!/bin/sh\n", 0o755);
    write("project/fed.txt", "id");
    write("project/round-a.sh", "sh round-b.sh");
    write("project/round-b.sh", "sh round-a.sh");
  });

  test.each<[readonly string[], readonly string[], Parameters<typeof launch>[1]?]>([
    [
      ["sh", "nest/start.sh"],
      [
        "nest/start.sh",
        "nest/lib.sh",
        "nest/more.sh",
        "tools/go.mjs",
        "tools/lib/x.js",
        "tools/y/index.js",
        "tools/z.cjs",
        "nest/steps/deep/run",
        "nest/steps/deep/helper.py",
        "nest/steps/deep/pkg/inner.py",
        "nest/steps/deep/pkg/__init__.py",
      ],
    ],
    [
      ["python3", "-m", "pkg.mod"],
      ["pkg/mod.py", "pkg/__init__.py"],
    ],
    [["node", "./dir"], ["dir/index.js"]],
    [
      ["npm", "run", "go"],
      ["package.json", "node_modules/.bin/runner", "late.js", ".npmrc"].map((name) => `app/${name}`),
      { cwd: "app" },
    ],
    [["npx", "runner"], ["app/node_modules/.bin/runner"], { cwd: "app" }],
    [["direnv", "exec", ".", "env"], ["app/.envrc"], { cwd: "app" }],
    [["make"], ["Makefile", "rules.mk", "other.sh", "do-it"].map((name) => `inc/${name}`), { cwd: "inc" }],
    [["sh", "-c", "cat fed.txt | sh"], ["fed.txt"]],
    [["sh", "-c", 'eval "$(cat fed.txt)"'], ["fed.txt"]],
    [["bash", "-c", "head -1 fed.txt | sudo bash -s"], ["fed.txt"]],
    [
      ["sh", "round-a.sh"],
      ["round-a.sh", "round-b.sh"],
    ],
  ])("%j binds %j", (command, files, more) => {
    const cwd = more?.cwd === undefined ? folder : join(folder, more.cwd);
    expect(names(command, { cwd })).toEqual(expect.arrayContaining([...files]));
  });

  test("a program of the project that its own PATH leads to is bound, there or not", () => {
    write("project/progs/sayhi", "#!/bin/sh\n", 0o755);
    const env = { PATH: `.:${join(folder, "progs")}:/usr/bin:/bin` };
    const bound = launch(["env", "sayhi", "later"], { env }).scripts.map(({ path, sha256 }) => [
      path.slice(folder.length + 1),
      sha256 === "absent",
    ]);
    expect(bound).toEqual(
      expect.arrayContaining([
        ["progs/sayhi", false],
        ["progs/later", true],
      ]),
    );
  });

  test("a PATH of a command has no folder that depends on where it runs", async () => {
    write("project/progs/here", "#!/bin/sh\necho here\n", 0o755);
    const world = { folder: join(folder, "progs"), environment: {}, isSecret: () => false };
    const child = await spawnGroup(
      { command: ["env", "sh", "-c", "here || echo none"], env: { PATH: ".::progs:/usr/bin:/bin" } },
      world,
    );
    let out = "";
    for await (const piece of child.stdout) out += piece;
    expect(out).toBe("none\n");
  });

  test.each([
    [["npm", "run", "go"], ".npmrc"],
    [["make"], "GNUmakefile"],
    [["python3", "late.py"], "json.py"],
  ])("%j is another command once there is a %s", (command, file) => {
    const cwd = join(top, "project", "late");
    write("project/late/package.json", "{}");
    write("project/late/Makefile", "all:");
    write("project/late/late.py", "import json");
    const before = launch(command, { cwd });
    write(`project/late/${file}`, "");
    expect(launch(command, { cwd }).scripts).not.toEqual(before.scripts);
    expect(before.scripts.every(isUnedited)).toBe(false);
    rmSync(join(cwd, file));
    expect(before.scripts.every(isUnedited)).toBe(true);
  });

  test("what is only read is not bound", () => {
    expect(names(["sh", "-c", "cat fed.txt | wc -l"])).not.toContain("fed.txt");
  });

  test("however many files name each other, it takes little time", () => {
    const words = Array.from({ length: 3_000 }, (_, index) => `./many/f${index}.js`).join("\n");
    for (let index = 0; index < 300; index++) write(`project/many/f${index}.js`, `${words}\n// ${index}`);
    const began = performance.now();
    expect(launch(["node", "many/f0.js"]).scripts.length).toBeLessThanOrEqual(200);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
