// docs/gallery.md is what the recipes do now, and they are cheap.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { galleryPage } from "../../scripts/gallery.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(`${root}docs/gallery.md`, "utf8");

test("the page has what the tests of the recipes deliver; else remove it and type  npm run generate", async () => {
  expect(await galleryPage(root)).toBe(page);
}, 120_000);

test("half of the recipes need at most 80 tokens per event, and none more than 250", () => {
  const costs = [...page.matchAll(/^\| \[.*\| ~(\d+) \|$/gm)]
    .map(([, tokens]) => Number(tokens))
    .sort((a, b) => a - b);
  expect(costs.length).toBeGreaterThan(5);
  expect(costs[Math.floor((costs.length - 1) / 2)]).toBeLessThanOrEqual(80);
  expect(costs.at(-1)).toBeLessThanOrEqual(250);
});
