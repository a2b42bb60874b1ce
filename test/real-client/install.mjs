// Every way of installing the packed package, in a home folder of its own: it starts, answers MCP, writes an entry that starts it again,
// and finds the library of a chat that `add` installed. `--offline` leaves out what needs a registry.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { show } from "./show.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const isOffline = process.argv.includes("--offline");
const top = mkdtempSync(join(tmpdir(), "cr-install-"));
process.on("exit", () => rmSync(top, { recursive: true, force: true }));
const tarball = packed();

/** Each installs below `top` and gives the command that starts the program. */
const ways = [
  { name: "npx", tool: "npx", start: (tool) => [tool, "--yes", "--package", tarball, "channel-router"] },
  {
    name: "npm install -g",
    tool: "npm",
    install: (tool, run) =>
      run(tool, [
        "install",
        "-g",
        "--prefix",
        join(top, "npm"),
        ...(isOffline ? ["--offline"] : []),
        tarball,
      ]),
    packages: join(top, "npm", "lib", "node_modules"),
    start: () => ["channel-router"],
    bin: join(top, "npm", "bin"),
    entry: "channel-router",
  },
  {
    name: "npm install in the project",
    tool: "npm",
    install: (tool, run) => run(tool, ["install", ...(isOffline ? ["--offline"] : []), tarball]),
    packages: join(top, "npm-install-in-the-project", "node_modules"),
    start: () => ["node", "node_modules/channel-router/dist/channel-router.js"],
    entry: "node",
  },
  {
    name: "pnpm add -g",
    tool: "pnpm",
    install: (tool, run) => run(tool, ["add", "-g", tarball]),
    start: () => ["channel-router"],
    bin: join(top, "pnpm", "bin"),
    entry: "channel-router",
  },
  {
    name: "pnpm dlx",
    tool: "pnpm",
    start: (tool) => [tool, `--package=${tarball}`, "dlx", "channel-router"],
    entry: "pnpm",
  },
  // Before the global one, which it would run.
  {
    name: "bunx",
    tool: "bun",
    start: (tool) => [tool, "x", "--package", tarball, "channel-router"],
    entry: "bunx",
  },
  {
    name: "bun add -g",
    tool: "bun",
    install: (tool, run) => run(tool, ["add", "-g", tarball]),
    start: () => ["channel-router"],
    bin: join(top, "bun", "bin"),
    entry: "channel-router",
  },
  {
    name: "bun itself",
    tool: "bun",
    start: (tool) => [tool, "--bun", join(top, "bun", "bin", "channel-router")],
    entry: "bun",
  },
];

for (const way of ways) {
  const tool = process.env[way.tool.toUpperCase()] ?? way.tool;
  const isNpm = way.tool === "npm" || way.tool === "npx";
  if ((isOffline && !isNpm) || !isThere(tool))
    process.stdout.write(
      `not run: ${way.name}: ${isNpm || !isOffline ? `no ${way.tool} here; set ${way.tool.toUpperCase()} to its path` : "offline"}\n`,
    );
  else await tryWay(way, tool);
}

