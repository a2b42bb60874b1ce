// `./options.ts?validator` is the validator of the schema in that file; scripts/validators.mjs compiles it at build.

declare module "*?validator" {
  import type { OptionsValidator } from "./contract.ts";

  export const validate: OptionsValidator;
}
