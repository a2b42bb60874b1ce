// How the plan checks the arguments of sinks; input-schema.ts implements it, and is loaded only for a config
// that has sinks.

import type { IssueDraft } from "../../config/values.ts";
import type { JsonSchema, OptionsValidator } from "../../contract.ts";

export interface SchemaCompiler {
  /** Mistakes in the properties of the schema go to `issues`, with paths that begin with `at`. */
  compile(schema: JsonSchema, at: readonly (string | number)[], issues: IssueDraft[]): OptionsValidator;
}

export const noSchemas: SchemaCompiler = {
  compile() {
    throw new Error("a sink is compiled but was not announced");
  },
};
