// The shared options of sources with an address, and their meaning: headers, credentials, the receiver of a
// secret, and the trust of the answer.

import type { Reach } from "../contract/power.ts";
import type { Trust } from "../contract.ts";

export const headersOption = {
  description:
    "Headers of the request, by name. Values from ${...} are secrets, and are sent to the host of url only with the user's consent.",
  type: "object",
  additionalProperties: { type: "string", "x-credential": true },
  "x-secret": "variables",
} as const;

export const authOption = {
  description:
    "How the request authenticates. The secret is sent to the host of url only, with the user's consent.",
  type: "object",
  additionalProperties: false,
  required: ["scheme", "secret"],
  properties: {
    scheme: {
      "x-inert": false,
      description:
        "How the secret is sent: bearer (authorization: Bearer ...), basic (user name and secret), or header (a header that you name).",
      type: "string",
      enum: ["bearer", "basic", "header"],
    },
    secret: {
      "x-credential": true,
      description: "The token, password or key.",
      type: "string",
      "x-secret": true,
    },
    username: { "x-inert": false, description: "The user name (basic only).", type: "string" },
    header: {
      "x-inert": false,
      description: "The name of the header (header only), such as x-api-key.",
      type: "string",
    },
    prefix: {
      "x-inert": false,
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

/** For every source that opens a connection to one address. */
export function hostReach({ url }: Pick<RequestOptions, "url">): Reach[] {
  return [{ to: "host", url }];
}

/** `https://api.example:8443`; works for a template too. */
export function originOf(url: string): string {
  return /^[a-z]+:\/\/[^/?#\\]*/i.exec(url)?.[0].toLowerCase() ?? "";
}

/**
 * `verified` for TLS: the certificate proves that the answer comes from the configured host. `local` for this
 * machine. Anything else could be forged on the way.
 */
export function trustOf(url: string): Trust {
  const origin = originOf(url);
  if (/^(https|wss):/.test(origin)) return "verified";
  return /^[a-z]+:\/\/(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/.test(origin) ? "local" : "unverified";
}

/** The address for display: no user, no query, and no part of the path that could be a secret. */
export function describeUrl(url: string, path: "shown" | "hidden" = "shown"): string {
  const origin = originOf(url);
  const rest = url.slice(origin.length).replace(/[?#{].*$/s, "");
  return path === "shown" && rest.length <= 80 ? origin + rest : origin;
}

/** The address as the key of a store: a secret in its query may change. */
export function addressOf(url: string): string {
  return url.replaceAll(/([?&][\w.~-]*(?:token|key|secret|sig|signature|auth|password)=)[^&#]*/gi, "$1");
}
