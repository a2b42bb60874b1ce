import { describe, expect, it } from "vitest";
import type { Filter, Json, Memory, MemoryEntry, Verdict, View } from "../../src/contract.ts";
import { TemplateError } from "../../src/errors.ts";
import { memoryScope } from "../../src/filters/canonical.ts";
import { changedFilter } from "../../src/filters/changed.ts";
import { dedupeFilter } from "../../src/filters/dedupe.ts";
import { whenFilter } from "../../src/filters/when.ts";
import { createTemplateCompiler } from "../../src/templates/compile.ts";
import { cel, viewOf } from "./example.ts";

/** A memory that takes what verdicts ask for, as the runtime does at a commit. */
function createMemory() {
  const entries = new Map<string, MemoryEntry & { untilMs?: number | undefined }>();
  const clock = { nowMs: 0 };
  const memory: Memory = {
    get(scope, key) {
      const entry = entries.get(`${scope} ${key}`);
      return entry?.untilMs !== undefined && entry.untilMs <= clock.nowMs ? undefined : entry;
    },
  };
  function pass(filter: Filter, view: View, pending?: Promise<unknown>): Verdict {
    const verdict = filter.test(view, memory, clock.nowMs);
    if (verdict.pass && verdict.write !== undefined) {
      const { scope, key, value, untilMs } = verdict.write;
      entries.set(`${scope} ${key}`, { value, untilMs, ...(pending && { pending }) });
    }
    return verdict;
  }
  return { clock, memory, pass, entries };
}

const program = (text: string) => cel.compile(text, { purpose: "value" });
const keyFrom = (name: string) => (view: View) => {
  const part = (view.data as Record<string, Json>)[name];
  return part === undefined || part === "" ? undefined : String(part);
};

describe("when", () => {
  const filter = whenFilter(cel.compile("data.n > 5 &&\n  data.ok", { purpose: "condition" }));
  const { memory } = createMemory();

  it("passes what is true and names the expression that is not", () => {
    expect(filter.test(viewOf({ n: 6, ok: true }), memory, 0)).toEqual({ pass: true });
    expect(filter.test(viewOf({ n: 6, ok: false }), memory, 0)).toEqual({
      pass: false,
      reason: "not true: data.n > 5 && data.ok",
    });
  });

  it("an error on an event is a no with its reason, marked as a problem", () => {
    expect(filter.test(viewOf({ n: 6 }), memory, 0)).toEqual({
      pass: false,
      reason: "no such key: ok",
      problem: true,
    });
  });
});

describe("dedupe", () => {
  const filter = dedupeFilter({ scope: "ci/dedupe/1", key: keyFrom("run"), forMs: 3_600_000 });

  it("the same key within the period is a duplicate, which does not prolong it", () => {
    const { clock, pass } = createMemory();
    expect(pass(filter, viewOf({ run: 7 }, { id: "first" })).pass).toBe(true);
    clock.nowMs = 3_599_999;
    expect(pass(filter, viewOf({ run: 7 }))).toEqual({
      pass: false,
      reason: 'duplicate of first: the key "7" within 1h',
    });
    expect(pass(filter, viewOf({ run: 8 })).pass).toBe(true);
    clock.nowMs = 3_600_000;
    expect(pass(filter, viewOf({ run: 7 })).pass).toBe(true);
  });

  it("asks for its memory to be written and writes nothing itself", () => {
    const { memory } = createMemory();
    const verdict = filter.test(viewOf({ run: 7 }), memory, 1_000);
    expect(verdict).toEqual({
      pass: true,
      write: { scope: "ci/dedupe/1", key: "7", value: "e1", untilMs: 3_601_000, limit: 10_000 },
    });
    expect(filter.test(viewOf({ run: 7 }), memory, 1_000)).toEqual(verdict);
  });

  it("an empty part in the key means no key: the event passes, with a note", () => {
    const { pass } = createMemory();
    const expected = { pass: true, note: "a part of the key is empty" };
    expect(pass(filter, viewOf({ run: "" }))).toEqual(expected);
    expect(pass(filter, viewOf({}))).toEqual(expected);
  });

  it("a key whose template fails on the event is no key; a bug goes on", () => {
    const { memory } = createMemory();
    const failing = (error: Error) =>
      dedupeFilter({
        scope: "s",
        key: () => {
          throw error;
        },
        forMs: 1,
      });
    const misfit = failing(new TemplateError("E_TEMPLATE_RENDER", "no list"));
    expect(misfit.test(viewOf({}), memory, 0)).toEqual({ pass: true, note: "the key failed: no list" });
    expect(() => failing(new Error("bug")).test(viewOf({}), memory, 0)).toThrow("bug");
  });

  it("what was remembered under a key without parts counts until its time, and nothing more is written so", () => {
    const { clock, pass, entries } = createMemory();
    const compiled = createTemplateCompiler().compileKey("{{data.repo}}/{{data.branch}}");
    const parted = dedupeFilter({ scope: "ci/dedupe/1", key: compiled, forMs: 1_000 });
    entries.set("ci/dedupe/1 acme/app/main", { value: "before", untilMs: 500 });
    const event = viewOf({ repo: "acme/app", branch: "main" }, { id: "new" });
    expect(pass(parted, event)).toEqual({
      pass: false,
      reason: 'duplicate of before: the key "acme/app/main" within 1s',
    });
    clock.nowMs = 500;
    expect(pass(parted, event).pass).toBe(true);
    expect([...entries.keys()].at(-1)).toBe("ci/dedupe/1 \u001e8:acme/app/\u001e4:main");
    expect(pass(parted, viewOf({ repo: "acme", branch: "app/main" })).pass).toBe(true);
    expect(pass(parted, event).pass).toBe(false);
  });

  it("a short key cannot pass for the hash of a long one", () => {
    const { pass, entries } = createMemory();
    pass(filter, viewOf({ run: "x".repeat(1_000) }));
    const hash = [...entries.keys()][0]!.split(" ")[1]!;
    expect(pass(filter, viewOf({ run: hash })).pass).toBe(true);
  });

  it("a duplicate of an event whose commit is under way hands on that commit", async () => {
    const { pass } = createMemory();
    const commit = Promise.resolve("done");
    pass(filter, viewOf({ run: 7 }), commit);
    const verdict = pass(filter, viewOf({ run: 7 }));
    expect(verdict).toMatchObject({ pass: false });
    expect("pending" in verdict && (await verdict.pending)).toBe("done");
  });

  it("remembers long keys by their hash", () => {
    const { pass, entries } = createMemory();
    pass(filter, viewOf({ run: "x".repeat(100_000) }));
    expect([...entries.keys()][0]!.length).toBeLessThan(100);
    expect(pass(filter, viewOf({ run: "x".repeat(100_000) })).pass).toBe(false);
    expect(pass(filter, viewOf({ run: "x".repeat(99_999) })).pass).toBe(true);
  });
});

