// What a browser loads: how much, and that nothing in it comes from elsewhere.

import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { firstLoadBytes, readConsole } from "../../../scripts/console.mjs";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const { files } = readConsole(root);

test("the first load is at most 60 KB compressed", () => {
  expect(firstLoadBytes(root)).toBeLessThanOrEqual(60_000);
});

test("the names of all files contain a hash, and none is a source map", () => {
  for (const name of files.keys()) expect(name).toMatch(/^[\w-]+-[A-Z0-9]{8}\.(?:js|css)$/);
});

test("no script has an address of another origin, and none makes code of text", () => {
  for (const [name, bytes] of [...files].filter(([one]) => one.endsWith(".js"))) {
    const text = gunzipSync(bytes).toString();
    const addresses = text.match(/https?:\/\/[\w.-]+/g) ?? [];
    // Names of XML namespaces, which nobody fetches.
    expect(
      addresses.filter((one) => one !== "http://www.w3.org"),
      name,
    ).toEqual([]);
    expect(/\beval\(|new Function\(/.test(text), name).toBe(false);
  }
});
