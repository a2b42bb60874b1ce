// Whether the environment asks for traces, and what happens when they cannot be made.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { librariesFolder } from "../../../src/config/paths.ts";
import { Observers } from "../../../src/daemon/metrics/observers.ts";
import { guardEnvironment } from "../../../src/daemon/start/guard-environment.ts";
import type { DaemonState } from "../../../src/daemon/state.ts";
import { openTraces } from "../../../src/daemon/traces/open-traces.ts";
import { libraries } from "../../../src/daemon/traces/packages.ts";
import { traceSettings } from "../../../src/daemon/traces/settings.ts";
import { manualClock } from "../../support/manual-clock.ts";

const endpoint = "http://127.0.0.1:4318";
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cr-traces-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  [{}, "off"],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "" }, "off"],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, "on"],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/v1/traces` }, "on"],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: "TRUE" }, "off"],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_EXPORTER: "none" }, "off"],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_EXPORTER: "console,otlp" }, "on"],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" }, "on"],
] as const)("%j is %s", (env, state) => {
  expect(traceSettings(env)).toEqual({ state });
});

test.each([
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4317", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
    /http\/json, not by grpc/,
  ],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector.example" }, /ENDPOINT is not an http or https URL/],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "file:///etc/passwd" }, /not an http or https URL/],
])("%j is off, and says why", (env, problem) => {
  expect(traceSettings(env)).toMatchObject({ state: "off", problem: expect.stringMatching(problem) });
});

test("missing packages are one warning that says what to do, and no failure", async () => {
  const env = { CHANNEL_ROUTER_STATE_DIR: folder, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint };
  const installed = join(folder, "installed");
  await mkdir(join(librariesFolder(env), libraries.type), { recursive: true });
  await mkdir(installed);
  await writeFile(
    join(installed, "load.mjs"),
    'export const load = async (name) => { throw Object.assign(new Error(name), { code: "ERR_MODULE_NOT_FOUND" }); };',
  );
  await writeFile(
    join(librariesFolder(env), libraries.type, "current.json"),
    JSON.stringify({ folder: installed, packages: {} }),
  );
  const warnings: string[] = [];
  const log = { warn: (text: string) => void warnings.push(text) };
  const state = { options: { log, folder }, clock: manualClock(), observers: new Observers() };
  expect(await openTraces(state as unknown as DaemonState, env)).toBeUndefined();
  expect(warnings).toEqual([
    "no traces, although OTEL_EXPORTER_OTLP_ENDPOINT is set: the OpenTelemetry client is not installed: run channel-router add opentelemetry",
  ]);
});

test("a project's settings set none of the variables", async () => {
  const project = join(folder, "project");
  await mkdir(join(project, ".claude"), { recursive: true });
  const env: NodeJS.ProcessEnv = {
    HOME: folder,
    OTEL_EXPORTER_OTLP_ENDPOINT: "https://evil.example",
    OTEL_EXPORTER_OTLP_HEADERS: "of=the user",
    OTEL_SERVICE_NAME: "mine",
  };
  await writeFile(
    join(project, ".claude", "settings.json"),
    JSON.stringify({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: "https://evil.example" } }),
  );
  const notes = guardEnvironment(env, project, { folders: [project] }, folder);
  expect(notes.join("\n")).toContain("OTEL_EXPORTER_OTLP_ENDPOINT");
  expect(env.OTEL_EXPORTER_OTLP_ENDPOINT).toBeUndefined();
  expect(env.OTEL_SERVICE_NAME).toBe("mine");
});