describe("changed", () => {
  const filter = changedFilter({ scope: "c/changed/1", value: program("data.state"), by: keyFrom("host") });

  it("lets through the first value of a key, and then what differs from the last", () => {
    const { pass } = createMemory();
    const seen = (host: string, state: Json) => pass(filter, viewOf({ host, state })).pass;
    expect([seen("a", "up"), seen("b", "up"), seen("a", "up")]).toEqual([true, true, false]);
    expect([seen("a", "down"), seen("a", "down"), seen("a", "up")]).toEqual([true, false, true]);
  });

  it("with an initial value, a first event with that value is no change", () => {
    const { pass, entries } = createMemory();
    const scope = "c/changed/3";
    const from = changedFilter({ scope, value: program("data.state"), by: keyFrom("host"), initial: "up" });
    const seen = (host: string, state: Json) => pass(from, viewOf({ host, state })).pass;
    expect([seen("a", "up"), seen("a", "up"), seen("a", "down"), seen("a", "up")]).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect([seen("b", "down"), seen("b", "down")]).toEqual([true, false]);
    expect(pass(from, viewOf({ host: "c", state: "up" }))).toEqual({
      pass: false,
      reason: 'not changed for "c": still "up"',
    });
    expect(pass(from, viewOf({ host: "c", state: "down" }))).toMatchObject({ note: 'was "up"' });
    expect(entries.size).toBe(3);
  });

  it("any value can be the initial one, null and objects included", () => {
    for (const initial of [null, false, 0, "", { x: 1, y: [2] }]) {
      const { pass } = createMemory();
      const from = changedFilter({ scope: "c/changed/4", value: program("data.state"), initial });
      expect(pass(from, viewOf({ state: initial })).pass).toBe(false);
      expect(pass(from, viewOf({ state: "other" })).pass).toBe(true);
    }
  });

  it("says what it compared", () => {
    const { pass } = createMemory();
    expect(pass(filter, viewOf({ host: "a", state: "up" }))).toMatchObject({ note: "the first value" });
    expect(pass(filter, viewOf({ host: "a", state: "up" }))).toEqual({
      pass: false,
      reason: 'not changed for "a": still "up"',
    });
    expect(pass(filter, viewOf({ host: "a", state: "down" }))).toMatchObject({ note: 'was "up"' });
  });

  it("equal values are equal in any order of their keys, and types count", () => {
    const { pass } = createMemory();
    const seen = (state: Json) => pass(filter, viewOf({ host: "a", state })).pass;
    expect([seen({ x: 1, y: [2] }), seen({ y: [2], x: 1 }), seen({ y: [3], x: 1 })]).toEqual([
      true,
      false,
      true,
    ]);
    expect([seen(1), seen("1"), seen(null), seen(null)]).toEqual([true, true, true, false]);
  });

  it("keeps a short hash of a long value", () => {
    const { pass, entries } = createMemory();
    pass(filter, viewOf({ host: "a", state: "x".repeat(100_000) }));
    expect(String([...entries.values()][0]!.value).length).toBeLessThan(100);
    expect(pass(filter, viewOf({ host: "a", state: "x".repeat(100_000) })).pass).toBe(false);
  });

  it("without by there is one last value; without a key the event passes", () => {
    const { pass } = createMemory();
    const single = changedFilter({ scope: "c/changed/2", value: program("data.state") });
    expect(pass(single, viewOf({ state: 1 })).pass).toBe(true);
    expect(pass(single, viewOf({ state: 1 }))).toEqual({ pass: false, reason: "not changed: still 1" });
    expect(pass(filter, viewOf({ state: 1 }))).toEqual({ pass: true, note: "a part of the key is empty" });
  });

  it("an expression that fails on the event is a no with its reason", () => {
    const { pass } = createMemory();
    expect(pass(filter, viewOf({ host: "a" }))).toEqual({
      pass: false,
      reason: "no such key: state",
      problem: true,
    });
  });
});

describe("the scope of a memory", () => {
  it("is the same for the same options in any order, and another for other options", () => {
    const scope = memoryScope("ci_failed", "dedupe", { key: "{{data.id}}", for: 60 });
    expect(scope).toMatch(/^ci_failed\/dedupe\/[0-9a-f]{16}$/);
    expect(memoryScope("ci_failed", "dedupe", { for: 60, key: "{{data.id}}" })).toBe(scope);
    expect(memoryScope("ci_failed", "dedupe", { for: 61, key: "{{data.id}}" })).not.toBe(scope);
    expect(memoryScope("other", "dedupe", { for: 60, key: "{{data.id}}" })).not.toBe(scope);
  });
});
