// Keys of several values are never taken for each other, and nothing that anybody could have sent changes what becomes of a proven event.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ChannelValues } from "../../src/config/values.ts";
import type { Arrival, Json, View } from "../../src/contract.ts";
import { keyText } from "../../src/key-parts.ts";
import { createTemplateCompiler } from "../../src/templates/compile.ts";
import { mondayMs, type Stage, stageOf } from "../shaping/rehearse.ts";
import { runs } from "../support/runs.ts";

describe("a key of several values", () => {
  const pairs = ["{{data.a}}/{{data.b}}", "{{data.a}}{{data.b}}", "{{lower data.a}} - {{data.b}}!"];
  const blocks = [
    "{{#if data.a}}{{data.a}}{{/if}}/{{data.b}}",
    "{{#if data.c}}{{data.a}}/{{data.b}}{{else}}{{data.b}}/{{data.a}}{{/if}}",
    "{{#each data.list}}{{this}},{{/each}}",
    "{{#with data}}{{this.a}}/{{this.b}}{{/with}}x",
  ];
  /** What somebody would try: separators, the marks of our own, lengths, nothing. */
  const value = fc.oneof(
    fc.constantFrom(
      "a",
      "/",
      "a/b",
      "b",
      "/b",
      "a/",
      "1:",
      "\u001e",
      "\u001e1:a",
      "2",
      "\u001e12",
      ":",
      "",
      " ",
    ),
    fc.string({ maxLength: 6, unit: fc.constantFrom("a", "/", "\u001e", ":", "1", "2", " ", "\0") }),
    fc.string({ maxLength: 300 }),
  );
  const data = fc.record({ a: value, b: value, c: fc.boolean(), list: fc.array(value, { maxLength: 4 }) });
  const viewOf = (of: Json) => ({ data: of, text: "", vars: {}, inputs: {} }) as unknown as View;

  test.each([...pairs, ...blocks])(
    "%s: is equal only for equal values, and reads like the text",
    async (template) => {
      const compiler = createTemplateCompiler();
      await compiler.prepare([template]);
      const key = compiler.compileKey(template);
      const text = compiler.compile(template);
      /** All that the template may show of an event, in its order. */
      const shown = ({ a, b, c, list }: { a: string; b: string; c: boolean; list: string[] }) => {
        if (template.includes("each")) return list;
        const first = template.startsWith("{{lower") ? a.toLowerCase() : a;
        return template.includes("else") && !c ? [b, first] : [first, b];
      };
      fc.assert(
        fc.property(data, data, (one, other) => {
          const keys = [one, other].map((of) => key(viewOf(of)));
          for (const [index, of] of [one, other].entries()) {
            const found = keys[index];
            if (found !== undefined) expect(keyText(found)).toBe(text.render(viewOf(of)));
          }
          if (keys[0] === undefined || keys[1] === undefined) return;
          expect(keys[0] === keys[1]).toBe(JSON.stringify(shown(one)) === JSON.stringify(shown(other)));
        }),
        { numRuns: runs(600) },
      );
    },
  );

  test("a/b and c is not a and b/c, in each filter that has a key", async () => {
    const by = "{{data.a}}/{{data.b}}";
    const events = [
      { a: "a/b", b: "c", n: 1 },
      { a: "a", b: "b/c", n: 2 },
    ];
    const outcomes = async (channel: Partial<ChannelValues>) => {
      const stage = await stageOf({ all: { content: "{{data.n}}", ...channel } });
      const sent = events.map((data, index) => stage.at(index, data).outcome);
      stage.until(7_200);
      return [...sent, ...stage.delivered().map(({ delivery }) => delivery.content)];
    };
    const all = ["accepted", "accepted", "1", "2"];
    expect(await outcomes({ dedupe: { key: by, forMs: 3_600_000 } })).toEqual(all);
    expect(await outcomes({ changed: { value: "1", by } })).toEqual(all);
    expect(await outcomes({ throttle: { max: 1, perMs: 60_000, overflow: "drop", by } })).toEqual(all);
    expect(await outcomes({ digest: { everyMs: 60_000, by } })).toEqual(all);
    const held = await stageOf({
      all: { content: "{{data.n}}", supersede: by, quiet: quietMorning },
    });
    for (const [index, of] of events.entries()) held.at(index, of);
    held.until(7_200);
    expect(held.ended().filter(({ state }) => state === "superseded")).toEqual([]);
    const threads = await stageOf({ all: { content: "{{data.n}}", thread: by } });
    const terms = events.map((of, index) => threads.at(index, of).admission?.deliveries[0]);
    expect(terms[0]?.terms.thread).not.toBe(terms[1]?.terms.thread);
    expect(terms.map((one) => one?.meta.thread)).toEqual(["a/b/c", "a/b/c"]);
  });

  test("of one value is that value, so that what was remembered counts on", async () => {
    const compiler = createTemplateCompiler();
    for (const template of ["{{data.a}}", "deploy-{{data.a}}", "x", "{{upper data.a}}!"])
      expect(compiler.compileKey(template)(viewOf({ a: "v/1" }))).toBe(
        compiler.compile(template).render(viewOf({ a: "v/1" })),
      );
  });
});

