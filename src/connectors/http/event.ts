// Maps a request to its event, with every credential removed first. Also builds the sample of `explain`.

import type { IncomingHttpHeaders } from "node:http";
import type { Arrival, KnownAgain, Remote, Trust } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import { Refusal } from "../../http/answer.ts";
import { withoutEscapes } from "../../intake/terminal-escapes.ts";
import type { HttpOptions } from "./options.ts";
import { isForm, type ParseOptions, type Payload, parseBody } from "./parse-body.ts";
import { paramNames, samplePath } from "./path.ts";
import { type Conceal, concealPayloadSteps } from "./verify/conceal.ts";
import { describeVerify } from "./verify/scheme.ts";
import type { Proof, VerifyTraits } from "./verify/verifier.ts";

type Texts = Readonly<Record<string, string>>;

const always = ["authorization", "proxy-authorization", "cookie"];
const nothing: Texts = Object.freeze({});

interface Received {
  readonly method: string;
  /** From the request line. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly params: Texts;
  readonly remote?: Remote | undefined;
}

/** A request without `verify`, or with the scheme none, is unverified. */
export function trustOf({ verify }: HttpOptions): Trust {
  return verify === undefined || verify.scheme === "none" ? "unverified" : "verified";
}

/** How the body of a request with these headers is read, for its proof and for the event. */
export function readingOf(
  { parse }: Pick<HttpOptions, "parse">,
  headers: IncomingHttpHeaders,
  traits: VerifyTraits | undefined,
): ParseOptions {
  const isSignedForm = traits?.signsForm === "always" || (traits?.signsForm === "by type" && isForm(headers));
  return {
    parse: isSignedForm ? "form" : parse,
    ...(isSignedForm ? { isSignedForm } : {}),
    formField: traits?.formField,
  };
}

/** Of a request that proved its sender; without `proof`, of one that is imagined. */
interface Verified {
  readonly traits: VerifyTraits;
  readonly proof?: Proof;
}

export function arrivalOf(
  payload: Payload,
  received: Received,
  trust: Trust,
  verified: Verified | undefined,
): Arrival {
  const { method, target, headers, params, remote } = received;
  const traits = verified?.traits;
  const deliveryId = traits?.deliveryId(headers, payload.data, verified?.proof);
  const { path, query } = splitTarget(target, traits);
  return {
    data: payload.data,
    text: payload.text,
    trust,
    headers: eventHeaders(headers, traits),
    query,
    params: readable(params),
    path,
    method,
    ...(remote === undefined ? {} : { remote }),
    ...(deliveryId === undefined ? {} : { deliveryId }),
    ...(verified === undefined ? {} : { known: knownAgain(verified) }),
  };
}

/** Without terminal escapes. Headers cannot contain any. */
function readable(texts: Texts): Texts {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, withoutEscapes(text)]));
}

function knownAgain({ traits, proof }: Verified): KnownAgain {
  const idMs = traits.memoryMs;
  return proof?.signed === undefined ? { idMs } : { idMs, proof: { hash: proof.signed, ms: traits.proofMs } };
}

/** The stored form: without the request's credentials, wherever else they are repeated. */
export function* concealSteps(arrival: Arrival, conceal: Conceal): Generator<void, Arrival> {
  const { data, text, headers = nothing, query = nothing, params = nothing, path = "" } = arrival;
  const inTexts = (texts: Texts): Texts =>
    Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, conceal(value, "head")]));
  return {
    ...arrival,
    ...(yield* concealPayloadSteps({ data, text }, conceal)),
    headers: inTexts(headers),
    query: inTexts(query),
    params: inTexts(params),
    path: conceal(path, "head"),
  };
}

/** The arrival that this payload would make if it came with these headers and valid credentials. */
export function sampleArrival(options: HttpOptions, payload: string, headers: Texts): Arrival {
  const traits = describeVerify(options.verify);
  const contentType = headers["content-type"] ?? (/^\s*[[{]/.test(payload) ? "application/json" : undefined);
  const parsed = parseBody(Buffer.from(payload), contentType, {
    parse: options.parse,
    formField: traits?.formField,
  });
  if (parsed instanceof Refusal) {
    throw new UsageError("E_USAGE", `the source would answer ${parsed.status}: ${parsed.error}`);
  }
  const received: Received = {
    method: options.methods.includes("POST") ? "POST" : options.methods[0],
    target: samplePath(options.path),
    headers,
    params: Object.fromEntries(paramNames(options.path).map((name) => [name, name === "*" ? "any" : name])),
  };
  return arrivalOf(parsed, received, trustOf(options), traits === undefined ? undefined : { traits });
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
  /** For a repeated parameter, the first. */
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
  return { path: local.slice(0, start), query: readable(query) };
}

/**
 * Path and query, whether the request target is in origin form or in absolute form (RFC 9112 section 3.2).
 */
export function originForm(target: string): string {
  if (target.startsWith("/")) return target;
  if (!URL.canParse(target)) return "/";
  const { pathname, search } = new URL(target);
  return pathname + search;
}
