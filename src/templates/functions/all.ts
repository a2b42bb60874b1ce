// Every function that a template can call, by name. Besides this table and the blocks nothing is available.

import { logicFunctions } from "./logic-functions.ts";
import { numberFunctions } from "./number-functions.ts";
import type { TemplateFunctions } from "./template-function.ts";
import { textFunctions } from "./text-functions.ts";
import { timeFunctions } from "./time-functions.ts";
import { valueFunctions } from "./value-functions.ts";

/** `now` gives milliseconds since the epoch. */
export function allFunctions(now: () => number): TemplateFunctions {
  return {
    ...valueFunctions,
    ...textFunctions,
    ...timeFunctions(now),
    ...numberFunctions,
    ...logicFunctions,
  };
}
