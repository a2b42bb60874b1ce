// Health, metrics and the event stream of the built program, as a supervisor, Prometheus and another program use them.

import { afterAll, beforeAll, expect, test } from "vitest";
import { realContext } from "../../src/cli/real-context.ts";
import type { SpawnedClaude } from "../support/claude-simulator.ts";
import { runHere } from "../support/command-line.ts";
import { createProject, eventually, freePort, type Project } from "../support/router.ts";

let project: Project;
let claude: SpawnedClaude;
let base: string;

const config = (port: number, metrics: boolean) => `listen: 127.0.0.1:${port}
console:
  listen: ${base.slice("http://".length)}
  metrics: ${metrics}
sources:
  hello:
    type: http
    path: /hello
channels:
  hello:
    content: "{{data.text}}"
    receipt: ack
`;

beforeAll(async () => {
  base = `http://127.0.0.1:${await freePort()}`;
  project = await createProject((port) => config(port, true));
  claude = await project.claude();
});
afterAll(() => project.remove());

const ask = (path: string, headers: Record<string, string> = {}) => fetch(`${base}${path}`, { headers });
const metrics = async () => (await ask("/metrics")).text();

async function post(text: string): Promise<number> {
  const body = JSON.stringify({ text });
  const headers = { "content-type": "application/json" };
  return (await fetch(`${project.address}/hello`, { method: "POST", headers, body })).status;
}

test("it is healthy, and ready once its session listens", async () => {
  await eventually(async () => (await ask("/healthz").catch(() => undefined))?.status === 200);
  await eventually(async () => (await ask("/readyz")).status === 200);
  expect(await (await ask("/readyz")).json()).toEqual({ ready: true, problems: [] });
});

test("what happens to events is counted, and nothing of their text is shown", async () => {
  await eventually(async () => (await post("some words")) === 202);
  const { meta } = await claude.nextEvent();
  await claude.callTool("ack", { event_ids: [String(meta.event_id)], outcome: "handled" });
  await eventually(async () => (await metrics()).includes('state="acked"} 1'));
  const text = await metrics();
  for (const line of [
    'channel_router_events_total{source="hello",outcome="accepted"} 1',
    'channel_router_deliveries_total{channel="hello",state="sent"} 1',
    'channel_router_request_duration_seconds_count{source="hello"} 1',
    'channel_router_line_latency_seconds_count{channel="hello"} 1',
    'channel_router_ack_latency_seconds_count{channel="hello"} 1',
    'channel_router_source_up{source="hello"} 1',
    "channel_router_config_last_reload_successful 1",
  ])
    expect(text.split("\n")).toContain(line);
  expect(text).toMatch(/^channel_router_tokens_total\{channel="hello"\} [1-9]/m);
  expect(text).not.toContain("some words");
  expect(text).not.toContain(String(meta.event_id));
  const open = await ask("/metrics", { accept: "application/openmetrics-text; version=1.0.0" });
  expect(await open.text()).toMatch(/# EOF\n$/);
});

test("a page of another site reads none of it", async () => {
  for (const path of ["/healthz", "/readyz", "/metrics", "/events"]) {
    expect((await ask(path, { origin: "https://evil.example" })).status).toBe(403);
  }
  expect((await ask("/events")).status).toBe(401);
});

test("metrics are switched off and on by the config", async () => {
  await project.write("channels.yaml", config(project.port, false));
  await eventually(async () => (await ask("/metrics")).status === 404);
  await project.write("channels.yaml", config(project.port, true));
  await eventually(async () => (await ask("/metrics")).status === 200);
});

/** A command that a user types at a terminal. */
async function type(...args: readonly string[]) {
  const { stdout } = await runHere([...args, "--json"], {
    ...realContext(),
    underClaude: undefined,
    env: { ...process.env, ...project.env },
    cwd: project.folder,
    person: {} as never,
  });
  return JSON.parse(stdout) as {
    readonly token: string;
    readonly browsers: readonly { readonly id: string }[];
  };
}

/** The texts of the events that a program reads; `ended` once its stream has. */
async function read(token: string, after?: string) {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(after === undefined ? {} : { "last-event-id": after }),
  };
  const response = await ask("/events?source=hello", headers);
  let text = "";
  let ended = false;
  const reading = async () => {
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) text += chunk;
  };
  void reading()
    .catch(() => undefined)
    .then(() => {
      ended = true;
    });
  const events = () =>
    [...text.matchAll(/^data: (.*)$/gm)].map(
      ([, data = ""]) => JSON.parse(data) as { event_id: string; data: { text: string } },
    );
  return { status: response.status, events, ended: () => ended };
}

test("a program with a token reads events, gets what it missed after a kill -9, and nothing once it is revoked", async () => {
  const { token, browsers } = await type("console", "token", "test");
  const program = await read(token);
  await eventually(async () => (await post("first")) === 202);
  const [first] = await eventually(() => program.events().length === 1 && program.events());
  expect(first?.data.text).toBe("first");
  expect(await post("second")).toBe(202);
  await claude.nextEvent();
  await claude.nextEvent();
  claude.process.kill("SIGKILL");
  await eventually(() => program.ended());
  claude = await project.claude();
  await eventually(async () => (await ask("/healthz").catch(() => undefined))?.status === 200);
  const again = await eventually(async () => {
    const one = await read(token, first?.event_id).catch(() => undefined);
    return one?.status === 200 && one;
  });
  await eventually(async () => (await post("third")) === 202);
  await eventually(() => again.events().length === 2);
  expect(again.events().map(({ data }) => data.text)).toEqual(["second", "third"]);
  await type("console", "revoke", browsers[0]?.id ?? "");
  await eventually(() => again.ended());
  expect((await read(token)).status).toBe(401);
});
