// GET /healthz, /readyz and /metrics, asked over loopback as programs, web pages and machines behind a proxy ask.

import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Metrics } from "../../../src/daemon/metrics/metrics.ts";
import { Observers } from "../../../src/daemon/metrics/observers.ts";
import { answerProbe } from "../../../src/daemon/metrics/probes.ts";
import type { DaemonState } from "../../../src/daemon/state.ts";
import { manualClock } from "../../support/manual-clock.ts";

const clock = manualClock();
let sources: { name: string; state: string; detail?: string }[] = [];
let listening = "yes";
let failure: string | undefined;
let isRunning = true;
let metrics: Metrics | undefined;
const page = { channel: "ci", state: "held" };
const state = {
  clock,
  startedMs: clock.now(),
  observers: new Observers(),
  sessions: { list: () => [{ listening: () => ({ state: listening, reason: "" }) }] },
  metrics: () => metrics,
  verdict: () => ({ ok: false, timeMs: clock.now() }),
  config: () => ({ issues: [] }),
  running: () =>
    isRunning
      ? {
          config: { plan: { sources: [{ name: "github" }], channels: [{ name: "ci" }], sinks: [] } },
          router: { report: () => ({ sources }) },
          journal: {
            stats: () => ({ open: 1, counts: [{ ...page, count: 1 }], segments: 1, bytes: 4_096, failure }),
            page: () => [{ id: "0000000000000" }],
          },
        }
      : undefined,
} as unknown as DaemonState;
const server = createServer((incoming, response) => {
  if (!answerProbe(state, incoming, response)) response.writeHead(404).end("not a probe");
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => void server.close());

function ask(path: string, headers: Record<string, string> = {}, method = "GET") {
  const { port } = server.address() as AddressInfo;
  return new Promise<{ status: number; type: string; body: string }>((resolve, reject) => {
    const asking = request({ port, path, headers, method, host: "127.0.0.1", agent: false }, (answer) => {
      let body = "";
      answer.on("data", (chunk) => {
        body += chunk;
      });
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, type: answer.headers["content-type"] ?? "", body }),
      );
    });
    asking.on("error", reject);
    asking.end();
  });
}

test("/healthz answers while the process does", async () => {
  expect(await ask("/healthz")).toMatchObject({ status: 200, body: '{"status":"ok"}\n' });
  expect(await ask("/healthz", {}, "HEAD")).toMatchObject({ status: 200, body: "" });
  expect((await ask("/healthz", {}, "POST")).status).toBe(405);
  expect((await ask("/healthz?probe=1")).status).toBe(200);
  expect((await ask("/health")).body).toBe("not a probe");
});

test("/readyz says what is not ready, without any text of the config or of a failure", async () => {
  sources = [{ name: "github", state: "running" }];
  expect(await ask("/readyz")).toMatchObject({ status: 200, body: '{"ready":true,"problems":[]}\n' });
  sources = [{ name: "github", state: "waiting", detail: "secret token=hunter2 refused" }];
  listening = "no";
  failure = "no space in /home/somebody";
  const { status, body } = await ask("/readyz");
  expect(status).toBe(503);
  expect(JSON.parse(body)).toEqual({
    ready: false,
    problems: [
      { part: "source", name: "github", state: "waiting" },
      { part: "session", state: "none shows channel events" },
      { part: "journal", state: "cannot be written" },
    ],
  });
  isRunning = false;
  expect(JSON.parse((await ask("/readyz")).body).problems).toEqual([
    { part: "config", state: "waits for consent, or starts" },
  ]);
  [isRunning, listening, failure] = [true, "yes", undefined];
});

test("/metrics answers when the config asks for it, in the format that the scraper asks for", async () => {
  expect((await ask("/metrics")).status).toBe(404);
  metrics = new Metrics(state);
  state.observers.unmatched("github", 3);
  state.observers.unmatched("of an earlier config", 3);
  state.observers.refused(undefined);
  const text = await ask("/metrics");
  expect(text).toMatchObject({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8" });
  const lines = text.body.split("\n");
  expect(lines).toEqual(
    expect.arrayContaining([
      'channel_router_events_total{source="github",outcome="unmatched"} 3',
      'channel_router_events_total{outcome="refused"} 1',
      'channel_router_source_up{source="github"} 0',
      'channel_router_queue_depth{channel="ci",state="held"} 1',
      'channel_router_sessions{listening="yes"} 1',
      "channel_router_config_last_reload_successful 0",
      "channel_router_journal_bytes 4096",
      "channel_router_journal_writable 1",
    ]),
  );
  expect(text.body).not.toContain("of an earlier config");
  expect(text.body).toMatch(/^channel_router_build_info\{version="[^"]+",node="v[^"]+"\} 1$/m);
  expect(text.body).toMatch(/^process_resident_memory_bytes \d{7,}$/m);
  const open = await ask("/metrics", { accept: "application/openmetrics-text; version=1.0.0" });
  expect(open.type).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  expect(open.body).toMatch(/\n# EOF\n$/);
  metrics.close();
  metrics = undefined;
});

test.each(["/healthz", "/readyz", "/metrics"])("no web page, other name or proxy reads %s", async (path) => {
  const refused = async (headers: Record<string, string>) => (await ask(path, headers)).status;
  expect(await refused({ host: "evil.example" })).toBe(403);
  expect(await refused({ host: "127.0.0.1.evil.example" })).toBe(403);
  expect(await refused({ origin: "https://evil.example" })).toBe(403);
  expect(await refused({ origin: "null" })).toBe(403);
  expect(await refused({ "sec-fetch-site": "cross-site" })).toBe(403);
  expect(await refused({ "sec-fetch-site": "same-site" })).toBe(403);
  expect(await refused({ "x-forwarded-for": "203.0.113.9" })).toBe(403);
});
