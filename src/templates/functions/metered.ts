// Wraps functions for templates: their inputs and outputs count towards the limits of the rendering.

import { type Meter, maxOutputLength, maxWork } from "../limits.ts";
import type { TemplateFunction, Value } from "./template-function.ts";

export type MeteredCall = (values: readonly Value[], options: Readonly<Record<string, Value>>) => Value;

export function meteredCall(called: TemplateFunction, meter: Meter): MeteredCall {
  const { shallow = false, weight = 1 } = called;
  const sizeOf = shallow ? shallowSize : deepSize;
  return (values, options) => {
    meter.step();
    for (const value of values) meter.work(weight * sizeOf(value));
    const result = called.call(values, options);
    // A list or mapping that comes back is one that went in.
    const size = typeof result === "string" ? result.length : shallowSize(result);
    if (size > maxOutputLength) throw new Error("a function makes a text of more than 1 MiB");
    meter.work(weight * size);
    return result;
  };
}

/** Of each value inside another, in characters. */
const perValue = 16;
/** To list the keys of a large mapping takes longer than to copy a text as long. */
const perKey = 128;

function shallowSize(value: Value): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? perKey * Object.keys(value).length : 1;
}

/** Most calls are about the same few values. */
const deepSizes = new WeakMap<object, number>();

/** What it takes to write the value out, or more than may be handled at all. */
function deepSize(value: Value): number {
  if (typeof value !== "object" || value === null) return shallowSize(value);
  const known = deepSizes.get(value);
  if (known !== undefined) return known;
  let size = 0;
  const open: unknown[] = [value];
  while (open.length > 0 && size <= maxWork) {
    const one = open.pop();
    size += typeof one === "string" ? perValue + one.length : perValue;
    if (typeof one !== "object" || one === null) continue;
    if (Array.isArray(one)) for (const item of one) open.push(item);
    else
      for (const key of Object.keys(one)) {
        size += key.length;
        open.push((one as Record<string, unknown>)[key]);
      }
  }
  deepSizes.set(value, size);
  return size;
}
