import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { load, told } from "./loading.ts";

describe("the values of a config", () => {
  test("three lines are a working webhook, with every default filled in", async () => {
    const { values, issues, types } = await load("sources:\n  hook: { type: http, path: /hook }\n");
    expect(issues).toEqual([]);
    expect(values).toEqual({
      server: { name: "router", instructions: "" },
      hosts: [],
      budget: { event: 500, hour: 20_000 },
      delivery: { catchUp: 20, keepMs: 604_800_000, maxSizeBytes: 268_435_456 },
      defaults: { ttlMs: 86_400_000, priority: "normal" },
      sources: {
        hook: {
          type: "http",
          enabled: true,
          options: expect.objectContaining({ path: "/hook", methods: ["POST"] }),
          outward: expect.anything(),
        },
      },
      channels: {},
      sinks: {},
    });
    expect([...types.keys()]).toEqual(["http"]);
  });

  test("everything a file can say comes out in the words of the code", async () => {
    const { values, issues } = await load(`
version: 1
server: { name: my-router, instructions: Be brief. }
listen: ":0"
public_url: https://x.example/base
hosts: [my-box.local]
budget: { event: 300, hour: none }
delivery: { catch_up: 5, keep: 3d, max_size: 1GiB }
defaults: { ttl: 2h, priority: low }
sources:
  p: { type: probe, rate: 5/10m, enabled: false, every: 10s, headers: { x_key: a, Content-Type: b } }
  q: { type: probe }
channels:
  p:
  full:
    from: [p, q]
    description: All of it.
    match: { data.some_key: { in: [a_b] } }
    when: data.n > 1
    vars: { first_name: data.name }
    changed: data.state
    dedupe: { key: "{{data.id}}", for: 1h }
    content: "{{text}}"
    meta: { some_key: "{{vars.first_name}}" }
    budget: { event: 100 }
    continue: true
    reply: true
    priority: high
    ttl: 30m
    receipt: { ack_within: 5m }
    to: { label: night }
  by: { from: q, changed: { value: data.state, by: "{{data.host}}" } }
`);
    expect(issues).toEqual([]);
    expect(values).toEqual({
      server: { name: "my-router", instructions: "Be brief." },
      listen: ":0",
      listenAddress: { host: "127.0.0.1", port: 0, loopback: true },
      publicUrl: "https://x.example/base",
      hosts: ["my-box.local"],
      budget: { event: 300 },
      delivery: { catchUp: 5, keepMs: 259_200_000, maxSizeBytes: 1_073_741_824 },
      defaults: { ttlMs: 7_200_000, priority: "low" },
      sources: {
        p: {
          type: "probe",
          enabled: false,
          rate: { max: 5, perMs: 600_000 },
          options: { everyMs: 10_000, maxSizeBytes: 1_048_576, headers: { x_key: "a", "Content-Type": "b" } },
          outward: expect.anything(),
        },
        q: {
          type: "probe",
          enabled: true,
          options: { everyMs: 300_000, maxSizeBytes: 1_048_576 },
          outward: expect.anything(),
        },
      },
      channels: {
        p: { from: ["p"], vars: {}, continue: false, to: "one", wake: true },
        full: {
          from: ["p", "q"],
          description: "All of it.",
          match: { "data.some_key": { in: ["a_b"] } },
          when: "data.n > 1",
          vars: { first_name: "data.name" },
          changed: { value: "data.state" },
          dedupe: { key: "{{data.id}}", forMs: 3_600_000 },
          content: "{{text}}",
          meta: { some_key: "{{vars.first_name}}" },
          budget: { event: 100 },
          continue: true,
          wake: true,
          reply: true,
          priority: "high",
          ttlMs: 1_800_000,
          receipt: { ackWithinMs: 300_000, attempts: 3 },
          to: { label: "night" },
        },
        by: {
          from: ["q"],
          vars: {},
          changed: { value: "data.state", by: "{{data.host}}" },
          continue: false,
          wake: true,
          to: "one",
        },
      },
      sinks: {},
    });
    expect(Object.keys(values.channels)).toEqual(["p", "full", "by"]);
  });

  test("what has a mistake is left out, and the rest stays for later rooms to look at", async () => {
    const { values, issues } = await load(
      "listen: nonsense\nsources:\n  a: { type: probe, every: x }\n  b: { type: probe }\nchannels:\n  a: { when: data.x }\n  b: { wehn: data.x, content: hi, meta: { a-b: x, ok: y }, dedupe: { key: k, for: x } }\n",
    );
    expect(issues).toHaveLength(5);
    expect(Object.keys(values.sources)).toEqual(["b"]);
    expect(Object.keys(values.channels)).toEqual(["a", "b"]);
    expect(values.channels.b).toMatchObject({ content: "hi", meta: { ok: "y" } });
    expect(values.channels.b).not.toHaveProperty("dedupe");
    expect(values.listen).toBeUndefined();
  });

  test("sections with nothing under them are empty", async () => {
    const { values, issues } = await load(
      "server:\nbudget:\ndelivery:\ndefaults:\nhosts:\nsources:\nchannels:\nsinks:\n",
    );
    expect(issues).toEqual([]);
    expect(values.budget.event).toBe(500);
  });

  test("a name like that of an object's own method is a name like any other", async () => {
    const { values, issues } = await load(
      "sources:\n  constructor: { type: probe }\nchannels:\n  constructor: {}\n  other: { from: valueOf }\n",
    );
    expect(told({ issues })[0]).toMatch(
      /^5:18 channels.other.from: the|^5:18 channels.other.from: no source is called "valueOf"/,
    );
    expect(values.sources.constructor).toMatchObject({ type: "probe" });
    expect(values.sources.toString).toBeUndefined();
    expect(values.channels.valueOf).toBeUndefined();
  });

  test("a source that is switched off may be named by channels", async () => {
    expect(
      (await load("sources:\n  a: { type: probe, enabled: false }\nchannels:\n  b: { from: a }\n")).issues,
    ).toEqual([]);
  });

  test("receipt: ack means the usual receipt, and none means none", async () => {
    const receipt = async (written: string) =>
      (await load(`sources:\n  p: { type: probe }\nchannels:\n  p: { receipt: ${written} }\n`)).values
        .channels.p?.receipt;
    expect(await receipt("ack")).toEqual({ ackWithinMs: 600_000, attempts: 3 });
    expect(await receipt("{ attempts: 5 }")).toEqual({ ackWithinMs: 600_000, attempts: 5 });
    expect(await receipt("none")).toBeUndefined();
  });

  test("a project in to: is absolute, from the home or the config's folder, and a ** stays", async () => {
    const project = async (written: string) => {
      const { values, file } = await load(
        `sources:\n  p: { type: probe }\nchannels:\n  p: { to: { project: "${written}" } }\n`,
      );
      return { to: values.channels.p?.to, folder: dirname(file) };
    };
    const home = await project("~/code/*");
    expect(home.to).toEqual({ project: join(home.folder, "home", "code/*") });
    const beside = await project("./api/");
    expect(beside.to).toEqual({ project: join(beside.folder, "api") });
    expect((await project("/srv/{a,b}")).to).toEqual({ project: "/srv/{a,b}" });
    expect((await project("**/api")).to).toEqual({ project: "**/api" });
  });

  test("an option with a mistake in it falls back to its default, so that the rest can be looked at", async () => {
    const { values, issues } = await load(
      "delivery: { keep: 3d, max_size: 1KiB }\ndefaults: { priority: urgent, ttl: 5m }\n",
    );
    expect(issues).toHaveLength(2);
    expect(values.delivery).toEqual({ catchUp: 20, keepMs: 259_200_000, maxSizeBytes: 268_435_456 });
    expect(values.defaults).toEqual({ ttlMs: 300_000, priority: "normal" });
  });
});
