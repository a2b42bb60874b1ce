// The messages of a webhook relay of smee's kind: the request as one JSON object, with its headers next to
// `body`, `query` and `timestamp` (github.com/probot/smee.io, lib/server.js). gosmee's servers add the raw
// body in base64 as `bodyB`.

import type { Arrival, Json, JsonObject } from "../../contract.ts";
import { formOf } from "../../intake/form.ts";
import { guessJson, parseJson } from "../../intake/json.ts";
import { findJson, isObject } from "../../json.ts";

type Content = Pick<Arrival, "data" | "text">;

const about = new Set(["body", "bodyB", "query", "timestamp"]);
const credentials = new Set(["authorization", "proxy-authorization", "cookie"]);

/** Undefined for a message that is not a relayed request. */
export function unwrapRelayed(message: string): Arrival | undefined {
  const parsed = parseJson(message);
  if (!("data" in parsed) || !isObject(parsed.data)) return undefined;
  const relayed = parsed.data;
  const body = bodyOf(relayed);
  if (body === undefined) return undefined;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(relayed)) {
    const lower = name.toLowerCase();
    if (typeof value === "string" && !about.has(name) && !credentials.has(lower)) headers[lower] = value;
  }
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(headers["content-type"] ?? "");
  return {
    ...((isForm ? wrappedInForm(body) : undefined) ?? body),
    headers,
    ...(isObject(relayed.query) ? { query: textsOf(relayed.query) } : {}),
    method: "POST",
    // Anybody who knows the URL of the channel can send, and the raw bytes that were signed are lost.
    trust: "unverified",
  };
}

function bodyOf({ body, bodyB }: JsonObject): Content | undefined {
  const sent = typeof bodyB === "string" && bodyB !== "" ? Buffer.from(bodyB, "base64").toString() : body;
  if (sent === undefined || sent === null) return undefined;
  if (typeof sent !== "string") return { data: sent, text: JSON.stringify(sent) };
  const parsed = guessJson(sent);
  return { data: "data" in parsed ? parsed.data : sent, text: sent };
}

/** GitHub and Slack send a form whose one field `payload` contains the JSON. */
function wrappedInForm({ data, text }: Content): Content | undefined {
  const fields: Json | undefined = typeof data === "string" ? Object.fromEntries(formOf(text) ?? []) : data;
  if (!isObject(fields) || Object.keys(fields).join() !== "payload") return undefined;
  const { payload } = fields;
  if (typeof payload !== "string") return undefined;
  const inner = findJson(payload);
  return isObject(inner) ? { data: inner, text: payload } : undefined;
}

function textsOf(query: JsonObject): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
  );
}
