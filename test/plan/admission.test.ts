import { expect, test } from "vitest";
import { compileOf, mailbox } from "./plan-of.ts";

const channelsOf = (admission: { deliveries: readonly { channel: string }[] }) =>
  admission.deliveries.map(({ channel }) => channel);

test("the first channel that admits an event takes it", async () => {
  const box = await mailbox({ bugs: { match: { "data.kind": "bug" } }, rest: {} });
  expect(channelsOf(box.send({ data: { kind: "bug" } }))).toEqual(["bugs"]);
  expect(channelsOf(box.send({ data: { kind: "idea" } }))).toEqual(["rest"]);
});

test("continue lets later channels have the event too", async () => {
  const box = await mailbox({ log: { continue: true }, bugs: { match: { "data.kind": "bug" } }, rest: {} });
  expect(channelsOf(box.send({ data: { kind: "bug" } }))).toEqual(["log", "bugs"]);
});

test("a channel that takes an event ends its steps in the trace with that, also without filters", async () => {
  const filtered = { match: { "data.kind": "bug" }, continue: true };
  const box = await mailbox({ bugs: filtered, rest: {} });
  expect(box.send({ data: { kind: "bug" } }).trace).toEqual([
    { channel: "bugs", filter: "match", pass: true },
    { channel: "bugs", filter: "taken", pass: true },
    { channel: "rest", filter: "taken", pass: true },
  ]);
});

test("what nobody wants is unmatched, with the reason in the trace", async () => {
  const box = await mailbox({ bugs: { match: { "data.kind": "bug", "data.open": true } } });
  const admission = box.send({ data: { kind: "bug", open: false } });
  expect(admission).toMatchObject({ outcome: "unmatched", deliveries: [] });
  expect(admission.trace).toEqual([
    {
      channel: "bugs",
      filter: "match",
      pass: false,
      path: "data.open",
      detail: "data.open: was false, wanted true",
    },
  ]);
});

test("a duplicate is dropped for its time and does not fall through to the catch-all", async () => {
  const box = await mailbox({
    bugs: { match: { "data.kind": "bug" }, dedupe: { key: "{{data.id}}", forMs: 60_000 } },
    rest: {},
  });
  const bug = { data: { kind: "bug", id: 7 } };
  expect(box.send(bug).outcome).toBe("accepted");
  box.advance(59_999);
  expect(box.send(bug)).toMatchObject({ outcome: "duplicate", deliveries: [] });
  box.advance(1);
  expect(box.send(bug).outcome).toBe("accepted");
});

test("an empty part in a dedupe key means no key: every event passes", async () => {
  const box = await mailbox({ bugs: { dedupe: { key: "{{data.id}}-{{data.attempt}}", forMs: 60_000 } } });
  expect(box.send({ data: { id: 7 } }).outcome).toBe("accepted");
  expect(box.send({ data: { id: 7 } }).outcome).toBe("accepted");
});

test("changed takes the first value of each key and every change", async () => {
  const box = await mailbox({ state: { changed: { value: "data.state", by: "{{data.host}}" } } });
  const outcome = (host: string, state: string) => box.send({ data: { host, state } }).outcome;
  expect(outcome("a", "up")).toBe("accepted");
  expect(outcome("b", "up")).toBe("accepted");
  expect(outcome("a", "up")).toBe("dropped");
  expect(outcome("a", "down")).toBe("accepted");
  expect(outcome("a", "up")).toBe("accepted");
});

test("vars are computed in order, for templates, and for a when that asks for them", async () => {
  const box = await mailbox({
    sum: {
      vars: { both: "data.a + data.b", twice: "vars.both * 2" },
      when: "vars.twice > 5",
      content: "{{vars.both}} {{vars.twice}}",
    },
  });
  expect(box.send({ data: { a: 1, b: 2 } }).deliveries[0]?.content).toBe("3 6");
  expect(box.send({ data: { a: 1, b: 1 } }).outcome).toBe("unmatched");
});

test("a when that guards against missing data is asked before the vars that need it", async () => {
  const box = await mailbox({
    pr: { when: "has(data.pr)", vars: { number: "data.pr.number" }, content: "{{vars.number}}" },
  });
  const admission = box.send({ data: {} });
  expect(admission).toMatchObject({ outcome: "unmatched", problems: [] });
  expect(box.send({ data: { pr: { number: 3 } } }).deliveries[0]?.content).toBe("3");
});

test("a when that fails on an event is a no with its reason, and is reported", async () => {
  const box = await mailbox({ pr: { when: "data.pr.number > 3" } });
  const admission = box.send({ data: {} });
  expect(admission.outcome).toBe("unmatched");
  expect(admission.problems.map(({ channel, key }) => `${channel}.${key}`)).toEqual(["pr.when"]);
});

