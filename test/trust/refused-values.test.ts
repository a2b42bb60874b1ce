// A variable or a file in a place where its value is wrong: what is wrong is said without the value, whatever reads the
// option, because problems are shown to Claude.

import { beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract.ts";
import { framed } from "../../src/daemon/messages.ts";
import { openProject, type Project } from "../support/proven.ts";
import { allComponents, positionsOf, withValue } from "./option-positions.ts";
import { baseOf } from "./option-samples.ts";

const values = ["sekretZq9 {{=!]^^(", "[sekretZq9"];
const written = { env: "${VALUE_OF_TEST}", file: "${file:value.txt}" };

let project: Project;
beforeAll(() => {
  project = openProject();
});

describe.each(await allComponents())("$section $type", (component) => {
  const { section, type, schema } = component;
  const title = section === "sinks" ? `${type} sink` : type;

  test.each(["env", "file"] as const)("%s", async (origin) => {
    const common = section === "sinks" ? { type, description: "For a test." } : { type };
    for (const position of positionsOf(schema, title)) {
      const own = withValue(baseOf(position, title), position.path, written[origin]);
      const part = { [section]: { x: { ...common, ...(own as JsonObject) } } };
      for (const value of values) {
        await project.write({ "value.txt": value });
        const proven = await project.prove(JSON.stringify(part, null, 1), { VALUE_OF_TEST: value });
        const shown = [...framed(proven), JSON.stringify([proven.issues, proven.loaded.notes])].join("\n");
        expect(shown.includes("sekretZq9") ? `${position.name} ${value}: ${shown}` : "").toBe("");
      }
    }
  });
});
