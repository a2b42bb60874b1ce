// Compiles the input schema of a tool. The only file of this room that loads Ajv; import it lazily.

import { Ajv } from "ajv";
import type { JsonSchema, OptionsValidator } from "../contract.ts";

/** `schema` is one of ours: to validate it, Ajv would first compile the schema of all schemas, which takes ten times as long. */
export function compileInput(schema: JsonSchema): OptionsValidator {
  const ajv = new Ajv({ allErrors: true, strict: false, validateSchema: false });
  return ajv.compile(schema) as OptionsValidator;
}
