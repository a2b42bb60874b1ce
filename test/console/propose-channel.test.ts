// A channel from an event: on the recorded payloads of every bundled recipe, beside the others of the same sender.

import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { openFixtures } from "../../src/config/fixtures.ts";
import { proposeChannel } from "../../src/console/try/propose-channel.ts";
import type { JsonObject, RouterEvent } from "../../src/contract.ts";
import { loadPlan } from "../../src/daemon/start/load-plan.ts";
import { asObject } from "../../src/json.ts";
import { createMemory } from "../../src/router/memory.ts";
import { arrivalOf } from "../../src/testing/arrivals.ts";
import type { Expectation, Send, TestCase } from "../../src/testing/test-case.ts";
import { openProject } from "../support/proven.ts";

const recipes = fileURLToPath(new URL("../../recipes", import.meta.url));
const project = openProject();
const base = `sources:
  s:
    type: http
    path: /s
channels:
  # the user's own
  last:
    from: s
    match: { data.never: true }
`;

interface Recorded {
  readonly recipe: string;
  readonly event: RouterEvent;
  readonly isTaken: boolean;
  /** The path of the match that is why it is not. */
  readonly skippedBy: string | undefined;
}

const recorded = new Map<string, Recorded[]>();

beforeAll(async () => {
  let count = 0;
  for (const name of readdirSync(recipes).filter((one) => one.endsWith(".yaml"))) {
    const file = join(recipes, name);
    const { loaded, plan } = await loadPlan(
      file,
      {},
      { recipe: { given: {}, at: ["inputs"] }, placeholders: true },
    );
    const fixtures = openFixtures(dirname(file));
    for (const { send, expect: expected } of loaded.tests as unknown as TestCase[]) {
      if (send === undefined || Array.isArray(send) || Array.isArray(expected)) continue;
      const source = plan.sources.find((one) => one.name === (send as Send).source);
      if (source === undefined) continue;
      const arrival = arrivalOf(send as Send, source, fixtures, undefined);
      const id = `0e${String(count++).padStart(5, "0")}`;
      const event = { ...arrival, id, source: "s", connector: "http", timeMs: 1_767_600_000_000 + count };
      const { channel, none } = expected as Expectation;
      const sender = String(asObject(source.options.verify as JsonObject).scheme ?? source.type.type);
      const skippedBy = typeof none === "string" ? none : undefined;
      const list = recorded.get(sender) ?? [];
      recorded.set(sender, list);
      list.push({ recipe: name, event, isTaken: channel !== undefined, skippedBy });
    }
  }
});

/** Where senders write the kind of an event: an event that a recipe skips because of such a path is of another kind. */
const kindPath =
  /(?:^headers\.x-[a-z-]*(?:event|topic|resource)|[.](?:type|kind|object_kind|event|event_type|action|conclusion|status|state))$/;

async function planOf(text: string) {
  await project.write({ "channels.yaml": text });
  return loadPlan(join(project.folder, "channels.yaml"), { HOME: project.home });
}

test("there are enough payloads of enough senders", () => {
  const all = [...recorded.values()].flat();
  expect(all.length).toBeGreaterThan(150);
  expect(recorded.size).toBeGreaterThan(12);
});