test("a variable that cannot be computed is missing, is reported, and loses no event", async () => {
  const box = await mailbox({
    run: {
      vars: { pr: "data.pulls[0].number", twice: "vars.pr * 2" },
      content: "failed{{#if vars.pr}} (#{{vars.pr}}){{/if}}",
    },
  });
  const without = box.send({ data: { pulls: [] } });
  expect(without.deliveries[0]?.content).toBe("failed");
  expect(without.problems.map(({ key }) => key)).toEqual(["vars.pr", "vars.twice"]);
  expect(without.trace).toContainEqual(expect.objectContaining({ filter: "vars.pr", pass: true }));
  expect(box.send({ data: { pulls: [{ number: 7 }] } }).deliveries[0]?.content).toBe("failed (#7)");
});

test("a when that asks for a variable that is missing is a no", async () => {
  const box = await mailbox({ run: { vars: { pr: "data.pulls[0].number" }, when: "vars.pr > 3" } });
  expect(box.send({ data: { pulls: [] } }).outcome).toBe("unmatched");
});

test("a source that no channel names delivers its payload with what the connector offers as meta", async () => {
  const box = await mailbox({});
  const [delivery] = box.send({ data: { box: "blue", n: 1 } }).deliveries;
  expect(delivery).toMatchObject({
    channel: "post",
    content: '{\n  "box": "blue",\n  "n": 1\n}',
    meta: { channel: "post", event_id: "e1", box: "blue" },
  });
});

test("unverified events say so, and nothing else does", async () => {
  const box = await mailbox({ all: {} });
  expect(box.send({ trust: "unverified" }).deliveries[0]?.meta).toEqual({
    channel: "all",
    event_id: "e1",
    trust: "unverified",
  });
  for (const trust of ["verified", "local", "sender"] as const) {
    expect(box.send({ trust }).deliveries[0]?.meta).not.toHaveProperty("trust");
  }
});

test("a template that fails on an event delivers the payload and says error", async () => {
  const box = await mailbox({
    all: { content: "{{repeat}}{{truncate data.text data.n}}", meta: { n: "{{data.n}}" } },
  }).catch(() => undefined);
  expect(box).toBeUndefined();
  const failing = await mailbox({
    all: {
      content:
        "{{#each data.list}}{{#each ../data.list}}{{#each ../../data.list}}{{../../../data.big}}{{/each}}{{/each}}{{/each}}",
      meta: { n: "{{data.n}}" },
    },
  });
  const data = { n: 5, big: "x".repeat(50_000), list: Array.from({ length: 100 }, (_, index) => index) };
  const admission = failing.send({ data });
  expect(admission.deliveries[0]?.meta).toMatchObject({ error: "template", n: "5" });
  expect(admission.deliveries[0]?.content).toContain('"n": 5');
  expect(admission.problems).toMatchObject([{ channel: "all", key: "content" }]);
});

test("two sources that claim the same are told at the second", async () => {
  const { issues } = await compileOf(
    {},
    {
      sources: {
        one: { type: "letter", enabled: true, options: { box: "blue" } },
        off: { type: "letter", enabled: false, options: { box: "blue" } },
        two: { type: "letter", enabled: true, options: { box: "blue" } },
      },
    },
  );
  expect(issues).toMatchObject([
    {
      path: ["sources", "two"],
      on: "key",
      code: "E_CONFIG_CLAIM",
      message: "two and one both want the box blue",
    },
  ]);
});

test("every mistake of a channel is found at once, each at its own place", async () => {
  const { issues } = await compileOf({
    all: {
      match: { "data.a": { gtt: 1 }, "dta.b": 1 },
      when: "data.a +",
      vars: { x: "nope.y" },
      changed: { value: "1 +", by: "{{data.a" },
      dedupe: { key: "{{#if}}", forMs: 1 },
      content: "{{shout data.a}}",
      meta: { a: "{{bad.root}}" },
    },
  });
  expect(issues.map(({ path }) => path.join("."))).toEqual([
    "channels.all.match.data.a.gtt",
    "channels.all.match.dta.b",
    "channels.all.when",
    "channels.all.vars.x",
    "channels.all.changed.value",
    "channels.all.changed.by",
    "channels.all.dedupe.key",
    "channels.all.content",
    "channels.all.meta.a",
  ]);
});

test("an event of its own making is an example only where any event will do; else none is invented", async () => {
  const sampleOf = async (channel: object) => (await compileOf({ ci: channel })).plan.sources[0]?.sample;
  expect(await sampleOf({})).toBeUndefined();
  expect(await sampleOf({ content: "{{data.text}} {{truncate data.note 5}}" })).toEqual({
    headers: {},
    data: { text: "hello", note: "hello" },
  });
  expect(await sampleOf({ content: "{{data.run.name}}" })).toBe("needed");
  expect(await sampleOf({ content: "{{headers.x-event}}" })).toBe("needed");
  expect(await sampleOf({ match: [{ "data.state": ["failed"] }], content: "{{data.state}}" })).toBe("needed");
  expect(await sampleOf({ when: "data.state == 'failed'" })).toBe("needed");
});
