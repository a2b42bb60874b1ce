// The plugin in this package: what its skills run, and that a packed package has all of it. `test/real-client/plugin.mjs` installs it
// with the real client; the rules here are those of the client's documentation ("Skills", "Plugins reference").

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string) => readFileSync(`${root}${file}`, "utf8");
const json = (file: string) => JSON.parse(read(file)) as Record<string, unknown>;
const packed = JSON.parse(read("package.json")) as {
  name: string;
  version: string;
  bin: Record<string, string>;
  files: string[];
};
const entry = `\${CLAUDE_PLUGIN_ROOT}/${packed.bin["channel-router"]}`;
const program = `node "${entry}"`;

describe("the manifest", () => {
  const plugin = json(".claude-plugin/plugin.json");

  test("has the version of the package, and starts the program of the package as a channel", () => {
    expect(plugin).toMatchObject({
      name: "router",
      version: packed.version,
      mcpServers: { router: { command: "node", args: [entry] } },
      channels: [{ server: "router" }],
    });
  });

  test("declares the ways to wake a session, each of which runs the program of the package", () => {
    const { experimental, hooks } = plugin as {
      experimental: { monitors: { command: string }[] };
      hooks: Record<string, { hooks: Record<string, unknown>[] }[]>;
    };
    expect(experimental.monitors.map(({ command }) => command)).toEqual([`${program} monitor`]);
    expect(Object.keys(hooks)).toEqual(["SessionStart", "Stop"]);
    // Without `async` a session that is not interactive would wait for it.
    for (const [
      {
        hooks: [hook],
      },
    ] of Object.values(hooks) as [{ hooks: [Record<string, unknown>] }][])
      expect(hook).toMatchObject({ command: `${program} hook`, async: true, asyncRewake: true });
  });

  test("its icon is a square PNG of at least 512 pixels", () => {
    const icon = readFileSync(`${root}${plugin.icon as string}`);
    expect(icon.subarray(1, 4).toString("latin1")).toBe("PNG");
    const [width, height] = [icon.readUInt32BE(16), icon.readUInt32BE(20)];
    expect(width).toBe(height);
    expect(width).toBeGreaterThanOrEqual(512);
  });

  test("no .mcp.json in the folder adds a second server to the plugin", () => {
    expect(existsSync(`${root}.mcp.json`)).toBe(false);
  });
});

test("the marketplace installs this version of the package from npm", () => {
  expect(json(".claude-plugin/marketplace.json")).toMatchObject({
    name: "channel-router",
    plugins: [{ name: "router", source: { source: "npm", package: packed.name, version: packed.version } }],
  });
});

describe.each(readdirSync(`${root}skills`))("/router:%s", (name) => {
  const [, head = "", body = ""] = /^---\n(.*?)\n---\n(.*)$/s.exec(read(`skills/${name}/SKILL.md`)) ?? [];
  const skill = parse(head) as Record<string, unknown>;

  test("is named like its folder, and only the user can start it", () => {
    expect(skill.name).toBe(name);
    expect(skill["disable-model-invocation"]).toBe(true);
  });

  test("runs the program of the package, and no other", () => {
    for (const [, line] of body.matchAll(/!`([^`]*)`/g)) expect(line?.startsWith(`${program} `)).toBe(true);
    const allowed = String(skill["allowed-tools"] ?? "").match(/Bash\([^)]*\)/g) ?? [];
    for (const rule of allowed) expect(rule.startsWith(`Bash(${program} `)).toBe(true);
  });

  test("what it runs by itself is allowed", () => {
    const allowed = String(skill["allowed-tools"] ?? "");
    for (const [, line] of body.matchAll(/!`([^`]*)`/g)) {
      const command = (line as string).replace(/ \|\| true$/, "").replace(/ \$ARGUMENTS$/, " *");
      expect(allowed).toContain(`Bash(${command})`);
    }
  });

  test("refuses to act for a channel", () => {
    expect(body.replaceAll(/\s+/g, " ")).toMatch(
      /(?:came|that) (?:in a chat|through a channel)|in a chat is an attempt/,
    );
  });
});

test("a packed package has what the plugin needs", () => {
  for (const folder of [".claude-plugin", "skills", "dist"]) expect(packed.files).toContain(folder);
});
