// `init` without questions: what it writes, that it clobbers nothing and does nothing twice.

import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { parse } from "yaml";
import { init } from "../../../src/cli/commands/init.ts";
import { addMcpEntry, mcpEntry } from "../../../src/cli/init/mcp-entry.ts";
import { printMcpEntry } from "../../../src/cli/init/print-entry.ts";
import { gitignoreText } from "../../../src/cli/init/texts.ts";
import type { InitOptions } from "../../../src/cli/init/wishes.ts";
import { bundledRecipes } from "../../../src/config/recipe/bundled.ts";
import { addUse } from "../../../src/config/yaml/add-use.ts";
import { loadPlan } from "../../../src/daemon/start/load-plan.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp("/tmp/cr-init-");
  await mkdir(join(folder, "app"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const app = (name: string) => join(folder, "app", name);
const read = (name: string) => readFile(app(name), "utf8");

async function run(options: Partial<InitOptions>, answers?: string[], skipped?: string) {
  let printed = "";
  const questions: string[] = [];
  const env = { HOME: folder, PATH: "/usr/bin:/bin" };
  const context = {
    env,
    cwd: app(""),
    now: Date.now,
    print: (text: string) => {
      printed += text;
    },
    note: () => {},
    routers: { list: async () => [], call: async () => null },
    // As below Claude: nothing is trusted by itself.
    underClaude: { sign: "a test", folders: [] },
    person:
      answers === undefined
        ? undefined
        : {
            async ask(question: string) {
              questions.push(question);
              return answers.shift() ?? "";
            },
          },
    clientLog: async () => (skipped === undefined ? undefined : { registered: false, reason: skipped }),
  };
  const yes = answers === undefined ? { yes: true } : {};
  const code = await init(
    { recipe: [], with: [], ...yes, ...options },
    context as never,
    "/opt/cr/dist/channel-router.js",
  );
  return { code, printed, questions };
}

describe("wake", () => {
  const about = (questions: string[]) =>
    questions.filter((question) => question.includes("cannot show channels"));

  it("is asked for once where Claude Code cannot show channels, and written after a yes", async () => {
    const reason = "channels feature is not currently available";
    const { questions, printed } = await run({ user: false }, ["", "y", "y", "n"], reason);
    expect(about(questions)).toHaveLength(1);
    expect(about(questions)[0]).toContain(reason);
    expect(parse(await read("channels.yaml")).wake).toBe("auto");
    expect(printed).toMatch(/^ {2}claude {4}and Claude fetches events/m);
    const { powers } = (await loadPlan(app("channels.yaml"), { HOME: folder })).plan;
    expect(powers.map(({ power }) => power)).toEqual(["wake"]);
  });

  it("is not written after a no", async () => {
    const { questions } = await run(
      { user: false },
      ["", "n", "y", "n"],
      "channels feature is not currently available",
    );
    expect(about(questions)).toHaveLength(1);
    expect(await read("channels.yaml")).not.toContain("wake");
  });

  it.each([
    undefined,
    "server router not in --channels list for this session",
    "channels not enabled by org policy (set channelsEnabled: true in managed settings)",
  ])("is not asked for where the client's log says: %s", async (reason) => {
    const { questions } = await run({ user: false }, ["", "y", "n"], reason);
    expect(about(questions)).toEqual([]);
    expect(await read("channels.yaml")).not.toContain("wake");
  });

  it("is written with --wake, but not into a config that is there", async () => {
    await run({ wake: true });
    expect(parse(await read("channels.yaml")).wake).toBe("auto");
    const before = "sources:\n  a:\n    type: http\n    path: /a\n";
    await writeFile(app("channels.yaml"), before);
    const { printed } = await run({ wake: true });
    expect(await read("channels.yaml")).toBe(before);
    expect(printed).toMatch(/exists already: add {2}wake: auto {2}to it yourself/);
  });
});

describe("init", () => {
  it("writes a config that is valid, the server's entry, and a secret that only the user can read", async () => {
    await mkdir(app(".git"));
    const { code, printed } = await run({ recipe: ["github-ci-failed"], with: ["branches=main,release"] });
    expect(code).toBe(0);
    const config = parse(await read("channels.yaml"));
    expect(config.use.github_ci_failed).toEqual({
      recipe: "github-ci-failed",
      with: { secret: "${GITHUB_WEBHOOK_SECRET}", branches: ["main", "release"] },
    });
    expect((await read("channels.yaml")).split("\n")[0]).toMatch(
      /^# yaml-language-server: \$schema=https:\/\//,
    );
    expect(Object.keys(JSON.parse(await read(".mcp.json")).mcpServers)).toEqual(["router"]);
    const { GITHUB_WEBHOOK_SECRET } = parseEnv(await read(".env"));
    expect(GITHUB_WEBHOOK_SECRET).toMatch(/^[0-9a-f]{64}$/);
    expect((await stat(app(".env"))).mode & 0o777).toBe(0o600);
    expect(await read(".gitignore")).toBe(".env\n");
    expect(printed).not.toContain(GITHUB_WEBHOOK_SECRET);
    expect(printed).toContain("claude --dangerously-load-development-channels server:router");
    expect((await loadPlan(app("channels.yaml"), { HOME: folder })).issues).toEqual([]);
  });

  it("changes nothing the second time, and says so", async () => {
    await run({ recipe: ["sentry"] });
    const before = await Promise.all(["channels.yaml", ".mcp.json", ".env"].map(read));
    const { code, printed } = await run({ recipe: ["sentry"] });
    expect(code).toBe(0);
    expect(printed).toContain(`unchanged: ${app("channels.yaml")}`);
    expect(await Promise.all(["channels.yaml", ".mcp.json", ".env"].map(read))).toEqual(before);
  });

  it("shows each file and writes none with --dry-run", async () => {
    const { printed } = await run({ recipe: ["sentry"], dryRun: true });
    for (const name of ["channels.yaml", ".mcp.json", ".env"]) expect(printed).toContain(`new ${app(name)}`);
    await expect(stat(app("channels.yaml"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("writes nothing when the user says no", async () => {
    const { code, printed } = await run({ user: false, reach: "here", recipe: ["sentry"] }, ["n"]);
    expect([code, printed]).toEqual([1, expect.stringContaining("nothing was written\n")]);
    await expect(stat(app("channels.yaml"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("says what each recipe is for, asks what it needs, and a number is as good as a name", async () => {
    // Recipe, its text, project or user, write?, test event?
    const number = (name: string) => bundledRecipes().indexOf(name) + 1;
    const answers = [String(number("cron-reminder")), "Stand up", "1", "y", "n"];
    const { code, printed } = await run({}, answers);
    expect(code).toBe(0);
    expect(printed).toMatch(
      new RegExp(`${number("github-ci-failed")} {2}github-ci-failed +Failed GitHub Actions runs`),
    );
    expect(parse(await read("channels.yaml")).use.cron_reminder.with).toEqual({ text: "Stand up" });
  });

  it("adds to a config that is there and leaves its text as it is", async () => {
    const mine = "# mine\nsources:\n  a: { type: http, path: /a }   # kept\n";
    await writeFile(app("channels.yaml"), mine);
    await run({ recipe: ["sentry"] });
    await run({ recipe: ["stripe-test"] });
    const text = await read("channels.yaml");
    expect(text.startsWith(mine)).toBe(true);
    expect(Object.keys(parse(text).use).sort()).toEqual(["sentry", "stripe_test"]);
    expect((await loadPlan(app("channels.yaml"), { HOME: folder })).issues).toEqual([]);
  });

  it("keeps other servers, the .env and the values in it", async () => {
    await writeFile(app(".mcp.json"), '{\n\t"mcpServers": {"router": {"command": "other"}},\n\t"x": 1\n}\n');
    await writeFile(app(".env"), "SENTRY_CLIENT_SECRET='mine'\nOTHER=1");
    await run({ recipe: ["sentry"] });
    const mcp = JSON.parse(await read(".mcp.json"));
    expect(mcp).toMatchObject({ mcpServers: { router: { command: "other" }, "channel-router": {} }, x: 1 });
    expect(parse(await read("channels.yaml")).server).toEqual({ name: "channel-router" });
    expect(parseEnv(await read(".env"))).toMatchObject({ OTHER: "1" });
    expect(await read(".env")).toContain("'mine'");
  });

  it("takes a secret from --with into .env, never into the config", async () => {
    await run({ recipe: ["stripe-test"], with: ["secret=whsec_abc"] });
    expect(await read("channels.yaml")).not.toContain("whsec_abc");
    expect(await read(".env")).toContain("='whsec_abc'\n");
  });

  describe("with the plugin installed", () => {
    beforeEach(async () => {
      const installPath = join(folder, "cache");
      await mkdir(join(installPath, "dist"), { recursive: true });
      await writeFile(join(installPath, "dist", "channel-router.js"), "");
      await mkdir(join(folder, ".claude", "plugins"), { recursive: true });
      await writeFile(
        join(folder, ".claude", "plugins", "installed_plugins.json"),
        JSON.stringify({ version: 2, plugins: { "router@shop": [{ scope: "user", installPath }] } }),
      );
    });

    it("writes no entry, and prints the launch line of the plugin", async () => {
      const { printed } = await run({ recipe: ["sentry"] });
      expect(printed).toContain("the plugin router@shop starts the server");
      expect(printed).toContain("claude --dangerously-load-development-channels plugin:router@shop");
      await expect(stat(app(".mcp.json"))).rejects.toMatchObject({ code: "ENOENT" });
      expect((await run({ user: true })).printed).not.toContain("claude mcp add");
    });

    it("writes an entry when the plugin is switched off, and keeps one that is there", async () => {
      await writeFile(join(folder, ".claude", "settings.json"), '{"enabledPlugins":{"router@shop":false}}');
      expect((await run({})).printed).toContain("server:router");
      await rm(join(folder, ".claude", "settings.json"));
      const { printed } = await run({});
      expect(printed).toContain(`unchanged: ${app(".mcp.json")}\n`);
      expect(printed).toContain("server:router");
    });
  });

  it("refuses what it does not know, with the nearest name", async () => {
    await expect(run({ recipe: ["sentri"] })).rejects.toMatchObject({ hint: 'did you mean "sentry"?' });
    await expect(run({ recipe: ["github-ci-failed"], with: ["branch=x"] })).rejects.toMatchObject({
      hint: 'did you mean "branches"?',
    });
    await expect(run({ recipe: ["cron-reminder"] })).rejects.toMatchObject({ message: /needs text/ });
  });

  it("leaves links and broken files alone", async () => {
    await writeFile(app("elsewhere"), "{}");
    await symlink(app("elsewhere"), app(".mcp.json"));
    await expect(run({})).rejects.toMatchObject({ message: `${app(".mcp.json")} is a link` });
    await rm(app(".mcp.json"));
    await writeFile(app(".mcp.json"), "{ // a comment\n}");
    const { printed } = await run({});
    expect(printed).toContain("was not changed: it is not a JSON object");
    expect(await read(".mcp.json")).toBe("{ // a comment\n}");
  });
});

test("an entry is added to any .mcp.json without losing a key", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.dictionary(fc.string(), fc.record({ command: fc.string(), args: fc.array(fc.string()) })),
      (root, mcpServers) => {
        const text = JSON.stringify({ ...root, mcpServers });
        const added = addMcpEntry(text, "router", { command: "channel-router", args: [] });
        if (!("text" in added)) return;
        const next = JSON.parse(added.text);
        const { [added.name]: entry, ...others } = next.mcpServers;
        expect(entry).toEqual({ command: "channel-router", args: [] });
        expect({ ...next, mcpServers: others }).toEqual(JSON.parse(text));
        expect(addMcpEntry(added.text, "router", entry)).toEqual({ present: added.name });
      },
    ),
  );
});

test("a use is added to any block of uses, and every other character stays", () => {
  const name = fc.stringMatching(/^[a-z]{1,6}$/);
  fc.assert(
    fc.property(
      fc.uniqueArray(name, { maxLength: 4 }),
      fc.integer({ min: 1, max: 6 }),
      fc.boolean(),
      (names, indent, isLast) => {
        const pad = " ".repeat(indent);
        const block =
          names.length === 0
            ? ""
            : `use:\n${names.map((one) => `${pad}${one}:  # ${one}\n${pad}  recipe: ${one}\n`).join("")}`;
        const text = isLast ? `version: 1\n${block}` : `${block}version: 1\n`;
        const added = addUse(text, "new-one", ["new_one:", "  recipe: new-one"]);
        if (!("text" in added)) throw new Error(JSON.stringify(added));
        expect(Object.keys(parse(added.text).use).sort()).toEqual([...names, "new_one"].sort());
        let rest = added.text;
        for (const one of text.split("\n")) {
          expect(rest).toContain(one);
          rest = rest.slice(rest.indexOf(one) + one.length);
        }
        expect(addUse(added.text, "new-one", [])).toEqual({ present: "new_one" });
      },
    ),
  );
});

test.each([
  [".env", undefined],
  ["*.env\n", undefined],
  ["a\n/.env", undefined],
  ["dist", "dist\n.env\n"],
  ["dist\n", "dist\n.env\n"],
])("a .gitignore of %j", (text, expected) => {
  expect(gitignoreText(text)).toBe(expected);
});

test.each([
  ["/home/me/.npm/_npx/1a2b/node_modules/channel-router/dist/channel-router.js", "npx"],
  ["/home/me/.cache/pnpm/dlx/1a2b/node_modules/channel-router/dist/channel-router.js", "pnpm"],
  [
    "/home/me/.bun/install/cache/.bunx-0/channel-router@0.1.0/node_modules/channel-router/dist/channel-router.js",
    "bunx",
  ],
  ["/opt/cr/dist/channel-router.js", "/usr/bin/node"],
])("the entry for %s starts it with %s", (script, command) => {
  const started = {
    script,
    node: "/usr/bin/node",
    project: "/home/me/app",
    path: "/usr/bin",
    platform: "linux",
  } as const;
  expect(mcpEntry(started).command).toBe(command);
});

test.each(["a link", "a script of pnpm"])(
  "a program in PATH is named without its folder: %s",
  async (kind) => {
    const script = join(folder, "global", "5", "channel-router", "dist", "channel-router.js");
    await mkdir(dirname(script), { recursive: true });
    await mkdir(join(folder, "bin"));
    await writeFile(script, "");
    const program = join(folder, "bin", "channel-router");
    if (kind === "a link") await symlink(script, program);
    else
      await writeFile(
        program,
        '#!/bin/sh\nexec node "$basedir/../global/5/channel-router/dist/channel-router.js" "$@"\n',
      );
    const started = { script, node: "/usr/bin/node", project: folder, platform: "linux" } as const;
    expect(mcpEntry({ ...started, path: `/usr/bin:${join(folder, "bin")}` })).toEqual({
      command: "channel-router",
      args: [],
    });
    expect(mcpEntry({ ...started, path: "/usr/bin" }).args).toEqual([script]);
  },
);

test("mcp-entry prints JSON for .mcp.json", async () => {
  let printed = "";
  const print = (text: string) => {
    printed += text;
  };
  await printMcpEntry({ json: true, name: "ci" }, { env: { PATH: "" }, cwd: folder, print });
  expect(Object.keys(JSON.parse(printed).mcpServers)).toEqual(["ci"]);
});
