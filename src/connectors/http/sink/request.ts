// Builds the request of one call of an http sink.

import type { OutgoingRequest, SinkCall } from "../../../contract/sink.ts";
import type { Json } from "../../../contract.ts";
import { UsageError } from "../../../errors.ts";
import { fillJson } from "../../../intake/fill-json.ts";
import type { HttpSinkOptions } from "./options.ts";
import { safeUrl } from "./url.ts";

export function prepareRequest(options: HttpSinkOptions, call: SinkCall): OutgoingRequest {
  const { method, url, headers = {} } = options.request;
  const render = (path: string) => call.code.template(`request.${path}`)?.(call.roots) ?? "";
  const { type, body } = bodyOf(options.request, call, render);
  const sent: Record<string, string> = {
    accept: "application/json, */*;q=0.5",
    ...(type === undefined ? {} : { "content-type": type }),
  };
  for (const name of Object.keys(headers))
    sent[name.toLowerCase()] = headerValue(name, render(`headers.${name}`));
  if (options.idempotencyKey !== undefined) sent[options.idempotencyKey.toLowerCase()] = call.id;
  return {
    kind: "request",
    method,
    url: safeUrl(render("url"), url),
    headers: sent,
    ...(body === undefined ? {} : { body }),
  };
}

function bodyOf(
  { json, form, body }: HttpSinkOptions["request"],
  call: SinkCall,
  render: (path: string) => string,
): { readonly type?: string; readonly body?: string } {
  if (json !== undefined) {
    const value = fillJson(json as Json, "request.json", call.code, call.roots) ?? null;
    return { type: "application/json", body: JSON.stringify(value) };
  }
  if (form !== undefined) {
    const fields = Object.keys(form).map((name): [string, string] => [name, render(`form.${name}`)]);
    return { type: "application/x-www-form-urlencoded", body: new URLSearchParams(fields).toString() };
  }
  if (body === undefined) return {};
  const text = render("body");
  if (text.trim() === "" && body.includes("{{"))
    throw new UsageError("E_SINK_REFUSED", "the body of the request would be empty", {
      hint: "give the arguments that it uses",
    });
  return { type: "text/plain; charset=utf-8", body: text };
}

/** Characters allowed in a header: tab and the printable characters of Latin-1 (RFC 9110 section 5.5). */
function headerValue(name: string, value: string): string {
  const trimmed = value.trim();
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(trimmed)) return trimmed;
  throw new UsageError("E_SINK_REFUSED", `the header ${name} cannot hold this value`, {
    hint: "a header is one line of plain characters",
  });
}
