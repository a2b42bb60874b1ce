// Bytes to the event's `data` and `text`, by content-type. One request is one event: newline-delimited JSON becomes a list.
// A key `__proto__` is left out of `data` (it stays in `text`), so that no later copy of it can set a prototype.

import { isUtf8 } from "node:buffer";
import type { Json, JsonObject } from "../../contract.ts";
import { Refusal } from "./answer.ts";
import { findJsonFault } from "./json-fault.ts";

export interface Payload {
  readonly data: Json;
  /** The body as it was sent, a byte order mark left out. */
  readonly text: string;
}

const maxDepth = 100;
const accepted = "JSON, forms, newline-delimited JSON and text in UTF-8 are";

/** `formField` names the one field of a form that holds the payload as JSON, as GitHub and Slack have it. */
export function parseBody(
  body: Buffer,
  contentType: string | undefined,
  formField?: string,
): Payload | Refusal {
  if (body.length === 0) return { data: {}, text: "" };
  const [type = "", ...parameters] = (contentType ?? "").split(";").map((part) => part.trim().toLowerCase());
  const charset =
    parameters
      .find((part) => part.startsWith("charset="))
      ?.slice(8)
      .replaceAll('"', "") ?? "utf-8";
  if (!["utf-8", "utf8", "us-ascii"].includes(charset)) {
    return new Refusal(415, `charset ${JSON.stringify(charset.slice(0, 40))} is not taken here: send UTF-8`);
  }
  const kind = kindOf(type);
  if (kind === "binary")
    return new Refusal(
      415,
      `content-type ${JSON.stringify(type.slice(0, 80))} is not taken here: ${accepted}`,
    );
  if (!isUtf8(body)) return new Refusal(400, "the body is not valid UTF-8");
  const text = body.toString("utf8", startsWithMark(body) ? 3 : 0);
  switch (kind) {
    case "json":
      return parseJson(text);
    case "lines":
      return parseLines(text);
    case "form":
      return parseForm(text, formField);
    case "text":
      return { data: text, text };
    case "unknown":
      return guess(text);
  }
}

type Kind = "json" | "lines" | "form" | "text" | "binary" | "unknown";

const kinds: ReadonlyMap<string, Kind> = new Map([
  ["", "unknown"],
  ["application/json", "json"],
  ["text/json", "json"],
  ["application/x-ndjson", "lines"],
  ["application/ndjson", "lines"],
  ["application/jsonl", "lines"],
  ["application/x-jsonlines", "lines"],
  ["application/x-www-form-urlencoded", "form"],
  ["application/octet-stream", "binary"],
  ["application/zip", "binary"],
  ["application/gzip", "binary"],
  ["application/pdf", "binary"],
  ["application/grpc", "binary"],
  ["application/protobuf", "binary"],
  ["application/x-protobuf", "binary"],
]);

function kindOf(type: string): Kind {
  const kind = kinds.get(type);
  if (kind !== undefined) return kind;
  if (type.endsWith("+json")) return "json";
  return /^(multipart|image|audio|video|font)\//.test(type) ? "binary" : "text";
}

function startsWithMark(body: Buffer): boolean {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
}

function parseJson(text: string): Payload | Refusal {
  let data: Json;
  try {
    data = JSON.parse(text) as Json;
  } catch {
    // Why it failed is found again below, in the same words under every version of Node.
    return invalidJson(text, 0);
  }
  return harmless(data, 1) ? { data, text } : tooDeep();
}

function parseLines(text: string): Payload | Refusal {
  const data: Json[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    try {
      data.push(JSON.parse(line) as Json);
    } catch {
      return invalidJson(line, index);
    }
  }
  return harmless(data, 1) ? { data, text } : tooDeep();
}

function parseForm(text: string, formField: string | undefined): Payload | Refusal {
  // No form encoder leaves a brace bare: this is `curl -d '{...}'`, which calls everything a form.
  if (text.startsWith("{")) {
    const payload = parseJson(text);
    if (!(payload instanceof Refusal)) return payload;
  }
  const fields = new URLSearchParams(text);
  if (formField !== undefined) {
    const values = fields.getAll(formField);
    if (values.length === 1) return parseJson(values[0] ?? "");
  }
  const data: JsonObject = {};
  for (const [name, value] of fields) {
    if (name === "__proto__") continue;
    const before = Object.hasOwn(data, name) ? data[name] : undefined;
    if (before === undefined) data[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else data[name] = [before, value];
  }
  return { data, text };
}

/** No content-type: an object or a list if it is one, else text. */
function guess(text: string): Payload | Refusal {
  if (!/^\s*[[{]/.test(text)) return { data: text, text };
  try {
    const data = JSON.parse(text) as Json;
    return harmless(data, 1) ? { data, text } : tooDeep();
  } catch {
    // It only looked like JSON, and nobody said that it is.
    return { data: text, text };
  }
}

/** Drops `__proto__` keys on the way; false as soon as something lies deeper than is taken. */
function harmless(value: Json, depth: number): boolean {
  if (!isNested(value)) return true;
  if (depth > maxDepth) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (isNested(item) && !harmless(item, depth + 1)) return false;
    return true;
  }
  for (const key in value) {
    // JSON.parse makes it a key like any other: what is read from it here is data, not the prototype.
    if (key === "__proto__") Reflect.deleteProperty(value, key);
    else if (isNested(value[key] as Json) && !harmless(value[key] as Json, depth + 1)) return false;
  }
  return true;
}

function isNested(value: Json): value is Json[] | JsonObject {
  return typeof value === "object" && value !== null;
}

function invalidJson(text: string, linesBefore: number): Refusal {
  const { line, column, message } = findJsonFault(text);
  return new Refusal(400, `invalid JSON at line ${line + linesBefore} column ${column}: ${message}`);
}

function tooDeep(): Refusal {
  return new Refusal(400, `the JSON is nested deeper than ${maxDepth} levels`);
}
