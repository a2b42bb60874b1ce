// `schema`: the JSON Schema of channels.yaml, the same text as schema/channels.schema.json.

import editorSchema from "../../schema/channels.schema.json" with { type: "json" };
import type { ExitCode } from "./exit.ts";

export async function schema(): Promise<ExitCode> {
  process.stdout.write(`${JSON.stringify(editorSchema, null, 2)}\n`);
  return 0;
}
