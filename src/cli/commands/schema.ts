// `schema`: the JSON Schema of channels.yaml, the same text as schema/channels.schema.json.

import { join } from "node:path";
import { packageFolder } from "../../config/recipe/bundled.ts";
import type { Json } from "../../contract.ts";
import { readRegular } from "../../regular-file.ts";
import type { ExitCode } from "../exit.ts";
import { printedJson } from "../print.ts";
import { toStdout } from "../terminal.ts";

export async function schema(): Promise<ExitCode> {
  const text = await readRegular(join(packageFolder(), "schema", "channels.schema.json"));
  toStdout(printedJson(JSON.parse(text.toString("utf8")) as Json));
  return 0;
}
