// JSON from outside, with exact numbers. A double represents integers up to 2^53 exactly; JSON.parse rounds
// larger ones, so that two ids become one.

import type { Json, JsonObject } from "./contract.ts";

/** A run of digits that may be too large a number, also with a point and an exponent, or an exponent that may be. */
const suspicious = /\d{16}|[\d.]{17}[eE]|\d[eE]\+?\d{3}/;
/** A double keeps so many digits of any number. */
const exactDigits = 15;
const number = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function objectOrNone(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

/** Anything else counts as empty. */
export function asObject(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

/** Maximum number of values in a JSON text from outside: what is done with each of them adds up. */
export const maxJsonValues = 250_000;

/** Thrown before such a text is parsed. */
export class TooManyValues extends Error {
  constructor() {
    super(`the JSON has more than ${maxJsonValues.toLocaleString("en")} values`);
  }
}

/**
 * Like JSON.parse, but an integer beyond 2^53 - 1, a number as large that has more than 15 digits (`9007199254740993.0`,
 * `1.2345678901234567e19`), and a number too large for a double, becomes a text, as it was sent. Throws a SyntaxError
 * for invalid JSON, and TooManyValues.
 */
export function readJson(text: string): Json {
  if (hasTooManyValues(text)) throw new TooManyValues();
  const value = JSON.parse(text) as Json;
  return suspicious.test(text) ? (JSON.parse(quoteLargeNumbers(text)) as Json) : value;
}

/** Maximum nesting depth of values from outside. */
export const maxJsonDepth = 100;

/**
 * JSON inside a text of an event: undefined when the text is not JSON as a whole, or is nested too deeply.
 */
export function findJson(text: string): Json | undefined {
  try {
    const value = readJson(text);
    return isBounded(value) ? value : undefined;
  } catch {
    return undefined; // Most texts are not JSON.
  }
}

/** Removes `__proto__` keys on the way; false when a value is nested too deeply. */
export function isBounded(value: Json, depth = 1): boolean {
  if (!isNested(value)) return true;
  if (depth > maxJsonDepth) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (isNested(item) && !isBounded(item, depth + 1)) return false;
    return true;
  }
  for (const key in value) {
    // The parser makes it an ordinary key: the value read here is data, not the prototype.
    if (key === "__proto__") Reflect.deleteProperty(value, key);
    else if (isNested(value[key] as Json) && !isBounded(value[key] as Json, depth + 1)) return false;
  }
  return true;
}

function isNested(value: Json): value is Json[] | JsonObject {
  return typeof value === "object" && value !== null;
}

/** `text` is valid JSON. */
function quoteLargeNumbers(text: string): string {
  const pieces: string[] = [];
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    const end = quote === -1 ? text.length : quote;
    pieces.push(text.slice(at, end).replace(number, (digits) => (isExact(digits) ? digits : `"${digits}"`)));
    if (quote === -1) break;
    at = endOfString(text, quote);
    pieces.push(text.slice(quote, at));
  }
  return pieces.join("");
}

function isExact(digits: string): boolean {
  const value = Number(digits);
  if (!Number.isInteger(value)) return Number.isFinite(value);
  return Number.isSafeInteger(value) || (/[.eE]/.test(digits) && countDigits(digits) <= exactDigits);
}

/** Without zeros at either end. */
function countDigits(digits: string): number {
  const [mantissa = ""] = digits.split(/[eE]/);
  const all = mantissa.replace(/[-.]/g, "");
  let start = 0;
  while (all[start] === "0") start += 1;
  // Not a pattern: matching zeros at the end would start again at each of a million zeros in the middle.
  let end = all.length;
  while (end > start && all[end - 1] === "0") end -= 1;
  return end - start;
}

/** Counts commas and opening brackets outside strings, without parsing. `text` may be invalid JSON, or several lines of JSON. */
export function hasTooManyValues(text: string): boolean {
  if (text.length <= 2 * maxJsonValues) return false;
  let values = 1;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    at += 1;
    if (code === 0x22) at = endOfString(text, at - 1);
    else if ((code === 0x2c || isOpen(code, text, at)) && ++values > maxJsonValues) return true;
  }
  return false;
}

/** A list or an object that is not empty: it has one value more than commas. */
function isOpen(code: number, text: string, next: number): boolean {
  if (code !== 0x5b && code !== 0x7b) return false;
  // The closing bracket is two code units after its opening one, for both kinds.
  return text.charCodeAt(next) !== code + 2;
}

/** Just after the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    if (end === -1) return text.length;
    let backslashes = 0;
    while (text[end - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
}

/** Whether a text may be a number that `readJson` kept as text. */
export function isLargeNumber(text: string): boolean {
  return text.length <= 400 && wholeNumber.test(text) && !isExact(text);
}

const wholeNumber = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Compares two numbers, of which one or both may be a text as `readJson` keeps it: below 0, 0 or above 0, by all of
 * their digits.
 */
export function compareNumbers(left: number | string, right: number | string): number {
  const [a, b] = [Number(left), Number(right)];
  // Rounding keeps the order of numbers that stay different.
  if (a !== b) return a < b ? -1 : 1;
  const [one, other] = [decimalOf(left), decimalOf(right)];
  if (!isLargeNumber(one) && !isLargeNumber(other)) return 0;
  const [x, y] = [partsOf(one), partsOf(other)];
  const size = x.exponent - y.exponent || (x.digits === y.digits ? 0 : x.digits < y.digits ? -1 : 1);
  return a < 0 ? -size : size;
}

function decimalOf(value: number | string): string {
  const text = String(value).trim().replace(/^\+/, "");
  return wholeNumber.test(text) ? text : String(Number(value));
}

/** 0.`digits` times ten to the power of `exponent`, without its sign and without zeros at either end of `digits`. */
function partsOf(text: string): { readonly digits: string; readonly exponent: number } {
  const [mantissa = "", power = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.replace(/^[-+]/, "").split(".");
  const all = whole + fraction;
  const start = all.search(/[1-9]/);
  if (start === -1) return { digits: "", exponent: 0 };
  let end = all.length;
  while (all[end - 1] === "0") end -= 1;
  return { digits: all.slice(start, end), exponent: Number(power) + whole.length - start };
}
