// Traces of the built program, as a collector receives them: one for each event, over its request, sessions, restart and end.

import { afterEach, expect, test } from "vitest";
import { createProject, eventually, freePort, type Project } from "../support/router.ts";
import { type CollectedSpan, openCollector, type TraceCollector } from "../support/trace-collector.ts";

let project: Project;
let collector: TraceCollector | undefined;
afterEach(async () => {
  await project.remove();
  collector?.close();
  collector = undefined;
});

const config = (port: number) => `listen: 127.0.0.1:${port}
sources:
  hello:
    type: http
    path: /hello
  alerts:
    type: http
    path: /alerts
channels:
  hello:
    content: "{{data.text}}"
  alerts:
    content: "{{data.text}}"
    receipt: ack
`;
const settings = (endpoint: string) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_HEADERS: "api-key=of-the-collector",
  OTEL_BSP_SCHEDULE_DELAY: "50",
});
const theirs = { trace: "4bf92f3577b34da6a3ce929d0e0e4736", span: "00f067aa0ba902b7" };

function post(path: string, text: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${project.address}/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ text }),
  });
}

async function send(path: string, text: string, headers?: Record<string, string>): Promise<void> {
  await eventually(async () => (await post(path, text, headers).catch(() => undefined))?.status === 202);
}

const named = (name: string, traceId?: string): CollectedSpan | undefined =>
  collector?.spans.find((span) => span.name === name && (traceId === undefined || span.traceId === traceId));

test("an event is one trace, part of its sender's, from its request to its acknowledgement", async () => {
  project = await createProject(config);
  collector = await openCollector();
  const claude = await project.claude(
    {},
    {
      ...settings(collector.endpoint),
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=test",
    },
  );
  const secret = "the words of the payload";
  await send("alerts", secret, { traceparent: `00-${theirs.trace}-${theirs.span}-01`, tracestate: "a=1" });
  const { meta } = await claude.nextEvent();
  const id = String(meta.event_id);
  await project.clientLog(`notifications/claude/channel (${secret.length} chars)`);
  await eventually(async () => (await project.ask(["why", id])).stdout.includes("shown on alerts"));
  await claude.callTool("ack", { event_ids: [id], outcome: "handled", note: "with words of Claude" });
  const ack = await eventually(() => named("ack"));
  const root = named("receive alerts");
  expect(root).toMatchObject({ traceId: theirs.trace, parentSpanId: theirs.span, kind: 2 });
  expect(root?.attributes).toMatchObject({
    "messaging.message.id": id,
    "messaging.destination.name": "alerts",
    "http.request.method": "POST",
    "channel_router.outcome": "accepted",
  });
  for (const name of ["admit", "journal", "deliver alerts"])
    expect(named(name)).toMatchObject({ traceId: theirs.trace, parentSpanId: root?.spanId });
  const line = named("deliver alerts");
  expect(line?.attributes).toMatchObject({
    "channel_router.attempt": 1,
    "channel_router.session": expect.any(String),
  });
  for (const span of [ack, named("shown")])
    expect(span).toMatchObject({ traceId: theirs.trace, parentSpanId: line?.spanId });
  expect(ack.attributes).toMatchObject({ "channel_router.ack": "handled" });
  for (const { startTimeUnixNano, endTimeUnixNano } of collector.spans)
    expect(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano)).toBe(true);
  expect(collector.resource()).toMatchObject({
    "service.name": "channel-router",
    "deployment.environment": "test",
  });
  expect(collector.requests[0]).toMatchObject({
    path: "/v1/traces",
    headers: { "api-key": "of-the-collector" },
  });
  expect(collector.text()).not.toMatch(/words of/);
});

test.each([
  ["of zeros", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"],
  ["too long", `00-${"a".repeat(4_000)}-00f067aa0ba902b7-01`],
  ["two of them", `00-${theirs.trace}-${theirs.span}-01, 00-${theirs.trace}-${theirs.span}-01`],
  ["a version that does not exist", `ff-${theirs.trace}-${theirs.span}-01`],
])("a traceparent %s is ignored", async (_, traceparent) => {
  project = await createProject(config);
  collector = await openCollector();
  const claude = await project.claude({}, settings(collector.endpoint));
  await send("hello", "hi", { traceparent });
  await claude.nextEvent();
  const root = await eventually(() => named("receive hello"));
  expect(root.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(root.traceId).not.toBe(theirs.trace);
  expect(root.parentSpanId ?? "").toBe("");
});

test("an event that is delivered after a kill -9 continues its trace", async () => {
  project = await createProject(config);
  collector = await openCollector();
  const first = await project.claude({ listening: false }, settings(collector.endpoint));
  await send("hello", "before");
  await send("alerts", "before", { traceparent: `00-${theirs.trace}-${theirs.span}-01` });
  const root = await eventually(() => named("receive hello"));
  await eventually(() => named("receive alerts"));
  first.process.kill("SIGKILL");
  const second = await project.claude({}, settings(collector.endpoint));
  await second.nextEvent();
  await second.nextEvent();
  const line = await eventually(() => named("deliver hello"));
  expect(line).toMatchObject({ traceId: root.traceId, parentSpanId: root.spanId });
  const other = await eventually(() => named("deliver alerts"));
  expect(other).toMatchObject({ traceId: theirs.trace, parentSpanId: named("receive alerts")?.spanId });
  expect(collector.spans.filter(({ name }) => name === "receive hello")).toHaveLength(1);
});

test("what is queued at the end of the process is sent", async () => {
  project = await createProject(config);
  collector = await openCollector();
  const claude = await project.claude(
    {},
    { ...settings(collector.endpoint), OTEL_BSP_SCHEDULE_DELAY: "600000" },
  );
  await send("hello", "hi");
  await claude.nextEvent();
  expect(collector.spans).toHaveLength(0);
  await claude.process.interrupt();
  await eventually(() => named("deliver hello"));
});

test("a collector that is away loses no event, and is one warning", async () => {
  project = await createProject(config);
  const claude = await project.claude({}, settings(`http://127.0.0.1:${await freePort()}`));
  for (const text of ["one", "two", "three"]) {
    await send("hello", text);
    expect((await claude.nextEvent()).content).toBe(text);
  }
  await claude.process.interrupt();
  const warnings = claude.process.stderr().match(/traces could not be sent/g) ?? [];
  expect(warnings.length).toBeLessThanOrEqual(1);
});

test.each([
  ["OTEL_SDK_DISABLED", "true"],
  ["OTEL_TRACES_EXPORTER", "none"],
  ["OTEL_TRACES_SAMPLER", "always_off"],
])("%s=%s is respected", async (name, value) => {
  project = await createProject(config);
  collector = await openCollector();
  const claude = await project.claude({}, { ...settings(collector.endpoint), [name]: value });
  await send("hello", "hi");
  await claude.nextEvent();
  await claude.process.interrupt();
  expect(collector.requests).toEqual([]);
});
