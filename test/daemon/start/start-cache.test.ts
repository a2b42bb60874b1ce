import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { missingVariables, readStartCache, writeStartCache } from "../../../src/daemon/start/start-cache.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cr-start-cache-"));
  path = join(folder, "greeting.json");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("what was kept comes back while files and environment are the same, and names what is missing now", async () => {
  const inputs = {
    files: [{ path: join(folder, "none"), sha256: "absent" }],
    environment: ["TOKEN", "OTHER"],
    consent: "chosen",
  };
  await writeStartCache(path, "1", { TOKEN: "x" }, inputs, { hello: 1 });
  expect(await readStartCache(path, "1", { TOKEN: "x" }, "chosen")).toEqual({ hello: 1 });
  expect(await readStartCache(path, "2", { TOKEN: "x" }, "chosen")).toBeUndefined();
  expect(await readStartCache(path, "1", { TOKEN: "y" }, "chosen")).toBeUndefined();
  expect(await readStartCache(path, "1", { TOKEN: "x" }, "other answers")).toBeUndefined();
  expect(missingVariables(path, {})).toEqual(["TOKEN"]);
  expect(missingVariables(path, { TOKEN: "y" })).toEqual([]);
  writeFileSync(join(folder, "none"), "now it is there");
  expect(await readStartCache(path, "1", { TOKEN: "x" }, "chosen")).toBeUndefined();
});

test("a file that holds anything else is as if there were none", async () => {
  const json = fc.jsonValue({ maxDepth: 3 });
  const shaped = fc.record(
    {
      version: fc.constant("1"),
      consent: fc.constant("chosen"),
      files: json,
      environment: json,
      value: json,
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(json, shaped), async (content) => {
      writeFileSync(path, JSON.stringify(content));
      expect(missingVariables(path, {})).toBeInstanceOf(Array);
      await readStartCache(path, "1", {}, "chosen");
    }),
    { numRuns: 200 },
  );
  for (const text of ["", "null", "[]", "{", '{"version":"1","files":[null],"environment":{}}']) {
    writeFileSync(path, text);
    expect(missingVariables(path, {})).toEqual([]);
    expect(await readStartCache(path, "1", {}, "chosen")).toBeUndefined();
  }
});
