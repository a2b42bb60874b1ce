// `schema`: the JSON Schema of channels.yaml, or of a recipe: the same text as in the folder schema/.

import { join } from "node:path";
import { packageFolder } from "../../config/recipe/bundled.ts";
import type { Json } from "../../contract.ts";
import { readRegular } from "../../regular-file.ts";
import type { ExitCode } from "../exit.ts";
import { printedJson } from "../print.ts";
import { toStdout } from "../terminal.ts";

export async function schema(options: { readonly recipe?: boolean } = {}): Promise<ExitCode> {
  const name = options.recipe === true ? "recipe.schema.json" : "channels.schema.json";
  const text = await readRegular(join(packageFolder(), "schema", name));
  toStdout(printedJson(JSON.parse(text.toString("utf8")) as Json));
  return 0;
}