async function tryWay({ name, install, start, bin, entry = "npx", packages }, tool) {
  const folder = join(top, name.replaceAll(/[^a-z]+/g, "-"));
  mkdirSync(folder, { recursive: true });
  // Without it, npm takes a folder above for the project.
  writeFileSync(join(folder, "package.json"), "{}\n");
  const env = ownEnvironment(bin);
  const run = (program, args) =>
    execFileSync(program, args, { cwd: folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  install?.(tool, run);
  const [program, ...first] = start(tool);
  const started = Date.now();
  const version = run(program, [...first, "--version"]).trim();
  show(`${name}: starts in ${Date.now() - started} ms`, /^\d+\.\d+\.\d+$/.test(version), version);
  if (packages !== undefined) {
    const found = readdirSync(packages).filter((one) => !one.startsWith("."));
    show(`${name}: installs one package`, found.join() === "channel-router", found.join());
  }
  show(
    `${name}: init writes a config`,
    run(program, [...first, "init", "--yes"]) !== "" && existsSync(join(folder, "channels.yaml")),
  );
  const { recipes } = JSON.parse(run(program, [...first, "recipes", "list", "--json"]));
  show(`${name}: has the bundled recipes`, recipes.length > 5, String(recipes.length));
  const tested = JSON.parse(run(program, [...first, "recipes", "test", recipes[0].recipe, "--json"]));
  show(`${name}: has the payloads of their tests`, tested.ok && tested.passed > 0, JSON.stringify(tested));
  const shown = JSON.parse(run(program, [...first, "recipes", "show", recipes[0].recipe, "--json"]));
  const yaml = run(program, [...first, "recipes", "show", recipes[0].recipe, "--yaml"]);
  show(`${name}: shows a recipe itself`, yaml.includes(`recipe: ${recipes[0].recipe}`), yaml.slice(0, 200));
  writeFileSync(join(folder, "used.yaml"), `${shown.use}\n    override: { sources: { nothing: null } }\n`);
  const { issues } = JSON.parse(failing(run, program, [...first, "check", "used.yaml", "--json"]));
  show(
    `${name}: check reads a bundled recipe`,
    issues.some(({ message, hint }) => `${message} ${hint}`.includes(Object.values(shown.sources)[0].name)),
    JSON.stringify(issues),
  );
  const { mcpServers } = JSON.parse(run(program, [...first, "mcp-entry", "--json"]));
  const command = mcpServers.router.command
    .split("/")
    .at(-1)
    .replace(/\.exe$/, "");
  show(`${name}: the entry is for ${entry}`, command === entry, JSON.stringify(mcpServers.router));
  const answer = await initialize([program, ...first], folder, env);
  show(
    `${name}: answers MCP in ${answer.ms} ms`,
    answer.result?.serverInfo?.version === version,
    JSON.stringify(answer),
  );
  if (isOffline) return;
  run(program, [...first, "add", "telegram", "--json"]);
  const checked = run(program, [...first, "add", "telegram", "--json"]);
  show(`${name}: has the library that add installed`, JSON.parse(checked).installed === false, checked);
}

/** What a command prints that exits with 1. */
function failing(run, program, args) {
  try {
    return run(program, args);
  } catch (error) {
    return String(error.stdout);
  }
}

/** Nothing of the user's: neither the home folder nor the settings of a package manager, nor a Claude session around. */
function ownEnvironment(bin) {
  const { PATH = "", NODE, npm_config_registry } = process.env;
  const kept = Object.entries({ NODE, npm_config_registry, npm_config_cache: process.env.npm_config_cache });
  return {
    ...Object.fromEntries(kept.filter(([, value]) => value !== undefined)),
    PATH: [bin, PATH].filter((one) => one !== undefined).join(":"),
    HOME: top,
    PNPM_HOME: join(top, "pnpm"),
    BUN_INSTALL: join(top, "bun"),
    npm_config_update_notifier: "false",
  };
}

/** Settles with the answer to the first message of a client. */
function initialize([program, ...args], cwd, env) {
  const started = Date.now();
  return new Promise((resolve) => {
    const server = spawn(program, args, { cwd, env, stdio: ["pipe", "pipe", "ignore"] });
    const end = (answer) => {
      clearTimeout(timer);
      server.stdin.end();
      resolve({ ...answer, ms: Date.now() - started });
    };
    const timer = setTimeout(() => end({ error: "no answer within 30 s" }), 30_000);
    let text = "";
    server.stdout.setEncoding("utf8").on("data", (part) => {
      text += part;
      if (text.includes("\n")) end(JSON.parse(text.slice(0, text.indexOf("\n"))));
    });
    server.stdin.write(
      `${JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "initialize",
        params: {
          protocolVersion: "2025-06-18",
          capabilities: {},
          clientInfo: { name: "install", version: "1" },
        },
      })}\n`,
    );
  });
}

function isThere(tool) {
  try {
    execFileSync(tool, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function packed() {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", top];
  const output = execFileSync("npm", args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return join(top, Object.values(JSON.parse(output))[0].filename);
}
