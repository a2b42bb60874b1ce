// The endpoint of a source, and a command line that sends one sample event. Shows no secret: the command
// contains a signature over the sample body when one can be made that does not expire; where the secret
// itself is sent, the shell reads it from $SECRET.

import type { EndpointInfo, Sample } from "../../contract/event.ts";
import { shellQuoted } from "../../text/shell.ts";
import type { HttpOptions } from "./options.ts";
import { samplePath } from "./path.ts";
import { secretsOf, signatureScheme, type VerifyOptions } from "./verify/generic.ts";
import { presets } from "./verify/presets.ts";
import { isPublicKeyAlgorithm } from "./verify/public-key.ts";
import { isPreset } from "./verify/scheme.ts";
import { type SignatureScheme, signBody } from "./verify/signature.ts";

const anything: Sample = { headers: {}, data: { text: "hello" } };

interface ServerAddress {
  /** `http://127.0.0.1:8788`, or `unix:/path`; the command sends there. */
  readonly address: string;
  /** Where senders reach this source from outside. */
  readonly publicUrl?: string | undefined;
}

export function describeEndpoint(
  options: HttpOptions,
  { address, publicUrl }: ServerAddress,
  sample = anything,
): EndpointInfo {
  const method = options.methods.includes("POST") ? "POST" : (options.methods[0] ?? "POST");
  const socket = address.startsWith("unix:") ? address.slice("unix:".length) : undefined;
  const origin = socket === undefined ? address : "http://localhost";
  const body = JSON.stringify(sample.data);
  const proof = prove(options.verify, method === "GET" ? "" : body);
  const shown = publicUrl?.replace(/\/$/, "") ?? (socket === undefined ? origin : address);
  const info = { address: `${method} ${shown}${options.path}` };
  if (proof === undefined) return info;

  const url = shellQuoted(`${origin}${samplePath(options.path)}${proof.query ?? ""}`);
  const words = ["curl", "-sS"];
  if (socket !== undefined) words.push("--unix-socket", shellQuoted(socket));
  if (method !== "POST") words.push("-X", method);
  words.push(proof.query === undefined ? url : `${url}${secretWord}`);
  if (method !== "GET") {
    for (const [name, value] of Object.entries({ "content-type": "application/json", ...sample.headers })) {
      words.push("-H", shellQuoted(`${name}: ${value}`));
    }
  }
  words.push(...proof.words);
  if (method !== "GET") words.push("-d", shellQuoted(body));
  return { ...info, example: words.join(" ") };
}

interface Proof {
  readonly words: readonly string[];
  /** The secret is appended to it. */
  readonly query?: string;
}

/** Undefined when no request that a shell could send would pass. */
function prove(verify: VerifyOptions | undefined, body: string): Proof | undefined {
  if (verify === undefined || verify.scheme === "none") return { words: [] };
  switch (verify.scheme) {
    case "bearer":
      return { words: ["-H", withSecret("authorization: Bearer ")] };
    case "basic":
      return { words: ["-u", withSecret(`${verify.username ?? ""}:`)] };
    case "token":
      if (verify.field !== undefined) return undefined;
      return verify.header === undefined
        ? { words: [], query: `?${verify.query ?? ""}=` }
        : { words: ["-H", withSecret(`${verify.header}: ${verify.prefix ?? ""}`)] };
    default: {
      const scheme = schemeOf(verify);
      const secret = secretsOf(verify)[0];
      const header = scheme?.headers[0]?.signature;
      if (scheme === undefined || secret === undefined || header === undefined) return undefined;
      return { words: ["-H", shellQuoted(`${header}: ${signBody(scheme, secret, Buffer.from(body))}`)] };
    }
  }
}

/**
 * The scheme when its signature depends on the body alone; one with a time would expire before it is used.
 */
function schemeOf(verify: VerifyOptions): SignatureScheme | undefined {
  if (verify.scheme === "jwt") return undefined;
  const scheme = isPreset(verify.scheme) ? presets[verify.scheme].scheme : signatureScheme(verify);
  if (typeof scheme === "string" || !("signed" in scheme)) return undefined;
  const isOfBody = scheme.signed === "{body}" && scheme.field === undefined;
  return isOfBody && !isPublicKeyAlgorithm(scheme.algorithm) ? scheme : undefined;
}

const secretWord = '"$SECRET"';

/** Only this one variable is expanded by the shell; literal text of the config must not be. */
function withSecret(before: string): string {
  return /^[\w .:/@+-]*$/.test(before) ? `"${before}$SECRET"` : `${shellQuoted(before)}${secretWord}`;
}
