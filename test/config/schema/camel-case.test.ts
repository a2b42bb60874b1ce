import { describe, expect, test } from "vitest";
import { toOptions } from "../../../src/config/schema/camel-case.ts";
import { parseDuration, parseRate, parseSize } from "../../../src/config/units.ts";

describe("units", () => {
  test.each([
    ["500ms", 500],
    ["10s", 10_000],
    ["5m", 300_000],
    ["1h", 3_600_000],
    ["7d", 604_800_000],
    ["99999999999999999999d", 3_153_600_000_000],
    ["5 m", undefined],
    ["1.5h", undefined],
    ["5", undefined],
    ["-5s", undefined],
  ])("duration %s", (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });

  test.each([
    ["512B", 512],
    ["64KiB", 65_536],
    ["1MiB", 1_048_576],
    ["2GiB", 2_147_483_648],
    ["1MB", undefined],
    ["1mib", undefined],
  ])("size %s", (text, expected) => {
    expect(parseSize(text)).toBe(expected);
  });

  test.each([
    ["5/10m", { max: 5, perMs: 600_000 }],
    ["0/10m", undefined],
    ["5/0s", undefined],
    ["5", undefined],
  ])("rate %s", (text, expected) => {
    expect(parseRate(text)).toEqual(expected);
  });
});

describe("options for the code", () => {
  const schema = {
    type: "object",
    properties: {
      max_body: { type: "string", format: "size" },
      respond: {
        anyOf: [
          { const: false },
          { type: "object", properties: { wait_at_most: { type: "string", format: "duration" } } },
        ],
      },
      steps: {
        type: "array",
        items: { type: "object", properties: { retry_after: { type: "string", format: "duration" } } },
      },
      headers: { type: "object", additionalProperties: { type: "string" } },
      either: {
        anyOf: [
          { type: "string", format: "duration" },
          { type: "string", format: "size" },
        ],
      },
      rate: { type: "string", format: "rate" },
      note: { type: "string" },
    },
  };

  test("declared keys become camelCase with their unit, wherever they stand", () => {
    expect(
      toOptions(schema, {
        max_body: "1KiB",
        respond: { wait_at_most: "30s" },
        steps: [{ retry_after: "1s" }],
        rate: "5/1m",
        either: "2KiB",
        note: "5m",
      }),
    ).toEqual({
      maxBodyBytes: 1024,
      respond: { waitAtMostMs: 30_000 },
      steps: [{ retryAfterMs: 1000 }],
      rate: { max: 5, perMs: 60_000 },
      either: 2048,
      note: "5m",
    });
  });

  test("keys that users choose stay as they are", () => {
    const headers = { x_api_key: "1s", "content-type": "a", constructor: "b" };
    expect(toOptions(schema, { headers })).toEqual({ headers });
  });

  test("nothing is shared with the input", () => {
    const value = { headers: { a: "b" } };
    expect(toOptions(schema, value).headers).not.toBe(value.headers);
  });
});
