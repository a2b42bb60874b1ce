// Checks of an http sink that the option schema cannot express.

import type { OptionIssue } from "../../../contract.ts";
import type { HttpSinkOptions } from "./options.ts";
import { originOf } from "./url.ts";

/** Headers that belong to the connection. */
const ownHeaders = ["host", "content-length", "transfer-encoding", "connection", "upgrade", "expect", "te"];
const maxTimeoutMs = 10 * 60 * 1_000;

export function checkSink(options: HttpSinkOptions): OptionIssue[] {
  const { method, url, headers = {}, json, form, body } = options.request;
  const issues: OptionIssue[] = [];
  const say = (path: readonly string[], message: string, hint?: string) =>
    void issues.push({ path, message, ...(hint === undefined ? {} : { hint }) });

  const origin = originOf(url);
  if (typeof origin !== "string") say(["request", "url"], origin.message, origin.hint);

  const bodies = Object.entries({ json, form, body }).flatMap(([key, value]) =>
    value === undefined ? [] : [key],
  );
  if (bodies.length > 1)
    say(["request", bodies[1] as string], `cannot be combined with ${bodies[0]}`, "a request has one body");
  else if (bodies.length === 1 && method === "GET")
    say(
      ["request", bodies[0] as string],
      "GET has no body",
      "put the values into the url, or choose another method",
    );

  for (const name of Object.keys(headers)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
      say(["request", "headers", name], "is not a header name", "letters, digits and -");
    else if (ownHeaders.includes(name.toLowerCase()))
      say(["request", "headers", name], "is set by the connection itself", "remove it");
  }
  if (options.timeoutMs > maxTimeoutMs) say(["timeout"], "must be at most 10m");
  return issues;
}
