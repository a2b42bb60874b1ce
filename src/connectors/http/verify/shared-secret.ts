// Schemes that send the secret itself: bearer, basic, and a token in a header or in the query. Texts are compared by
// their SHA-256, so that neither length nor content shows in the time it takes.

import { createHash, timingSafeEqual } from "node:crypto";
import { type Check, headerOf } from "./verifier.ts";

export function bearerCheck(secrets: readonly string[]): Check {
  const matches = anyOf(secrets);
  return ({ headers }) => {
    const token = /^bearer +(.+)$/i.exec(headers.authorization ?? "")?.[1];
    return token !== undefined && matches(token);
  };
}

export function basicCheck(username: string, secrets: readonly string[]): Check {
  const matches = anyOf(secrets.map((secret) => `${username}:${secret}`));
  return ({ headers }) => {
    const credentials = /^basic +([a-z0-9+/_-]+=*) *$/i.exec(headers.authorization ?? "")?.[1];
    return credentials !== undefined && matches(Buffer.from(credentials, "base64").toString());
  };
}

export function headerTokenCheck(header: string, prefix: string, secrets: readonly string[]): Check {
  const matches = anyOf(secrets);
  return ({ headers }) => {
    const value = headerOf(headers, header);
    return value?.startsWith(prefix) === true && matches(value.slice(prefix.length));
  };
}

export function queryTokenCheck(name: string, secrets: readonly string[]): Check {
  const matches = anyOf(secrets);
  return ({ target }) => {
    const start = target.indexOf("?");
    const values = start === -1 ? [] : new URLSearchParams(target.slice(start + 1)).getAll(name);
    return values.length === 1 && matches(values[0] ?? "");
  };
}

function anyOf(secrets: readonly string[]): (given: string) => boolean {
  const expected = secrets.map(sha256);
  return (given) => {
    const digest = sha256(given);
    return expected.some((one) => timingSafeEqual(one, digest));
  };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
