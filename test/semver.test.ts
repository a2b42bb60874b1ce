// Versions and ranges, by the rules of semver.org and npm's documentation.

import { describe, expect, test } from "vitest";
import { compareVersions, parseRange, parseVersion, type Version } from "../src/semver.ts";

const version = (text: string) => parseVersion(text) as Version;

test("versions are ordered as in section 11 of semver.org", () => {
  const ordered = [
    ...["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"],
    ...["1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0", "10.0.0"],
  ];
  const shuffled = ordered.toSorted();
  expect(shuffled.sort((a, b) => compareVersions(version(a), version(b)))).toEqual(ordered);
});

test.each([
  "1.0",
  "1",
  "01.0.0",
  "1.0.0-",
  "1.0.0-01",
  "1.0.0-a..b",
  "",
  "latest",
  "1.0.0 " + "x",
  `${"9".repeat(40)}.0.0`,
])("%j is not a version", (text) => {
  expect(parseVersion(text)).toBeUndefined();
});

describe("a range", () => {
  test.each<[range: string, inside: string[], outside: string[]]>([
    [">=0.1.0", ["0.1.0", "0.1.1", "1.0.0", "1.0.0-rc.1"], ["0.0.9", "0.1.0-rc.1"]],
    ["^1.2.3", ["1.2.3", "1.9.0"], ["1.2.2", "2.0.0", "2.0.0-rc.1"]],
    ["^0.2.3", ["0.2.3", "0.2.9"], ["0.3.0", "0.2.2"]],
    ["^0.0.3", ["0.0.3"], ["0.0.4"]],
    ["^0.1", ["0.1.0", "0.1.9"], ["0.2.0"]],
    ["^1", ["1.0.0", "1.9.9"], ["2.0.0"]],
    ["~1.2.3", ["1.2.3", "1.2.9"], ["1.3.0"]],
    ["~1", ["1.0.0", "1.9.0"], ["2.0.0"]],
    ["1.x", ["1.0.0", "1.99.0"], ["2.0.0", "0.9.0"]],
    ["1.2", ["1.2.0", "1.2.5"], ["1.3.0"]],
    ["*", ["0.0.1", "9.9.9"], []],
    ["", ["0.0.1"], []],
    ["1.2.3", ["1.2.3", "1.2.3+build"], ["1.2.4"]],
    [">=1.0.0 <2.0.0", ["1.5.0"], ["2.0.0", "0.9.0"]],
    [">= 1.0.0 < 2", ["1.5.0"], ["2.0.0"]],
    [">1.2", ["1.3.0"], ["1.2.9"]],
    ["<=1.2", ["1.2.9"], ["1.3.0"]],
    ["1.0.0 - 1.5.0", ["1.0.0", "1.5.0"], ["1.5.1"]],
    ["^1 || ^3", ["1.1.0", "3.0.0"], ["2.0.0"]],
  ])("%j", (range, inside, outside) => {
    const fits = parseRange(range);
    for (const text of inside) expect([text, fits?.(version(text))]).toEqual([text, true]);
    for (const text of outside) expect([text, fits?.(version(text))]).toEqual([text, false]);
  });

  test.each(["newest", ">=", "1.x.3", ">>1", "^1.2.x-rc", "1.0.0 -", ">=1 || now", "1".repeat(300)])(
    "%j is not a range",
    (text) => {
      expect(parseRange(text)).toBeUndefined();
    },
  );
});
