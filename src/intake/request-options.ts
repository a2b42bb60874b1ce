// The options that every source with an address shares, and what they mean: headers, credentials, whom a secret would be sent to,
// and how far what comes back can be trusted.

import type { PowerRequest } from "../contract/power.ts";
import type { Json, Surroundings, Trust } from "../contract.ts";

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
  // As a sink says it, so that one host is one power.
  return secret ? [{ power: "secret", value: plainOrigin(options.url) }] : [];
}

/** Without the port that goes without saying. */
function plainOrigin(url: string): string {
  const origin = originOf(url);
  return URL.canParse(origin) ? new URL(origin).origin : origin;
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
