import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "../../src/contract.ts";
import {
  decodeLine,
  encodeEvent,
  encodeEventSteps,
  encodeLine,
  isLarge,
  isWhole,
  restoreEvent,
} from "../../src/journal/line-format.ts";
import { record } from "./fixture.ts";

const json = fc.jsonValue() as fc.Arbitrary<Json>;
const withoutLineFeed = (bytes: Buffer) => bytes.subarray(0, -1);

test("any event comes back as it was accepted, on one line of JSON", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constant(undefined), fc.constant("same"));
  fc.assert(
    fc.property(json, text, (data, other) => {
      const same = typeof data === "string" ? data : JSON.stringify(data);
      const { event, ...rest } = record("0abc");
      // Lone surrogates cannot be in a text that came in as UTF-8.
      const accepted = {
        ...event,
        data: JSON.parse(JSON.stringify(data)),
        text: (other === "same" ? same : (other ?? "")).toWellFormed(),
      };
      const bytes = withoutLineFeed(encodeEvent({ ...rest, event: accepted }, 5));
      expect(bytes.includes(10)).toBe(false);
      expect(isWhole(bytes)).toBe(true);
      const line = decodeLine(bytes);
      expect(line?.type === "event" && restoreEvent(line.event)).toEqual(accepted);
    }),
  );
});

test("a large event is encoded in steps, to the same bytes", () => {
  const of = (data: Json, text: string) => {
    const { event, ...rest } = record("0abc");
    return { ...rest, event: { ...event, data, text } };
  };
  for (const piece of ["a", "\0", "é", "\u{1F600}", "a\u{1F600}", '"\\', "字\n"]) {
    const text = piece.repeat(600_000);
    for (const one of [of(text, text), of({ a: text }, text), of([1, piece], JSON.stringify([1, piece]))]) {
      let steps = 0;
      const encoding = encodeEventSteps(one, 5);
      let step = encoding.next();
      for (; step.done !== true; step = encoding.next()) steps += 1;
      expect(step.value.equals(encodeEvent(one, 5))).toBe(true);
      expect(isLarge(one)).toBe(one.event.text.length > 262_144);
      if (isLarge(one)) expect(steps).toBeGreaterThan(5);
    }
  }
});

test("a payload that is its own text is written once", () => {
  const data = { filler: "y".repeat(10_000) };
  const { event, ...rest } = record("0abc");
  const bytes = encodeEvent({ ...rest, event: { ...event, data, text: JSON.stringify(data) } }, 5);
  expect(bytes.length).toBeLessThan(11_000);
});

test("a changed byte anywhere is noticed", () => {
  const good = withoutLineFeed(
    encodeLine({ type: "cursor", timeMs: 5, source: "feed", value: { at: "2026" } }),
  );
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] as number) ^ change;
      // Upper-case hexadecimal in the checksum says the same.
      const sameChecksum =
        bad.toString("latin1").toLowerCase() === good.toString("latin1") && at > good.length - 11;
      expect(isWhole(bad)).toBe(sameChecksum);
    }),
  );
});

test("a line of another version or type is no record", () => {
  const other = withoutLineFeed(encodeLine({ type: "hologram" }));
  expect(isWhole(other)).toBe(true);
  expect(decodeLine(other)).toBeUndefined();
});
