// `add`: the client library of a chat, below the state folder. npm is a stand-in; the lock file is the built one.

import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { add } from "../../../src/cli/commands/add.ts";
import { type Npm, npmProgram, runNpm } from "../../../src/cli/npm.ts";
import { connectors } from "../../../src/connectors/index.ts";
import type { Libraries, SourceTypeEntry } from "../../../src/contract.ts";
import { hasLibraries, installedLibraries, loadLibraries } from "../../../src/host/libraries.ts";

let state: string;
beforeEach(async () => {
  state = await mkdtemp("/tmp/cr-add-");
});
afterEach(() => rm(state, { recursive: true, force: true }));

const folder = () => join(state, "libraries");
const libraries = (version: string): Libraries => ({
  type: "telegram",
  title: "Telegram",
  packages: { "cr-no-such-library": version },
});
const registry = (version: string): readonly SourceTypeEntry[] =>
  connectors
    .filter(({ type }) => type === "telegram" || type === "http")
    .map((entry) => ({
      ...entry,
      load: async () => {
        const type = await entry.load();
        return entry.type === "telegram" ? { ...type, libraries: libraries(version) } : type;
      },
    }));

/** Installs a package of this text, and records where and with what arguments. */
function fakeNpm(text: string) {
  const calls: { args: readonly string[]; folder: string }[] = [];
  const npm: Npm = async (args, { folder: target }) => {
    calls.push({ args, folder: target });
    const at = join(target, "node_modules/cr-no-such-library");
    await mkdir(at, { recursive: true });
    await writeFile(join(at, "package.json"), '{"name":"cr-no-such-library","type":"module","main":"a.js"}');
    await writeFile(join(at, "a.js"), text);
  };
  return { npm, calls };
}

async function run(
  type: string,
  npm: Npm,
  { version = "1.0.0", json = false, reloaded = [] as string[] } = {},
) {
  let printed = "";
  const asked: string[] = [];
  const context = {
    env: { CHANNEL_ROUTER_STATE_DIR: state },
    cwd: state,
    underClaude: undefined,
    print: (text: string) => {
      printed += text;
    },
    note: () => {},
    routers: {
      list: async () =>
        reloaded.length === 0
          ? []
          : [{ pid: 7, start: "", config: "", folder: "", socket: "", version: "", started: "" }],
      call: async (_router: unknown, command: string) => {
        asked.push(command);
        return { ok: true, text: "nothing has changed", problems: [], notes: reloaded, time: "" };
      },
    },
  };
  const code = await add(type, { json }, context, { npm, registry: registry(version) });
  return { code, printed, asked };
}

describe("add", () => {
  it("installs what the lock file pins, without install scripts and in a folder of no project", async () => {
    const { npm, calls } = fakeNpm("export const version = 1;");
    expect(await hasLibraries(libraries("1.0.0"), folder())).toBe(false);
    const { code, printed } = await run("telegram", npm);
    expect(code).toBe(0);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.args).toEqual(expect.arrayContaining(["ci", "--ignore-scripts"]));
    expect(calls[0]?.folder.startsWith(join(folder(), "telegram"))).toBe(true);
    const lock = JSON.parse(await readFile(join(calls[0]?.folder as string, "package-lock.json"), "utf8"));
    for (const [path, entry] of Object.entries(lock.packages as Record<string, { integrity?: string }>))
      if (path !== "") expect(entry.integrity).toMatch(/^sha512-/);
    expect(printed).toContain("cr-no-such-library 1.0.0 installed in ");
    expect(await hasLibraries(libraries("1.0.0"), folder())).toBe(true);
    const [module] = (await loadLibraries(libraries("1.0.0"), folder())) as [{ version: number }];
    expect(module.version).toBe(1);
  });

  it("a library that was missing a moment ago loads in the same process, and so does its next version", async () => {
    // Under a name of its own: vitest remembers what a bare name has loaded.
    const missing = { ...libraries("1.0.0"), packages: { "cr-another-library": "1.0.0" } };
    await expect(loadLibraries(missing, folder())).rejects.toMatchObject({
      code: "E_LIBRARY",
      message: "the Telegram client is not installed",
      hint: "channel-router add telegram",
    });
    await run("telegram", fakeNpm("export const version = 1;").npm);
    await run("telegram", fakeNpm("export const version = 2;").npm, { version: "2.0.0" });
    const installed = await installedLibraries("telegram", folder());
    expect(installed?.packages).toEqual({ "cr-no-such-library": "2.0.0" });
    // By Node itself: vitest remembers what a bare name has loaded.
    const script = `const { load } = await import(${JSON.stringify(join(installed?.folder as string, "load.mjs"))});
      console.log((await load("cr-no-such-library")).version);`;
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
    });
    expect(output).toBe("2\n");
    await run("telegram", fakeNpm("export const version = 3;").npm, { version: "3.0.0" });
    // The last one stays for routers that run, the one before it does not.
    const kept = (await readdir(join(folder(), "telegram"))).filter((name) => name !== "current.json");
    expect(kept).toHaveLength(2);
  });

  it("does nothing when it is there, and repairs what does not load", async () => {
    await run("telegram", fakeNpm("export const version = 1;").npm);
    const again = fakeNpm("export const version = 1;");
    expect((await run("telegram", again.npm)).printed).toContain("is installed already");
    expect(again.calls).toEqual([]);
  });

  it("has running routers try their failed sources again, and prints what became of them", async () => {
    const { printed, asked } = await run("telegram", fakeNpm("").npm, { reloaded: ["source tg: started"] });
    expect(asked).toEqual(["reload"]);
    expect(printed).toContain("  pid 7: source tg: started\n");
  });

  it("leaves nothing behind when npm fails", async () => {
    const npm: Npm = async () => {
      throw new Error("no network");
    };
    await expect(run("telegram", npm)).rejects.toMatchObject({ code: "E_LIBRARY" });
    expect(await readdir(join(folder(), "telegram"))).toEqual([]);
    expect(await hasLibraries(libraries("1.0.0"), folder())).toBe(false);
  });

  it("refuses a type without a library, and one that does not exist", async () => {
    const { npm } = fakeNpm("");
    await expect(run("http", npm)).rejects.toMatchObject({ message: "http needs no library" });
    await expect(run("telegramm", npm)).rejects.toMatchObject({ hint: 'did you mean "telegram"?' });
  });
});

describe("npm", () => {
  it("that is missing is named", async () => {
    await expect(runNpm(["ci"], { folder: state, env: { PATH: state } })).rejects.toMatchObject({
      code: "E_LIBRARY",
      message: "npm was not found",
      hint: "npm comes with Node.js; it must be in PATH",
    });
  });

  it("is started without a shell on Windows", () => {
    expect(npmProgram("win32", "/node/node.exe", () => true)).toEqual([
      "/node/node.exe",
      "/node/node_modules/npm/bin/npm-cli.js",
    ]);
    expect(npmProgram("linux", "/usr/bin/node", () => true)).toEqual(["npm"]);
  });
});
