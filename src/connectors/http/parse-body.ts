// Parses bytes into the event's `data` and `text`, by content-type unless `parse` says otherwise. A body that
// is valid JSON is JSON, whatever its content-type: SNS sends text/plain, curl calls everything a form,
// others send no type. One request is one event: newline-delimited JSON becomes a list. A key `__proto__` is
// dropped from `data`; it stays in `text`.

import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import { decodeExactly, encodingOf } from "../../charset.ts";
import type { Json, JsonObject } from "../../contract.ts";
import { Refusal } from "../../http/answer.ts";
import { type FormPart, parseMultipart } from "../../http/multipart.ts";
import { formIn, formOf, maxFormFields } from "../../intake/form.ts";
import { guessJson, type ParsedJson, parseJson, parseJsonLines } from "../../intake/json.ts";
import {
  mayHoldEscapes,
  stepsWithoutEscapes,
  stepsWithoutEscapesInside,
} from "../../intake/terminal-escapes.ts";
import { findJson, hasTooManyValues, TooManyValues } from "../../json.ts";
import { runAtOnce } from "../../yield-to-event-loop.ts";

export interface Payload {
  readonly data: Json;
  /** The body as sent, without a byte order mark; for a multipart form, its fields as JSON. */
  readonly text: string;
}

/** How a body is read; `auto` follows its content-type. */
export type Parse = "auto" | Kind;
/** In steps, with the event loop free between two of them where it matters. */
type Parsing<T> = Generator<void, T>;

type Kind = "json" | "lines" | "form" | "multipart" | "text";

export interface ParseOptions {
  readonly parse?: Parse | undefined;
  /** The fields of the form are what is signed: they are UTF-8, as their check reads them, whatever charset the request declares. */
  readonly isSignedForm?: boolean;
  /** The one field of a form that holds the payload as JSON, as GitHub and Slack send it. */
  readonly formField?: string | undefined;
}

/** By its type. */
export function isForm(headers: IncomingHttpHeaders): boolean {
  return typeOf(headers["content-type"]) === "application/x-www-form-urlencoded";
}

