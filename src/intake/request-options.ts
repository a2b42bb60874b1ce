// The options that every source with an address shares, and what they mean: headers, credentials, whom a secret would be sent to,
// and how far what comes back can be trusted.

import type { Json, OptionIssue, PowerRequest, Surroundings, Trust } from "../contract.ts";

export const headersOption = {
  description:
    "Headers of the request, by name. What ${...} brings into them is a secret, and is sent to the host of url only after a person agreed.",
  type: "object",
  additionalProperties: { type: "string" },
  "x-secret": "variables",
} as const;

export const authOption = {
  description:
    "How the request proves who sends it. The secret is sent to the host of url only, and after a person agreed.",
  type: "object",
  additionalProperties: false,
  required: ["scheme", "secret"],
  properties: {
    scheme: {
      description:
        "Where the secret goes: bearer (authorization: Bearer ...), basic (user name and secret), or header (a header that you name).",
      type: "string",
      enum: ["bearer", "basic", "header"],
    },
    secret: { description: "The token, password or key.", type: "string", "x-secret": true },
    username: { description: "The user name (basic only).", type: "string" },
    header: { description: "The name of the header (header only), for instance x-api-key.", type: "string" },
    prefix: {
      description: "The text before the secret in its header (header only). Default none.",
      type: "string",
    },
  },
} as const;

export interface AuthOptions {
  readonly scheme: "bearer" | "basic" | "header";
  readonly secret: string;
  readonly username?: string;
  readonly header?: string;
  readonly prefix?: string;
}

