import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../src/contract.ts";
import { defaultContent } from "../../src/templates/default-content.ts";
import { processorTime } from "../support/processor-time.ts";

const contentOf = (data: Json, text = JSON.stringify(data)) => defaultContent({ data, text });

test("a structured payload is indented JSON", () => {
  expect(contentOf({ a: [1, "x"] })).toBe('{\n  "a": [\n    1,\n    "x"\n  ]\n}');
});

test("anything else is the text as it is", () => {
  expect(contentOf("say", "say\nit")).toBe("say\nit");
  expect(contentOf(5, "5.0")).toBe("5.0");
  expect(contentOf(null, "")).toBe("");
});

test("a huge payload is thinned out and says of what", () => {
  const data = {
    log: "x".repeat(50_000),
    list: Array.from({ length: 5_000 }, (_, index) => index),
    ...Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`key${index}`, index])),
  };
  const thinned = JSON.parse(contentOf(data));
  expect(thinned.log).toBe(`${"x".repeat(400)}… 49600 more characters`);
  expect(thinned.list).toEqual([...Array(20).keys(), "… 4980 more elements"]);
  expect(thinned["…"]).toBe("42 more keys");
  expect(thinned.key5).toBe(5);
});

test("a huge payload costs little, whatever its shape", () => {
  let deep: Json = "end";
  for (let level = 0; level < 90; level++) deep = { deep, wide: Array(200).fill([deep]) as Json[] };
  const shapes: Json[] = [
    Array(300_000).fill(0),
    Array(30_000).fill({ a: { b: [1, 2, 3] } }),
    deep,
    "__proto__ constructor".split(" ").map((name) => JSON.parse(`{"${name}": "${"y".repeat(20_000)}"}`)),
  ];
  for (const data of shapes) {
    const took = processorTime();
    const content = defaultContent({ data, text: "z".repeat(1_000_000) });
    expect(took()).toBeLessThan(1_000);
    expect(content.length).toBeLessThan(300_000);
    expect(() => JSON.parse(content)).not.toThrow();
  }
});

test("any payload gives text", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.boolean(), (data, huge) => {
      const content = defaultContent({ data: data as Json, text: huge ? "z".repeat(20_000) : "z" });
      expect(typeof content).toBe("string");
    }),
  );
});
