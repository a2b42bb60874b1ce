// From a request to the event that it becomes, with every credential taken out first. Also what `explain` imagines.

import type { IncomingHttpHeaders } from "node:http";
import type { Arrival, Trust } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import { Refusal } from "../../requests/answer.ts";
import type { HttpOptions } from "./options.generated.ts";
import { type Payload, parseBody } from "./parse-body.ts";
import { paramNames, samplePath } from "./path.ts";
import { describeVerify } from "./verify/scheme.ts";
import type { VerifyTraits } from "./verify/verifier.ts";

type Texts = Readonly<Record<string, string>>;

const always = ["authorization", "proxy-authorization", "cookie"];
const nothing: Texts = Object.freeze({});

interface Received {
  readonly method: string;
  /** As the request line has it. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly params: Texts;
}

/** A request without `verify`, or with the scheme none, proves nothing. */
export function trustOf({ verify }: HttpOptions): Trust {
  return verify === undefined || verify.scheme === "none" ? "unverified" : "verified";
}

export function arrivalOf(
  payload: Payload,
  received: Received,
  trust: Trust,
  traits: VerifyTraits | undefined,
): Arrival {
  const { method, target, headers, params } = received;
  const deliveryId = traits?.deliveryId(headers, payload.data);
  const { path, query } = splitTarget(target, traits);
  return {
    data: payload.data,
    text: payload.text,
    trust,
    headers: eventHeaders(headers, traits),
    query,
    params,
    path,
    method,
    ...(deliveryId === undefined ? {} : { deliveryId }),
  };
}

/** The arrival that this payload would make if it came with these headers and a valid proof. */
export function imagineArrival(options: HttpOptions, payload: string, headers: Texts): Arrival {
  const traits = describeVerify(options.verify);
  const contentType = headers["content-type"] ?? (/^\s*[[{]/.test(payload) ? "application/json" : undefined);
  const parsed = parseBody(Buffer.from(payload), contentType, traits?.formField);
  if (parsed instanceof Refusal) {
    throw new UsageError("E_USAGE", `the source would answer ${parsed.status}: ${parsed.error}`);
  }
  const received: Received = {
    method: options.methods.includes("POST") ? "POST" : options.methods[0],
    target: samplePath(options.path),
    headers,
    params: Object.fromEntries(paramNames(options.path).map((name) => [name, name === "*" ? "any" : name])),
  };
  return arrivalOf(parsed, received, trustOf(options), traits);
}

/** Names in lower case, a repeated header as one text joined by ", ". */
function eventHeaders(headers: IncomingHttpHeaders, traits: VerifyTraits | undefined): Texts {
  const hidden = traits?.credentials.headers;
  const result: Record<string, string> = {};
  for (const name in headers) {
    if (always.includes(name) || hidden?.includes(name) === true || name === "__proto__") continue;
    const value = headers[name];
    if (value !== undefined) result[name] = typeof value === "string" ? value : value.join(", ");
  }
  return result;
}

interface Target {
  readonly path: string;
  /** Of a parameter that stands there several times, the first. */
  readonly query: Texts;
}

function splitTarget(target: string, traits: VerifyTraits | undefined): Target {
  const local = originForm(target);
  const start = local.indexOf("?");
  if (start === -1) return { path: local, query: nothing };
  const hidden = traits?.credentials.query;
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(local.slice(start + 1))) {
    if (hidden?.includes(name) === true || name === "__proto__" || Object.hasOwn(query, name)) continue;
    query[name] = value;
  }
  return { path: local.slice(0, start), query };
}

/** Path and query, whether the request target is in origin form or in absolute form (RFC 9112 section 3.2). */
export function originForm(target: string): string {
  if (target.startsWith("/")) return target;
  if (!URL.canParse(target)) return "/";
  const { pathname, search } = new URL(target);
  return pathname + search;
}
