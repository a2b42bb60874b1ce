// Schemes that send the secret itself: bearer, basic, and a token in a header, in the query or in the body.
// Texts are compared by their SHA-256, so that timing reveals neither length nor content.

import { createHash, timingSafeEqual } from "node:crypto";
import { asText, dataOf, valuesAt } from "./fields.ts";
import { type Check, headerOf, type Proof } from "./verifier.ts";

export function bearerCheck(secrets: readonly string[]): Check {
  const find = findSecret(secrets);
  return ({ headers }) => {
    const token = /^bearer +(.+)$/i.exec(headers.authorization ?? "")?.[1];
    return token === undefined ? undefined : find(token);
  };
}

export function basicCheck(username: string, secrets: readonly string[]): Check {
  const find = findSecret(secrets, (secret) => `${username}:${secret}`);
  return ({ headers }) => {
    const credentials = /^basic +([a-z0-9+/_-]+=*) *$/i.exec(headers.authorization ?? "")?.[1];
    return credentials === undefined ? undefined : find(Buffer.from(credentials, "base64").toString());
  };
}

export function headerTokenCheck(header: string, prefix: string, secrets: readonly string[]): Check {
  const find = findSecret(secrets);
  return ({ headers }) => {
    const value = headerOf(headers, header);
    return value?.startsWith(prefix) === true ? find(value.slice(prefix.length)) : undefined;
  };
}

export function queryTokenCheck(name: string, secrets: readonly string[]): Check {
  const find = findSecret(secrets);
  return ({ target }) => {
    const start = target.indexOf("?");
    const values = start === -1 ? [] : new URLSearchParams(target.slice(start + 1)).getAll(name);
    return values.length === 1 ? find(values[0] ?? "") : undefined;
  };
}

/** The token is in the payload: in every field that the path leads to, and in one at least. */
export function fieldTokenCheck(path: string, secrets: readonly string[]): Check {
  const find = findSecret(secrets);
  return (inbound) => {
    const given = valuesAt(dataOf(inbound), path).map(asText);
    const proofs = given.map((text) => (text === undefined ? undefined : find(text)));
    return proofs.includes(undefined) ? undefined : proofs[0];
  };
}

/** Which secret was sent, in its transmitted form. */
function findSecret(
  secrets: readonly string[],
  sent = (secret: string) => secret,
): (given: string) => Proof | undefined {
  const expected = secrets.map((secret) => ({ secret, digest: sha256(sent(secret)) }));
  return (given) => {
    const digest = sha256(given);
    const secret = expected.find((one) => timingSafeEqual(one.digest, digest))?.secret;
    return secret === undefined ? undefined : { secret };
  };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
