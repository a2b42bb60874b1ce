// What a browser loads: how much, and that nothing in it comes from elsewhere.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { firstLoadBytes } from "../../../scripts/console.mjs";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const folder = `${root}dist/console/`;

test("the first load is at most 60 KB compressed", () => {
  expect(firstLoadBytes(root)).toBeLessThanOrEqual(60_000);
});

test("the names of all files but the manifest contain a hash, and none is a source map", () => {
  const names = readdirSync(folder).filter((name) => name !== "manifest.json");
  for (const name of names) expect(name).toMatch(/^[\w-]+-[A-Z0-9]{8}\.(?:js|css)\.gz$/);
});

test("no script has an address of another origin, and none makes code of text", () => {
  for (const name of readdirSync(folder).filter((one) => one.endsWith(".js.gz"))) {
    const text = gunzipSync(readFileSync(folder + name)).toString();
    const addresses = text.match(/https?:\/\/[\w.-]+/g) ?? [];
    // Names of XML namespaces, which nobody fetches.
    expect(
      addresses.filter((one) => one !== "http://www.w3.org"),
      name,
    ).toEqual([]);
    expect(/\beval\(|new Function\(/.test(text), name).toBe(false);
  }
});
