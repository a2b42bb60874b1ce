// The two programs that are compared, as commands that harness/server.mjs starts: the built router on a config of its own
// in a fresh folder, and the minimal receiver. Neither inherits this process's environment, so that a compile cache or a
// config of the person who runs the bench cannot take part.

import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { routerConfig } from "./config.mjs";
import { secret } from "./payloads.mjs";

/** `BENCH_ROUTER` names the entry of another build, to compare two or to measure while dist/ is being rebuilt. */
export const routerEntry =
  process.env.BENCH_ROUTER ?? fileURLToPath(new URL("../../dist/channel-router.js", import.meta.url));
const minimalEntry = fileURLToPath(new URL("../minimal-receiver.mjs", import.meta.url));

/**
 * @param {{channels: number, label?: string, stateIn?: string, profileFolder?: string}} options `stateIn`: the folder below
 *   which the state folder is made, elsewhere than the config; `profileFolder`: where node writes a CPU profile at exit
 */
export async function router({ channels, label, stateIn, profileFolder }) {
  const folder = mkdtempSync(join(tmpdir(), "channel-router-bench-"));
  const port = await freePort();
  const state =
    stateIn === undefined ? join(folder, "state") : mkdtempSync(join(stateIn, "channel-router-bench-"));
  const config = join(folder, "channels.yaml");
  writeFileSync(config, routerConfig({ channels, port, label }));
  const profiling = profileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`];
  return {
    name: "router",
    port,
    args: [...profiling, routerEntry, "--config", config],
    folder,
    env: environment(folder, {
      CHANNEL_ROUTER_STATE_DIR: state,
      GITHUB_WEBHOOK_SECRET: secret,
    }),
    dispose() {
      for (const path of [folder, state]) rmSync(path, { recursive: true, force: true });
    },
  };
}

/** The router on another config, with empty files beside it. It listens nowhere unless the config says so. */
export function routerOf({ config, files = [], profileFolder }) {
  const folder = mkdtempSync(join(tmpdir(), "channel-router-bench-"));
  writeFileSync(join(folder, "channels.yaml"), config);
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), "");
  }
  const profiling = profileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`];
  return {
    name: "router",
    args: [...profiling, routerEntry, "--config", join(folder, "channels.yaml")],
    folder,
    env: environment(folder, { CHANNEL_ROUTER_STATE_DIR: join(folder, "state") }),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Another session of the same router. */
export function labelled(contender, label) {
  return { ...contender, env: { ...contender.env, CHANNEL_ROUTER_LABEL: label } };
}

/** The same router in a state folder that it has never seen: nothing of an earlier start is left to it. */
export function withFreshState(contender) {
  const state = mkdtempSync(join(contender.folder, "state-"));
  return { ...contender, env: { ...contender.env, CHANNEL_ROUTER_STATE_DIR: state } };
}

export async function minimal() {
  const folder = mkdtempSync(join(tmpdir(), "channel-router-bench-"));
  const port = await freePort();
  return {
    name: "minimal",
    port,
    args: [minimalEntry],
    folder,
    env: environment(folder, { PORT: String(port) }),
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export function environment(home, own) {
  return { PATH: process.env.PATH, HOME: home, ...own };
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A small config for sessions that come and go: `/one` is for one of them, `/all` for each. */
export async function sessions() {
  const folder = mkdtempSync(join(tmpdir(), "channel-router-bench-"));
  const port = await freePort();
  writeFileSync(
    join(folder, "channels.yaml"),
    `listen: 127.0.0.1:${port}
budget: { hour: none }
delivery: { catch_up: 1000 }
sources:
  one: { type: http, path: /one }
  all: { type: http, path: /all }
channels:
  one: { content: "{{data.n}}" }
  all: { content: "{{data.n}}", to: all }
`,
  );
  const state = join(folder, "state");
  return {
    name: "router",
    port,
    args: [routerEntry, "--config", join(folder, "channels.yaml")],
    folder,
    env: environment(folder, { CHANNEL_ROUTER_STATE_DIR: state, CLAUDE_CONFIG_DIR: join(folder, "claude") }),
    /** Of the newest owner, dead or alive. */
    ownerPid() {
      const entries = readdirSync(state).filter((name) => /^[0-9a-f]{16}$/.test(name));
      const own = join(state, entries[0]);
      const epochs = readdirSync(own).map((name) => Number(/^owner-(\d+)\.json$/.exec(name)?.[1] ?? 0));
      return JSON.parse(readFileSync(join(own, `owner-${Math.max(...epochs)}.json`), "utf8")).pid;
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** As if the user had agreed to whatever this config asks for, also where the bench runs below a Claude process. */
export function agreeTo(config, state) {
  const file = realpathSync(config);
  const folder = join(state, createHash("sha256").update(file).digest("hex").slice(0, 16));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const answers = { version: 2, config: file, all: true, powers: [] };
  writeFileSync(join(folder, "trust.json"), JSON.stringify(answers), { mode: 0o600 });
}

/** A config of so many polls of one far side, at an address each. */
export async function polling({ count, url }) {
  const folder = mkdtempSync(join(tmpdir(), "channel-router-bench-"));
  const sources = Array.from(
    { length: count },
    (_, index) => `  poll_${index}: { type: poll, url: "${url}/${index}" }\n`,
  );
  // Outside of the folder where the router runs: below a Claude process a root in it would be the project's.
  const state = mkdtempSync(join(tmpdir(), "channel-router-bench-state-"));
  const config = join(folder, "channels.yaml");
  writeFileSync(config, `sources:\n${sources.join("")}`);
  agreeTo(config, state);
  return {
    name: "router",
    port: 0,
    args: [routerEntry, "--config", join(folder, "channels.yaml")],
    folder,
    env: environment(folder, { CHANNEL_ROUTER_STATE_DIR: state }),
    dispose() {
      for (const path of [folder, state]) rmSync(path, { recursive: true, force: true });
    },
  };
}
