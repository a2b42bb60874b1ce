// `schema`: the JSON Schema of channels.yaml, the same text as schema/channels.schema.json.

import editorSchema from "../../../schema/channels.schema.json" with { type: "json" };
import type { ExitCode } from "../exit.ts";
import { printedJson } from "../print.ts";
import { toStdout } from "../terminal.ts";

export async function schema(): Promise<ExitCode> {
  toStdout(printedJson(editorSchema));
  return 0;
}
