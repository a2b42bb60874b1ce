// One line of JSON to one JSON-RPC message as MCP uses it, and back. Checks only the envelope, without a
// schema library, because it runs before the MCP SDK is loaded. Unknown members of the envelope are dropped:
// the SDK would otherwise not answer such a request at all.

import type { Json, JsonObject } from "../contract.ts";
import { isObject, readJson, TooManyValues } from "../json.ts";

export type RequestId = string | number;

export interface Request {
  readonly jsonrpc: "2.0";
  readonly id: RequestId;
  readonly method: string;
  readonly params?: JsonObject;
}

export interface Notification {
  readonly jsonrpc: "2.0";
  readonly method: string;
  readonly params?: JsonObject;
}

export interface Answer {
  readonly jsonrpc: "2.0";
  readonly id: RequestId;
  readonly result: JsonObject;
}

export interface Refusal {
  readonly jsonrpc: "2.0";
  readonly id?: RequestId;
  readonly error: { readonly code: number; readonly message: string; readonly data?: Json };
}

export type Message = Request | Notification | Answer | Refusal;

/** Codes of JSON-RPC 2.0, section 5.1. */
export const rpcErrors = {
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
} as const;

export type ParsedLine =
  | { readonly message: Message }
  /** `id` is set when the value is a request whose answer can name it. */
  | { readonly problem: string; readonly id?: RequestId };

export function readMessage(line: string): ParsedLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // The parser's own message quotes the line, which may contain a secret.
    return { problem: "not JSON" };
  }
  if (!isObject(value)) return { problem: `JSON, but ${Array.isArray(value) ? "a list" : "not an object"}` };
  const id = isRequestId(value.id) ? value.id : undefined;
  const problem = (what: string): ParsedLine => ({ problem: what, ...(id !== undefined && { id }) });
  if (value.jsonrpc !== "2.0") return problem('an object without "jsonrpc": "2.0"');
  if ("id" in value && id === undefined) return problem("an id that is neither a text nor a whole number");

  if ("method" in value) {
    const { method } = value;
    // A numeric id stays a number; the arguments of a tool keep their digits.
    const params = readParams(line);
    if (params instanceof TooManyValues) return problem("a message of too many values");
    if (typeof method !== "string") return problem("a method that is not a text");
    if (params !== undefined && !isObject(params)) return problem("params that are not an object");
    const call = { jsonrpc: "2.0" as const, method, ...(params !== undefined && { params }) };
    return { message: id === undefined ? call : { ...call, id } };
  }
  // An invalid answer is not answered.
  if ("result" in value) {
    if (id === undefined || !isObject(value.result))
      return { problem: "an answer without an id or an object" };
    return { message: { jsonrpc: "2.0", id, result: value.result } };
  }
  if (isRpcError(value.error)) {
    return { message: { jsonrpc: "2.0", error: value.error, ...(id !== undefined && { id }) } };
  }
  return problem("neither a request nor an answer");
}

/** `line` is a JSON object. */
function readParams(line: string): Json | undefined | TooManyValues {
  try {
    return (readJson(line) as JsonObject).params;
  } catch (error) {
    if (error instanceof TooManyValues) return error;
    throw error;
  }
}

/**
 * The message as one line without its line end. U+2028 and U+2029 are escaped, because some clients read lines with
 * tools that take them for line ends.
 */
export function toLine(message: unknown): string {
  const line = JSON.stringify(message);
  if (!line.includes("\u2028") && !line.includes("\u2029")) return line;
  return line.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

export function isRequest(message: Message): message is Request {
  return "method" in message && "id" in message;
}

export function isCall(message: Message): message is Request | Notification {
  return "method" in message;
}

function isRequestId(value: unknown): value is RequestId {
  return typeof value === "string" || Number.isSafeInteger(value);
}

function isRpcError(value: unknown): value is Refusal["error"] {
  return isObject(value) && Number.isSafeInteger(value.code) && typeof value.message === "string";
}
