// The request of a poll, with the cursor of the previous answer.

import type { CompiledOptions, HttpRequest } from "../../contract/host.ts";
import type { Json } from "../../contract.ts";
import { fillJson } from "../../intake/fill-json.ts";
import { requestHeaders } from "../../intake/request-options.ts";
import { methodOf } from "./check.ts";
import type { PollOptions } from "./options.ts";

export type Request = Omit<HttpRequest, "signal">;

/** `cursor` is undefined until an answer gave one. */
export function requestOf(
  options: PollOptions,
  code: CompiledOptions,
  cursor: Json | undefined,
  nowMs: number,
): Request {
  const { body, json, timeoutMs } = options;
  const time = new Date(nowMs).toISOString();
  const roots = { cursor: cursor ?? "", time };
  const value =
    json === undefined
      ? undefined
      : fillJson(json as Json, "json", code, cursor === undefined ? { time } : roots);
  const text = value === undefined ? body && (code.template("body")?.(roots) ?? "") : JSON.stringify(value);
  const isJson = json !== undefined || /^\s*[[{]/.test(text ?? "");
  return {
    url: code.template("url")?.(roots) ?? options.url,
    method: methodOf(options),
    headers: {
      accept: "application/json, */*;q=0.5",
      ...(isJson ? { "content-type": "application/json" } : {}),
      ...requestHeaders(options),
    },
    ...(text === undefined ? {} : { body: text }),
    timeoutMs,
    idleMs: timeoutMs,
    bodyMs: 10 * timeoutMs,
  };
}
