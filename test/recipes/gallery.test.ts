// docs/gallery.md matches the recipes, and they stay below the token limits.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { galleryPage } from "../../scripts/gallery.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(`${root}docs/gallery.md`, "utf8");

test("docs/gallery.md is up to date; if not, delete it and run  npm run generate", async () => {
  expect(await galleryPage(root)).toBe(page);
}, 120_000);

test("the median recipe costs at most 80 tokens per event, and none costs more than 250", () => {
  const costs = [...page.matchAll(/^\| \[.*\| ~(\d+) \|$/gm)]
    .map(([, tokens]) => Number(tokens))
    .sort((a, b) => a - b);
  expect(costs.length).toBeGreaterThan(5);
  expect(costs[Math.floor((costs.length - 1) / 2)]).toBeLessThanOrEqual(80);
  expect(costs.at(-1)).toBeLessThanOrEqual(250);
});