test("every proposal passes check, takes its event and leaves out other kinds", {
  timeout: 120_000,
}, async () => {
  const wrong: string[] = [];
  let proposals = 0;
  let others = 0;
  /** Where the payload has nothing that says so, the proposal does. */
  const undecided = new Set<string>();
  for (const [sender, all] of recorded) {
    const stored = all.map(({ event }) => event);
    for (const { recipe, event, isTaken } of all) {
      if (!isTaken) continue;
      proposals += 1;
      const proposal = proposeChannel(event, { stored, text: base, channels: ["last"], takenBy: undefined });
      const about = `${sender} ${recipe} ${event.id} ${proposal.yaml}`;
      if (proposal.text === undefined) {
        wrong.push(`not added: ${about}`);
        continue;
      }
      const { issues, plan } = await planOf(proposal.text);
      if (issues.length > 0) wrong.push(`${issues.map(({ message }) => message)}: ${about}`);
      const taken = (one: RouterEvent) =>
        plan.sources[0]
          ?.admit(one, createMemory({ now: () => one.timeMs, after: () => () => {} }), one.timeMs, {
            detail: "decision",
          })
          .deliveries.find(({ channel }) => channel === proposal.name);
      const delivery = taken(event);
      if (delivery === undefined) wrong.push(`not taken: ${about}`);
      else if (delivery.tokens > 140) wrong.push(`${delivery.tokens} tokens: ${about}`);
      else if (delivery.content.trim() === "") wrong.push(`empty: ${about}`);
      for (const other of all) {
        const isOfSender = /[.]sender[.]/.test(other.skippedBy ?? "");
        if (isOfSender || other.recipe !== recipe || !kindPath.test(other.skippedBy ?? "")) continue;
        others += 1;
        const isSaid = proposal.reasons.some((reason) => reason.startsWith("Nothing "));
        if (isSaid) undecided.add(recipe);
        else if (taken(other.event) !== undefined)
          wrong.push(`takes ${other.event.id} too (${other.skippedBy}): ${about}`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(proposals).toBeGreaterThan(80);
  expect(others).toBeGreaterThan(50);
  expect([...undecided]).toEqual(["uptime-kuma.yaml"]);
});

describe("one proposal", () => {
  const eventOf = (id: string, data: JsonObject, headers = {}): RouterEvent => ({
    ...{
      id,
      source: "s",
      connector: "http",
      timeMs: 0,
      trust: "verified",
      data,
      text: JSON.stringify(data),
      headers,
    },
  });
  const run = (id: number, conclusion: string) =>
    eventOf(
      `e${id}`,
      {
        action: "completed",
        workflow_run: {
          id,
          name: "CI",
          conclusion,
          head_sha: "0a1b2c3d4e5f",
          html_url: `https://github.com/a/b/runs/${id}`,
          display_title: "Fix it",
        },
        repository: { full_name: "a/b" },
      },
      { "x-github-event": "workflow_run" },
    );
  const all = [
    run(1, "failure"),
    run(2, "failure"),
    run(3, "success"),
    eventOf("e9", { action: "opened" }, { "x-github-event": "issues" }),
  ];
  const propose = (more = {}) =>
    proposeChannel(all[0] as RouterEvent, {
      stored: all,
      text: base,
      channels: ["last"],
      takenBy: undefined,
      ...more,
    });

  test("says why each part is as it is", () => {
    const { reasons, yaml } = propose();
    expect(yaml).toContain("  match:\n    headers.x-github-event: workflow_run\n");
    expect(yaml).toContain("data.workflow_run.conclusion: failure");
    expect(yaml).not.toMatch(/0a1b2c|e1\b|runs\/1/);
    expect(yaml).toContain('dedupe:\n    key: "{{data.workflow_run.id}}');
    expect(reasons.join("\n")).toContain(
      'data.workflow_run.conclusion is "failure" in all 2 stored events of its kind.',
    );
    expect(reasons.join("\n")).toContain("leaves out 2 of 2 stored events of other kinds");
    expect(reasons.join("\n")).toContain('data.repository.full_name is always "a/b" so far');
  });

  test("comes before the channel that takes the event now, and changes no other character", async () => {
    const text = base.replace("{ data.never: true }", "{ data.action: completed }");
    const proposal = propose({ text, takenBy: "last" });
    const lines = (proposal.text ?? "").split("\n");
    expect(lines.indexOf(`  ${proposal.name}:`)).toBeLessThan(lines.indexOf("  last:"));
    expect(text.split("\n").every((line) => lines.includes(line))).toBe(true);
    const { plan, issues } = await planOf(proposal.text ?? "");
    expect(issues).toEqual([]);
    expect(plan.channels.map(({ name }) => name)).toEqual([proposal.name, "last"]);
  });

  test("takes a free name", () => {
    const { name } = propose();
    expect(propose({ channels: ["last", name] }).name).toBe(`${name}_2`);
  });

  test("has no dedupe when its key would be the same in different events", () => {
    const [one, two] = [1, 2].map((n) =>
      eventOf(`x${n}`, { type: "job.failed", id: 7, message: `part ${n}` }),
    );
    const { yaml, reasons } = proposeChannel(one as RouterEvent, {
      stored: [one, two] as RouterEvent[],
      text: base,
      channels: [],
      takenBy: undefined,
    });
    expect(yaml).not.toContain("dedupe");
    expect(reasons.join("\n")).toContain("No dedupe");
  });

  test.each([
    ["a text", { ...eventOf("t1", {}), data: "ERROR the disk is full", text: "ERROR the disk is full" }],
    ["an empty object", eventOf("t2", {})],
    ["a list", { ...eventOf("t3", {}), data: [1, 2], text: "[1,2]" }],
    ["strange keys", eventOf("t4", { "a b": { "}}": "{{x}}" }, "": 1, type: "{{evil}}", on: "yes" })],
  ])("of %s is valid, too", async (_, event) => {
    const proposal = proposeChannel(event as RouterEvent, {
      stored: [],
      text: base,
      channels: [],
      takenBy: undefined,
    });
    const { issues, plan } = await planOf(proposal.text ?? "");
    expect(issues).toEqual([]);
    const memory = createMemory({ now: () => 0, after: () => () => {} });
    const { deliveries } = plan.sources[0]?.admit(event as RouterEvent, memory, 0, {
      detail: "decision",
    }) ?? { deliveries: [] };
    expect(deliveries.map(({ channel }) => channel)).toEqual([proposal.name]);
  });
});
