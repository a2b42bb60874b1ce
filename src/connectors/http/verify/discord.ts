// Discord signs with Ed25519: it shares no secret, only the application's public key.
// https://docs.discord.com/developers/interactions/overview#validating-security-request-headers

import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import type { Json } from "../../../contract.ts";
import { isObject } from "../../../json.ts";
import { isFresh, type SignatureContext } from "./signature.ts";
import { type Check, type Handshake, headerOf } from "./verifier.ts";

export const discordKeyPattern = /^[0-9a-f]{64}$/i;

export function discordCheck(publicKeys: readonly string[], context: SignatureContext): Check {
  const keys = publicKeys.map((text) => ({ text, key: keyOf(text) }));
  return ({ headers, body }) => {
    const signature = headerOf(headers, "x-signature-ed25519");
    const timestamp = headerOf(headers, "x-signature-timestamp");
    if (signature === undefined || timestamp === undefined || !/^[0-9a-f]{128}$/i.test(signature))
      return undefined;
    if (!isFresh(timestamp, context)) return undefined;
    const signed = Buffer.concat([Buffer.from(timestamp), body]);
    const given = Buffer.from(signature, "hex");
    const secret = keys.find(({ key }) => verify(null, signed, key, given))?.text;
    if (secret === undefined) return undefined;
    return { secret, signed: createHash("sha256").update(signed).digest("base64url") };
  };
}

/**
 * An interaction of type 1 is a ping, answered in kind; a webhook event of type 0 is one, answered with 204.
 * A webhook event of type 1 is a real event: it has `event`, which a ping has not.
 */
export function discordHandshake(_headers: unknown, data: Json): Handshake | undefined {
  if (!isObject(data)) return undefined;
  if (data.type === 0) return { status: 204 };
  if (data.type === 1 && data.event === undefined) return { status: 200, body: { type: 1 } };
  return undefined;
}

function keyOf(hex: string): KeyObject {
  const x = Buffer.from(hex, "hex").toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}
