// docs/configuration.md shows what this program really says, and its configs are good ones.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load, told } from "./loading.ts";

const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
const block = (mark: string) =>
  new RegExp(`<!-- ${mark} -->\n\`\`\`text\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? "";

describe("docs/configuration.md", () => {
  test.each([...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]!))(
    "has a good config: %s",
    async (text) => {
      expect(told(await load(text))).toEqual([]);
    },
  );

  test("shows what a broken config really gives", async () => {
    const loaded = await load(block("broken"));
    expect(`${loaded.issues.map((issue) => loaded.frame(issue)).join("\n\n")}\n`).toBe(block("printed"));
  });
});
