// What `import` makes of the settings of another program.

import type { Json } from "../../contract.ts";

export interface ImportedConfig {
  /** The top level of a channels.yaml. */
  readonly config: { readonly [key: string]: Json };
  /** Values for the variables in it, by name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What could not be carried over, one line each. */
  readonly notes: readonly string[];
}
