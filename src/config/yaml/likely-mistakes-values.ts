// Plain values that YAML reads as a number, as true or as null, where an event has another type.

import type { Scalar } from "yaml";
import type { Path, Suspicion } from "./problem.ts";

/** `007` is 7, `0o17` is 15, `0x1F` is 31. Anywhere: the value may be secret and is not quoted. */
export function mistakenNumber({ source = "", value, range }: Scalar): Suspicion | undefined {
  if (typeof value !== "number" || !/^[-+]?0[\dox]/i.test(source)) return undefined;
  const kind = /0o/i.test(source)
    ? "an octal number"
    : /0x/i.test(source)
      ? "a hexadecimal number"
      : "a number without its zeros";
  return {
    at: range?.[0] ?? 0,
    message: `YAML reads this as ${kind}`,
    hint: "quote it if it is text; else write it as a plain decimal number",
  };
}

/** Operators that compare numbers, and switches: their notation makes no difference. */
const ofNumbers = new Set(["gt", "gte", "lt", "lte", "ci", "exists"]);

/** In `match`, where a value of another type never equals the event's. */
export function mistakenMatchValue({ source = "", value, range }: Scalar, path: Path): Suspicion | undefined {
  const from = path.indexOf("match");
  if (from === -1 || !isChannelPath(path, from)) return undefined;
  const last = path.findLast((step) => typeof step === "string");
  if (last === "match" || ofNumbers.has(String(last))) return undefined;
  const at = range?.[0] ?? 0;
  if (value === null && source === "") {
    return {
      at,
      message: 'the value is missing, which YAML reads as "null"',
      hint: "write the value, or null if that is meant",
    };
  }
  if (typeof value === "number" && String(value) !== source && /^[-+.\d][\w.+-]*$/.test(source))
    return {
      at,
      message: `YAML reads this as the number ${value}`,
      hint: `quote it if the event contains text, such as a version: '${source}'; else write ${value}`,
    };
  if (typeof value === "string" && /^(yes|no|on|off)$/i.test(value)) {
    const meant = /^(yes|on)$/i.test(value);
    return {
      at,
      message: `this is the text "${value}" in YAML 1.2, and not ${meant}`,
      hint: `write ${meant}, or '${value}' in quotes if the event contains that text`,
    };
  }
  return undefined;
}

/** `channels.NAME.match`, also below `use.NAME.override`. */
function isChannelPath(path: Path, from: number): boolean {
  return path[from - 2] === "channels" && (from === 2 || (from === 5 && path[0] === "use"));
}
