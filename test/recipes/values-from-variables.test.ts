// A user may keep any input of a bundled recipe in a variable: each recipe says where its inputs go.

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { openProject } from "../support/proven.ts";

interface Declared {
  readonly type: string;
  readonly default?: unknown;
  readonly example?: unknown;
}

const files = readdirSync("recipes").filter((file) => file.endsWith(".yaml"));
const texts = new Set(["string", "choice", "glob", "list"]);

test.each(files)("%s takes its inputs from variables", async (file) => {
  const project = openProject();
  const { recipe, inputs = {} } = parse(readFileSync(`recipes/${file}`, "utf8"));
  for (const [name, input] of Object.entries<Declared>(inputs)) {
    if (!texts.has(input.type)) continue;
    const value =
      [input.default, input.example].flat().find((one) => one !== undefined && one !== "") ?? "abc";
    const given = input.type === "list" ? ["${INPUT}"] : "${INPUT}";
    const config = JSON.stringify({ use: { u: { recipe, with: { [name]: given } } } });
    const { issues } = await project.prove(config, { INPUT: String(value) });
    expect(issues.filter(({ code }) => code === "E_CONFIG_CAPABILITY")).toEqual([]);
  }
});