export interface RequestOptions {
  /** May be a template: its scheme and host are literal. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly auth?: AuthOptions;
}

/** Names in lower case. */
export function requestHeaders({ headers = {}, auth }: Omit<RequestOptions, "url">): Record<string, string> {
  const lower = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  return { ...lower, ...(auth === undefined ? {} : credential(auth)) };
}

function credential({ scheme, secret, username = "", header = "", prefix = "" }: AuthOptions) {
  switch (scheme) {
    case "bearer":
      return { authorization: `Bearer ${secret}` };
    case "basic":
      return { authorization: `Basic ${Buffer.from(`${username}:${secret}`).toString("base64")}` };
    case "header":
      return { [header.toLowerCase()]: prefix + secret };
  }
}

/** `sent` is what else goes out with the request, such as its body. */
export function secretPowers(
  options: RequestOptions,
  { holdsSecret }: Surroundings,
  sent: readonly (Json | undefined)[] = [],
): PowerRequest[] {
  const secret =
    options.auth !== undefined ||
    [options.url, { ...options.headers }, ...sent].some((value) => holdsSecret(value));
  return secret ? [{ power: "secret", value: originOf(options.url) }] : [];
}

/** `https://api.example:8443`; of a template too. */
export function originOf(url: string): string {
  return /^[a-z]+:\/\/[^/?#\\]*/i.exec(url)?.[0].toLowerCase() ?? "";
}

/**
 * `verified` for TLS: its certificate proves that the host which the config names says it. `local` for this machine. Anything else
 * could come from anybody on the way.
 */
export function trustOf(url: string): Trust {
  const origin = originOf(url);
  if (/^(https|wss):/.test(origin)) return "verified";
  return /^[a-z]+:\/\/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(origin) ? "local" : "unverified";
}

/** The address for a person: no user, no query, and of a path nothing that could be a secret. */
export function placeOf(url: string, path: "shown" | "hidden" = "shown"): string {
  const origin = originOf(url);
  const rest = url.slice(origin.length).replace(/[?#{].*$/s, "");
  return path === "shown" && rest.length <= 80 ? origin + rest : origin;
}

/**
 * The address as what a store belongs to: a secret in its query may change.
 */
export function addressOf(url: string): string {
  return url.replaceAll(/([?&][\w.~-]*(?:token|key|secret|sig|signature|auth|password)=)[^&#]*/gi, "$1");
}

export function requestIssues(options: RequestOptions, schemes: readonly string[]): OptionIssue[] {
  return [
    ...urlIssues(options.url, schemes),
    ...headerIssues(options.headers ?? {}),
    ...(options.auth === undefined ? [] : authIssues(options.auth, options.headers ?? {})),
  ];
}

function urlIssues(url: string, schemes: readonly string[]): OptionIssue[] {
  const example = `${schemes[0]}://api.example.com/items`;
  const origin = originOf(url);
  const scheme = origin.split(":", 1)[0] ?? "";
  if (!schemes.includes(scheme)) {
    return [
      {
        path: ["url"],
        message: `must begin with ${schemes.map((one) => `${one}://`).join(" or ")}`,
        hint: `for example  url: ${example}`,
      },
    ];
  }
  if (origin.includes("{{") || /[{}]/.test(origin)) {
    return [
      {
        path: ["url"],
        message: "has a template in its host",
        hint: "scheme and host are fixed; a template may stand after them",
      },
    ];
  }
  if (origin.includes("@")) {
    return [
      {
        path: ["url"],
        message: "has a user name in it",
        hint: 'use  auth: { scheme: basic, username: me, secret: "${PASSWORD}" }',
      },
    ];
  }
  if (!URL.canParse(origin) || /\s/.test(url.replace(/\{\{.*?\}\}/gs, ""))) {
    return [{ path: ["url"], message: "is no URL", hint: `for example  url: ${example}` }];
  }
  return [];
}

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What a header may not hold: with a line break in it, it would be two. */
const unfit = /[^\t\x20-\x7e\x80-\xff]/;
/** Written by the client itself, or about the connection. */
const ours = new Set([
  "host",
  "content-length",
  "connection",
  "transfer-encoding",
  "upgrade",
  "accept-encoding",
]);

function headerIssues(headers: Readonly<Record<string, string>>): OptionIssue[] {
  return Object.entries(headers).flatMap(([name, value]): OptionIssue[] => {
    const path = ["headers", name];
    if (!headerName.test(name))
      return [{ path, message: "is no header name", hint: "for example  x-api-key" }];
    if (ours.has(name.toLowerCase()))
      return [{ path, message: "is written by the program itself", hint: "remove it" }];
    if (unfit.test(value))
      return [{ path, message: "has a character that no header may hold", hint: "a line break, perhaps?" }];
    return [];
  });
}

function authIssues(auth: AuthOptions, headers: Readonly<Record<string, string>>): OptionIssue[] {
  const { scheme, secret, username, header, prefix } = auth;
  const issues: OptionIssue[] = [];
  const add = (key: readonly string[], message: string, hint: string) =>
    issues.push({ path: ["auth", ...key], message, hint });
  if (secret.trim() === "")
    add(["secret"], "is empty", "set the environment variable that it names, or remove auth");
  else if (scheme !== "basic" && unfit.test(secret))
    add(["secret"], "has a character that no header may hold", "a line break, perhaps?");
  if (scheme === "basic" && username === undefined)
    add([], "scheme basic needs username", "add  username: me");
  if (scheme === "basic" && username?.includes(":") === true)
    add(["username"], 'may not have a ":"', "basic puts the colon between user name and secret");
  if (scheme === "header" && header === undefined)
    add([], "scheme header needs header", "add  header: x-api-key");
  if (header !== undefined && !headerName.test(header))
    add(["header"], "is no header name", "for example  x-api-key");
  if (scheme !== "basic" && username !== undefined)
    add(["username"], `scheme ${scheme} has no use for username`, "remove it, or use scheme: basic");
  for (const [key, value] of Object.entries({ header, prefix })) {
    if (scheme !== "header" && value !== undefined)
      add([key], `scheme ${scheme} has no use for ${key}`, "remove it, or use scheme: header");
  }
  const name = scheme === "header" ? header?.toLowerCase() : "authorization";
  if (Object.keys(headers).some((key) => key.toLowerCase() === name))
    add([], `sets ${name}, which headers sets too`, "keep one of them");
  return issues;
}

interface RoundOptions {
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly since: "now" | "start";
  readonly backfill?: number;
}

/** Of a source that asks again and again. */
export function roundIssues(options: RoundOptions): OptionIssue[] {
  const issues = [
    ...durationIssue("every", options.everyMs, [1_000, "1s"], [30 * 86_400_000, "30d"]),
    ...durationIssue("timeout", options.timeoutMs, [1_000, "1s"], [600_000, "10m"]),
    ...sizeIssue("max_body", options.maxBodyBytes),
  ];
  if (options.since === "start" && options.backfill !== undefined) {
    const message = "has no use with since: start, which takes all";
    issues.push({ path: ["backfill"], message, hint: "remove one of the two" });
  }
  return issues;
}

/** Bounds in milliseconds, and as they are written. */
export function durationIssue(
  path: string,
  valueMs: number | undefined,
  [leastMs, least]: readonly [number, string],
  [mostMs, most]: readonly [number, string],
): OptionIssue[] {
  if (valueMs === undefined || (valueMs >= leastMs && valueMs <= mostMs)) return [];
  return [
    { path: [path], message: `must be from ${least} to ${most}`, hint: `for example  ${path}: ${least}` },
  ];
}

/** A body is held in memory whole. */
const largestBytes = 64 * 1024 * 1024;

export function sizeIssue(path: string, bytes: number): OptionIssue[] {
  if (bytes >= 1 && bytes <= largestBytes) return [];
  return [{ path: [path], message: "must be from 1B to 64MiB", hint: `for example  ${path}: 5MiB` }];
}
