// Values that YAML reads as another type than the event has, or with other characters than were meant: quotes
// of a word processor, a comma after the value, escapes in the wrong quotes.

import type { Scalar } from "yaml";
import type { LikelyMistake, Path } from "./problem.ts";

/** `007` is 7, `0o17` is 15, `0x1F` is 31. Anywhere: the value may be secret and is not quoted. */
export function mistakenNumber({ source = "", value, range }: Scalar): LikelyMistake | undefined {
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
export function mistakenMatchValue(
  { source = "", value, range }: Scalar,
  path: Path,
): LikelyMistake | undefined {
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

const typographic = /^[\u2018-\u201f\u00ab\u2039].*[\u2018-\u201f\u00bb\u203a]$/su;
/** Not the joiners of emoji and of some languages, nor the variation selectors. */
const invisible = /[\u00a0\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/u;

/** In `match`: characters around or inside a text that the event does not have. */
export function mistakenMatchText(
  { source = "", value, range, type }: Scalar,
  path: Path,
): LikelyMistake | undefined {
  const from = path.indexOf("match");
  if (typeof value !== "string" || from === -1 || !isChannelPath(path, from)) return undefined;
  const [start, end] = [range?.[0] ?? 0, range?.[1] ?? 0];
  if (type !== "PLAIN") {
    if (!/^(['"]).+\1$/s.test(value) || !type?.startsWith("QUOTE")) return undefined;
    return {
      at: start + 1,
      message: "the value has quotes inside of its quotes, which are a part of it",
      hint: "keep one pair of quotes, if the event contains none",
    };
  }
  if (typographic.test(value))
    return {
      at: start,
      message: "these quotes are a part of the value: YAML knows only ' and \"",
      hint: "type plain quotes, or none",
    };
  const hidden = invisible.exec(source);
  if (hidden !== null) {
    const code = (hidden[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    return {
      at: start + hidden.index,
      message: `an invisible character (U+${code}) is a part of the value`,
      hint: "remove it, or quote the value if the event contains it",
    };
  }
  if (/^[^,;]+[,;]$/.test(value))
    return {
      at: end - 1,
      message: `the "${value.at(-1)}" is a part of the value`,
      hint: "remove it, or quote the value if the event contains it",
    };
  if (/^[-+]?\d{1,3}(?:_\d{3})+$/.test(value))
    return {
      at: start,
      message: "this is text in YAML 1.2, and not a number",
      hint: `write ${value.replaceAll("_", "")}, or quote the value if the event contains that text`,
    };
  return undefined;
}

/** Where control characters are removed anyway. */
const prose = new Set(["content", "description"]);

/** Escapes that are not read in this kind of quotes, or read as something that no text contains. */
export function mistakenEscape(node: Scalar, path: Path, written: string): LikelyMistake | undefined {
  const start = node.range?.[0] ?? 0;
  if (node.type === "QUOTE_DOUBLE") {
    const drive = /^"[A-Za-z]:(\\[^\\"])/.exec(written);
    const control = /^"(?:[^\\]|\\[^bfvae0])*(\\[bfvae0])/.exec(written);
    const found = drive ?? (prose.has(String(path.at(-1))) ? null : control);
    if (found === null) return undefined;
    return {
      at: start + found[0].length - 2,
      message: `in double quotes ${found[1]} is an escape, and not these two characters`,
      hint: `write \\${found[1]}, or use single quotes`,
    };
  }
  if (path.at(-1) !== "content" || node.type?.startsWith("BLOCK") === true || /[A-Za-z]:\\/.test(written))
    return undefined;
  const found = /(?<!\\)\\n/.exec(written);
  if (found === null) return undefined;
  return {
    at: start + found.index,
    message: "only in double quotes \\n is a line end; here it is these two characters",
    hint: "use double quotes, or | with the text on the next lines",
  };
}

/** `channels.NAME.match`, also below `use.NAME.override`. */
function isChannelPath(path: Path, from: number): boolean {
  return path[from - 2] === "channels" && (from === 2 || (from === 5 && path[0] === "use"));
}
