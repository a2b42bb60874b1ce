// Bytes to the event's `data` and `text`, by content-type. One request is one event: newline-delimited JSON becomes a list.
// A key `__proto__` is left out of `data`; it stays in `text`.

import { isUtf8 } from "node:buffer";
import type { Json, JsonObject } from "../../contract.ts";
import { guessJson, type ParsedJson, parseJson, parseJsonLines } from "../../intake/json.ts";
import { mayHoldEscapes, withoutEscapes, withoutEscapesInside } from "../../intake/terminal-escapes.ts";
import { Refusal } from "../../requests/answer.ts";

export interface Payload {
  readonly data: Json;
  /** The body as it was sent, a byte order mark left out. */
  readonly text: string;
}

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
      return payloadOf(parseJson(text), text);
    case "lines":
      return payloadOf(parseJsonLines(text), text);
    case "form":
      return parseForm(text, formField);
    case "text":
      return { data: withoutEscapes(text), text: withoutEscapes(text) };
    case "unknown":
      return payloadOf(guessJson(text), text);
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

function payloadOf(parsed: ParsedJson, text: string): Payload | Refusal {
  if ("fault" in parsed) return new Refusal(400, parsed.fault);
  const hasEscapes = mayHoldEscapes(text) || /\\u00(?:1b|9b)/i.test(text);
  return { data: hasEscapes ? withoutEscapesInside(parsed.data) : parsed.data, text };
}

function parseForm(text: string, formField: string | undefined): Payload | Refusal {
  // No form encoder leaves a brace bare: this is `curl -d '{...}'`, which calls everything a form.
  if (text.startsWith("{")) {
    const parsed = parseJson(text);
    if ("data" in parsed) return { data: parsed.data, text };
  }
  const fields = new URLSearchParams(text);
  if (formField !== undefined) {
    const values = fields.getAll(formField);
    const [value = ""] = values;
    if (values.length === 1) return payloadOf(parseJson(value), value);
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