const quietMorning: NonNullable<ChannelValues["quiet"]> = [{ from: "09:00", to: "10:00", tz: "UTC" }];

describe("an event that anybody could have made", () => {
  const key = "{{data.k}}/{{data.l}}";
  const shapes: readonly Partial<ChannelValues>[] = [
    { dedupe: { key, forMs: 60_000 } },
    { changed: { value: "data.v", by: key } },
    { changed: { value: "data.v" } },
    { throttle: { max: 2, perMs: 60_000, overflow: "drop" } },
    { throttle: { max: 2, perMs: 60_000, overflow: "digest", by: key } },
    { digest: { everyMs: 60_000, waitMs: 10_000, by: key } },
    { digest: { everyMs: 60_000, waitMs: 10_000, max: 3 } },
    { supersede: key, quiet: quietMorning },
    { supersede: key, digest: { everyMs: 120_000 } },
    { quiet: quietMorning },
    { thread: key },
    {
      ...{
        dedupe: { key, forMs: 30_000 },
        changed: { value: "data.v", by: key },
        supersede: key,
        thread: key,
      },
      ...{ throttle: { max: 3, perMs: 60_000, overflow: "digest", by: "{{data.k}}" } },
      ...{ digest: { everyMs: 60_000, by: "{{data.k}}" } },
    },
  ];
  interface Sent {
    readonly afterS: number;
    readonly k: string;
    readonly l: string;
    readonly v: number;
    readonly unproven: boolean;
    readonly trust: Arrival["trust"];
  }
  const sent: fc.Arbitrary<Sent> = fc.record({
    afterS: fc.constantFrom(0, 1, 5, 11, 40),
    k: fc.constantFrom("a", "b", "a/b"),
    l: fc.constantFrom("x", "b/x", ""),
    v: fc.nat(2),
    unproven: fc.boolean(),
    trust: fc.constantFrom("verified" as const, "local" as const, "sender" as const),
  });

  /** What became of the proven ones: what their senders were answered, and what was delivered when. */
  function fates(stage: Stage, events: readonly (Sent & { readonly n: number })[], only: "proven" | "all") {
    const byId = new Map<string, number>();
    const answers: [number, string][] = [];
    const unprovenIds = new Set<string>();
    let atS = 0;
    for (const { afterS, n, unproven, trust, ...data } of events) {
      atS += afterS;
      if (unproven && only === "proven") continue;
      const { event, outcome } = stage.at(atS, { ...data, n }, { trust: unproven ? "unverified" : trust });
      byId.set(event.id, n);
      if (unproven) unprovenIds.add(event.id);
      else answers.push([n, outcome]);
    }
    stage.until(3 * 3_600);
    const deliveries = stage.delivered().map(({ timeMs, members, delivery }) => ({
      ms: timeMs - mondayMs,
      members: members.map((id) => byId.get(id)),
      kinds: new Set(members.map((id) => unprovenIds.has(id))),
      trust: delivery.meta.trust,
    }));
    // No digest holds both, and what holds unproven events says so.
    for (const { kinds, trust } of deliveries) {
      expect(kinds.size).toBe(1);
      expect(trust).toBe(kinds.has(true) ? "unverified" : undefined);
    }
    const ended = stage.ended().filter(({ id }) => byId.has(id) && !unprovenIds.has(id));
    return {
      answers,
      delivered: deliveries
        .filter(({ kinds }) => !kinds.has(true))
        .map(({ ms, members }) => [ms, members])
        .sort((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other))),
      ended: ended.map(({ id, state, timeMs }) => [byId.get(id), state, timeMs - mondayMs]).sort(),
    };
  }

  test.each(shapes.map((shape) => [JSON.stringify(shape), shape] as const))(
    "changes nothing for a proven one: %s",
    async (_, shape) => {
      await fc.assert(
        fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 30 }), async (list) => {
          const events = list.map((one, n) => ({ ...one, n }));
          const channels = { all: { content: "{{data.n}}", ttlMs: 86_400_000, ...shape } };
          const mixed = fates(await stageOf(channels), events, "all");
          const alone = fates(await stageOf(channels), events, "proven");
          expect(mixed).toEqual(alone);
        }),
        { numRuns: 60 },
      );
    },
  );

  test("is remembered like any other among its own", async () => {
    const stage = await stageOf({
      all: { content: "{{data.n}}", dedupe: { key: "{{data.k}}", forMs: 60_000 } },
    });
    const outcome = (trust: Arrival["trust"]) => stage.at(0, { k: "a" }, { trust }).outcome;
    expect([outcome("unverified"), outcome("verified"), outcome("unverified"), outcome("verified")]).toEqual([
      "accepted",
      "accepted",
      "duplicate",
      "duplicate",
    ]);
  });
});
