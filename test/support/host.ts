// The world that tests lend to a source: the real pieces, over a clock that a test moves and a store in memory.

import { tmpdir } from "node:os";
import { codeOptions } from "../../src/config/schema/code-options.ts";
import type { ConfigValues } from "../../src/config/values.ts";
import type { People } from "../../src/contract/chat.ts";
import type { CompiledOptions, Host, LentHost, Listener } from "../../src/contract/host.ts";
import type { Clock, JsonObject, JsonSchema, Log, Surroundings } from "../../src/contract.ts";
import { loadEngine } from "../../src/daemon/start/load-engine.ts";
import { createHttpClient } from "../../src/host/http-client.ts";
import { loadLibraries } from "../../src/host/libraries.ts";
import { createLoop } from "../../src/host/loop.ts";
import { spawnGroup } from "../../src/host/spawn.ts";
import { type Cursors, createMemoryCursors, createStore } from "../../src/host/store.ts";
import { createBodyPool } from "../../src/http/body-pool.ts";
import { compileOptions } from "../../src/plan/compile/code-options.ts";

import { fakePeople } from "./fake-people.ts";

export const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };

/** For listeners that are made up. */
export const bodies = createBodyPool();

export const surroundings: Surroundings = {
  loopback: true,
  hosts: [],
  folder: "/project",
  home: "/home/person",
  isTainted: () => false,
};

/** What a router is lent; `folder` defaults to the system's folder for temporary files. */
export function lent(clock: Clock, folder = tmpdir()): LentHost {
  return {
    folder,
    home: folder,
    load: (libraries) => loadLibraries(libraries, folder),
    http: createHttpClient({ userAgent: "channel-router/test", clock }),
    spawn: (command) => spawnGroup(command, { folder, environment: process.env, isSecret: () => false }),
  };
}

export const noCode: CompiledOptions = {
  cel: () => undefined,
  template: () => undefined,
  value: () => undefined,
  regex: () => undefined,
  glob: () => undefined,
};

/** Compiles what the options as written have marked as code. Throws the first mistake. */
export async function codeOf(schema: JsonSchema, written: JsonObject): Promise<CompiledOptions> {
  const code = codeOptions(schema, written);
  const values = {
    sources: { tested: { type: "tested", enabled: true, options: {}, code } },
    channels: {},
    sinks: {},
  };
  const engine = await loadEngine(values as unknown as ConfigValues, new Map());
  const issues: Parameters<typeof compileOptions>[3] = [];
  const compiled = compileOptions(code, ["sources", "tested"], engine, issues);
  const [issue] = issues;
  if (issue !== undefined) throw new Error(`${issue.path.join(".")}: ${issue.message}`);
  return compiled;
}

interface HostOptions {
  readonly clock: Clock;
  readonly listener: Listener;
  readonly log?: Log;
  readonly folder?: string;
  /** Default: everybody is admitted. */
  readonly people?: People;
  readonly code?: CompiledOptions;
  /** Handed to a second host, it stands for the same journal after a restart. */
  readonly cursors?: Cursors;
  /** Takes what the source's loop has to tell the session. */
  readonly announce?: (content: string) => void;
}

export function hostOf<T extends HostOptions>(options: T): Host & { readonly clock: T["clock"] } {
  const {
    clock,
    listener,
    log = quiet,
    cursors = createMemoryCursors(),
    announce = () => {},
    people = fakePeople(),
  } = options;
  return {
    ...lent(clock, options.folder),
    log,
    clock,
    listener,
    code: options.code ?? noCode,
    store: createStore(cursors, "tested", "options"),
    loop: (rounds) => createLoop(rounds, { subject: "source tested", clock, log, announce, random: () => 0 }),
    people,
    isTainted: () => false,
    cameIn: () => [],
    refused: () => {},
  };
}