function typeOf(contentType = ""): string {
  return contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

const accepted = "JSON, forms, newline-delimited JSON and text in UTF-8 are";

/** A Refusal for a body that does not match its type or `parse`, or is not text. */
export function parseBody(
  body: Buffer,
  contentType: string | undefined,
  options?: ParseOptions,
): Payload | Refusal {
  return runAtOnce(parseSteps(body, contentType, options));
}

/** The same in steps, for a body that may be large. */
export function* parseSteps(
  body: Buffer,
  contentType: string | undefined,
  { parse = "auto", formField, isSignedForm = false }: ParseOptions = {},
): Parsing<Payload | Refusal> {
  if (body.length === 0) return { data: {}, text: "" };
  const type = typeOf(contentType);
  const kind = parse === "auto" ? (kinds.get(type) ?? kindOf(type)) : parse;
  if (kind === "multipart") return yield* parseFields(body, contentType ?? "");
  const text = textOf(body, isSignedForm ? undefined : contentType);
  yield;
  if (kind === "binary") {
    // Some senders label every body application/octet-stream.
    const found = typeof text === "string" ? yield* wholeJson(text) : undefined;
    return found ?? notTaken(type);
  }
  if (typeof text !== "string") return text;
  switch (kind) {
    case "json":
      return yield* payloadOf(parseJson(text), text);
    case "lines":
      return yield* payloadOf(parseJsonLines(text), text);
    case "form":
      // No form encoder leaves a brace or a bracket unescaped at the start: this is `curl -d '{...}'`.
      return (
        (parse === "auto" ? yield* wholeJson(text) : undefined) ??
        (yield* parseForm(text, isSignedForm ? undefined : { body, contentType }, formField))
      );
    case "text":
      if (parse !== "auto") return yield* plainText(text);
      if (type === "") return yield* payloadOf(guessJson(text), text);
      return (yield* wholeJson(text)) ?? (yield* plainText(text));
  }
}

const kinds: ReadonlyMap<string, Kind | "binary"> = new Map([
  ["application/json", "json"],
  ["text/json", "json"],
  ["application/x-ndjson", "lines"],
  ["application/ndjson", "lines"],
  ["application/jsonl", "lines"],
  ["application/x-jsonlines", "lines"],
  ["application/x-www-form-urlencoded", "form"],
  ["multipart/form-data", "multipart"],
  ["application/octet-stream", "binary"],
  ["application/zip", "binary"],
  ["application/gzip", "binary"],
  ["application/pdf", "binary"],
  ["application/grpc", "binary"],
  ["application/protobuf", "binary"],
  ["application/x-protobuf", "binary"],
]);

function kindOf(type: string): Kind | "binary" {
  if (type.endsWith("+json")) return "json";
  return /^(multipart|image|audio|video|font)\//.test(type) ? "binary" : "text";
}

function notTaken(type: string): Refusal {
  return new Refusal(
    415,
    `content-type ${JSON.stringify(type.slice(0, 80))} is not accepted here: ${accepted}`,
  );
}

/**
 * JSON is in UTF-8 whatever the header says (RFC 8259 section 8.1), and so is most text that is labelled as
 * Latin-1. UTF-16 text with a space or a Latin letter contains zero bytes, and UTF-8 text does not.
 */
function textOf(body: Buffer, contentType: string | undefined, usual = "utf-8"): string | Refusal {
  const charset = (parameterOf(contentType, "charset") || usual).toLowerCase();
  const encoding = charset === "us-ascii" || charset === "utf8" ? "utf-8" : encodingOf(charset);
  if (encoding === undefined)
    return new Refusal(
      415,
      `charset ${JSON.stringify(charset.slice(0, 40))} is not accepted here: send UTF-8`,
    );
  const isUtf = isUtf8(body) && (encoding.startsWith("utf-16") ? !body.includes(0) : isOftenUtf8(encoding));
  if (isUtf) return body.toString("utf8", startsWithMark(body) ? 3 : 0);
  if (encoding === "utf-8") return new Refusal(400, "the body is not valid UTF-8");
  return decodeExactly(body, encoding) ?? new Refusal(400, `the body is not valid ${charset}`);
}

/** Text with such a label is read as UTF-8 if it is valid UTF-8. */
function isOftenUtf8(encoding: string): boolean {
  return encoding === "utf-8" || encoding === "windows-1252";
}

function parameterOf(contentType: string | undefined, name: string): string | undefined {
  const found = contentType
    ?.split(";")
    .map((part) => part.trim())
    .find((part) => part.toLowerCase().startsWith(`${name}=`));
  return found?.slice(name.length + 1).replaceAll(/["']/g, "");
}

function startsWithMark(body: Buffer): boolean {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
}

/** An object or a list; a text that is one JSON scalar is text. */
function* wholeJson(text: string): Parsing<Payload | undefined> {
  if (!/^\s*[[{]/.test(text)) return undefined;
  const data = findJson(text);
  return data === undefined ? undefined : { data: yield* clean(data, text), text };
}

function* plainText(text: string): Parsing<Payload> {
  const readable = yield* stepsWithoutEscapes(text);
  return { data: readable, text: readable };
}

function* payloadOf(parsed: ParsedJson, text: string): Parsing<Payload | Refusal> {
  if ("fault" in parsed) return new Refusal(400, parsed.fault);
  return { data: yield* clean(parsed.data, text), text };
}

function* clean(data: Json, text: string): Parsing<Json> {
  yield;
  if (!mayHoldEscapes(text) && !/\\u00(?:1b|9b)/i.test(text)) return data;
  return yield* stepsWithoutEscapesInside(data);
}

function* parseForm(
  text: string,
  declared: { readonly body: Buffer; readonly contentType: string | undefined } | undefined,
  formField: string | undefined,
): Parsing<Payload | Refusal> {
  const sent = formOf(text);
  if (sent === undefined) return new Refusal(400, `the form has more than ${maxFormFields} fields`);
  const fields =
    declared === undefined ? sent : formIn(sent, declared.body, parameterOf(declared.contentType, "charset"));
  if (formField !== undefined) {
    const values = fields.getAll(formField);
    const [value = ""] = values;
    yield;
    if (values.length === 1) return yield* payloadOf(parseJson(value), value);
  }
  return { data: yield* stepsWithoutEscapesInside(gather(fields)), text };
}

/** Mailgun and SendGrid send a mail in some thirty fields. */
const maxFields = 256;

/** Only the name, type and size of a file are kept, unless it is JSON. */
function* parseFields(body: Buffer, contentType: string): Parsing<Payload | Refusal> {
  const parts = parseMultipart(body, contentType, maxFields);
  if (parts === undefined)
    return new Refusal(400, `the body is not a whole multipart/form-data form of up to ${maxFields} parts`);
  const json = parts.filter(({ type }) => isJsonType(type));
  // One after the other, as one list would have them. The characters that count are the same in UTF-8.
  if (hasTooManyValues(json.map(({ content }) => content.toString("latin1")).join()))
    return new Refusal(400, new TooManyValues().message);
  const declared = parts
    .find(({ name }) => name === "_charset_")
    ?.content.toString("latin1")
    .trim();
  const usual = declared === undefined || encodingOf(declared) === undefined ? undefined : declared;
  const fields: [string, Json][] = [];
  for (const part of parts) {
    const value = yield* fieldOf(part, usual);
    if (value instanceof Refusal) return value;
    fields.push([part.name, value]);
    yield;
  }
  const data = gather(fields);
  return { data, text: JSON.stringify(data) };
}

function isJsonType(type: string): boolean {
  return /^(application|text)\/json\b|\+json\b/i.test(type);
}

function* fieldOf(
  { name, filename, type, content }: FormPart,
  charset: string | undefined,
): Parsing<Json | Refusal> {
  const isJson = isJsonType(type);
  if (filename !== undefined && !isJson)
    return { filename, type: type === "" ? "application/octet-stream" : type, size: content.length };
  const text = textOf(content, type, charset);
  if (text instanceof Refusal)
    return new Refusal(text.status, `field ${JSON.stringify(name.slice(0, 40))}: ${text.error}`);
  if (!isJson) return yield* stepsWithoutEscapes(text);
  const parsed = parseJson(text);
  return "fault" in parsed ? new Refusal(400, parsed.fault) : yield* clean(parsed.data, text);
}

/** A list where a name is repeated. */
function gather(fields: Iterable<[string, Json]>): JsonObject {
  const values = new Map<string, Json[]>();
  for (const [name, value] of fields) {
    if (name === "__proto__") continue;
    const before = values.get(name);
    if (before === undefined) values.set(name, [value]);
    else before.push(value);
  }
  return Object.fromEntries(
    Array.from(values, ([name, all]) => [name, all.length === 1 ? (all[0] as Json) : all]),
  );
}
