// The files that the tests of a recipe name, read from its text alone.

import type { Json } from "../../contract.ts";
import { isObject } from "../../json.ts";
import { readYamlFile } from "../read.ts";
import { sha256Of } from "../yaml/bounded-file.ts";
import { openYaml } from "../yaml/file.ts";

/** Relative to the recipe, as written. Empty for a text that is not valid YAML. */
export async function testFiles(file: string, text: string): Promise<string[]> {
  const parsed = await readYamlFile(file, "recipe", new Map([[file, { text, sha256: sha256Of(text) }]]));
  return filesOf(openYaml(file, parsed).tree.root.tests);
}

/** The same from the tests themselves. Data with other keys beside `file` is a payload that has such a key. */
export function filesOf(tests: Json | undefined): string[] {
  if (!Array.isArray(tests)) return [];
  const sends = tests.flatMap((test) => (isObject(test) ? [test.send].flat() : []));
  const names = sends.flatMap((send) => {
    const data = isObject(send) ? send.data : undefined;
    return isObject(data) && Object.keys(data).length === 1 && typeof data.file === "string"
      ? [data.file]
      : [];
  });
  return [...new Set(names.map((name) => name.replace(/^(?:\.\/)+/, "")))];
}
