// Where to send, and a command line that makes one event. Shows no secret: a signature over the sample body stands in the
// command where one can be made that lasts; where the secret itself is sent, the shell is asked for $SECRET.

import type { Invitation } from "../../contract.ts";
import type { HttpOptions } from "./options.generated.ts";
import { samplePath } from "./path.ts";
import { presets } from "./verify/presets.ts";
import { hmacScheme, isPreset, secretsOf, type VerifyOptions } from "./verify/scheme.ts";
import { type SignatureScheme, signBody } from "./verify/signature.ts";

const samples: Readonly<Record<string, { readonly body: string; readonly headers: readonly string[] }>> = {
  github: {
    body: '{"ref":"refs/heads/main","repository":{"full_name":"acme/app"},"commits":[]}',
    headers: ["x-github-event: push"],
  },
  generic: { body: '{"text":"hello"}', headers: [] },
};

/** `address` is `http://127.0.0.1:8788`, or `unix:/path`. */
export function invite(options: HttpOptions, address: string): Invitation {
  const method = options.methods.includes("POST") ? "POST" : (options.methods[0] ?? "POST");
  const socket = address.startsWith("unix:") ? address.slice("unix:".length) : undefined;
  const origin = socket === undefined ? address : "http://localhost";
  const proof = prove(options.verify, method === "GET" ? "" : sampleOf(options.verify).body);
  const invitation = { address: `${method} ${socket === undefined ? origin : address}${options.path}` };
  if (proof === undefined) return invitation;

  const url = `${origin}${samplePath(options.path)}${proof.query ?? ""}`;
  const words = ["curl", "-sS"];
  if (socket !== undefined) words.push("--unix-socket", quote(socket));
  if (method !== "POST") words.push("-X", method);
  words.push(proof.query === undefined ? quote(url) : `"${url}"`);
  if (method !== "GET") {
    for (const header of ["content-type: application/json", ...sampleOf(options.verify).headers]) {
      words.push("-H", quote(header));
    }
  }
  words.push(...proof.words);
  if (method !== "GET") words.push("-d", quote(sampleOf(options.verify).body));
  return { ...invitation, tryIt: words.join(" ") };
}

interface Proof {
  readonly words: readonly string[];
  readonly query?: string;
}

/** Undefined when nothing that a shell could send would pass. */
function prove(verify: VerifyOptions | undefined, body: string): Proof | undefined {
  if (verify === undefined || verify.scheme === "none") return { words: [] };
  switch (verify.scheme) {
    case "bearer":
      return { words: ["-H", '"authorization: Bearer $SECRET"'] };
    case "basic":
      return { words: ["-u", `"${verify.username ?? ""}:$SECRET"`] };
    case "token":
      return verify.header === undefined
        ? { words: [], query: `?${verify.query ?? ""}=$SECRET` }
        : { words: ["-H", `"${verify.header}: ${verify.prefix ?? ""}$SECRET"`] };
    default: {
      const scheme = schemeOf(verify);
      const secret = secretsOf(verify)[0];
      const header = scheme?.headers[0]?.signature;
      if (scheme === undefined || secret === undefined || header === undefined) return undefined;
      return { words: ["-H", quote(`${header}: ${signBody(scheme, secret, Buffer.from(body))}`)] };
    }
  }
}

/** The scheme when its signature depends on the body alone; one with a time would be stale before it is tried. */
function schemeOf(verify: VerifyOptions): SignatureScheme | undefined {
  const scheme = isPreset(verify.scheme) ? presets[verify.scheme].scheme : hmacScheme(verify);
  return typeof scheme === "object" && "signed" in scheme && scheme.signed === "{body}" ? scheme : undefined;
}

function sampleOf(verify: VerifyOptions | undefined): {
  readonly body: string;
  readonly headers: readonly string[];
} {
  return samples[verify?.scheme ?? "generic"] ?? (samples.generic as { body: string; headers: string[] });
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
