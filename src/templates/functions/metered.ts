// Functions as templates call them: what they take and give counts towards the bounds of the rendering.

import { type Meter, maxOutputLength } from "../limits.ts";
import type { TemplateFunction, Value } from "./template-function.ts";

export type MeteredCall = (values: readonly Value[], options: Readonly<Record<string, Value>>) => Value;

export function meteredCall(called: TemplateFunction, meter: Meter): MeteredCall {
  return (values, options) => {
    for (const value of values) meter.work(sizeOf(value));
    const result = called.call(values, options);
    const size = sizeOf(result);
    if (size > maxOutputLength) throw new Error("a function makes a text of more than 1 MiB");
    meter.work(size);
    return result;
  };
}

function sizeOf(value: Value): number {
  return typeof value === "string" || Array.isArray(value) ? value.length : 1;
}
