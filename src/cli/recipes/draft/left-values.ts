// What in a payload probably belongs to somebody: it must not be published.

import type { Json } from "../../../contract.ts";
import { isObject } from "../../../json.ts";
import {
  addressShape,
  homeShape,
  isExampleAddress,
  isExampleMail,
  mailShape,
  privateKeyShape,
  publicHost,
  secretKey,
  tokenShape,
} from "./shapes.ts";

export interface LeftValue {
  /** `a mail address` */
  readonly what: string;
  readonly value: string;
}

/** Each value once. A payload that is not JSON is one text. */
export function leftValues(payload: Json): LeftValue[] {
  const found = new Map<string, LeftValue>();
  const add = (what: string, value: string) => found.set(`${what} ${value}`, { what, value });
  const walk = (value: Json, key: string) => {
    if (Array.isArray(value)) for (const item of value) walk(item, key);
    else if (isObject(value)) for (const [name, inner] of Object.entries(value)) walk(inner as Json, name);
    else if (typeof value === "string") inText(value, key, add);
  };
  walk(payload, "");
  return [...found.values()];
}

/** Only what lets somebody in. */
export function leftCredentials(payload: Json): LeftValue[] {
  return leftValues(payload).filter(({ what }) => /^a (?:credential|private key)$/.test(what));
}

function inText(text: string, key: string, add: (what: string, value: string) => void): void {
  if (privateKeyShape.test(text)) add("a private key", `${text.slice(0, 30)}...`);
  for (const token of text.match(tokenShape) ?? []) if (!isPlaceholder(token)) add("a credential", token);
  for (const mail of text.match(mailShape) ?? [])
    if (!isExampleMail(mail) && publicHost(mail.slice(mail.indexOf("@") + 1)) === undefined)
      add("a mail address", mail);
  for (const [whole, user = ""] of text.matchAll(homeShape))
    if (!/^(?:user|username|runner|you|me|dev|ada|alice|bob|carol|dave|node|app|vscode|ubuntu)$/i.test(user))
      add("a home folder", whole);
  // A version may look like an address, but not where it is all of the value.
  if (new RegExp(`^${addressShape.source}$`).test(text) && !isExampleAddress(text))
    add("a network address", text);
  if (secretKey.test(key) && text.length >= 12 && !isPlaceholder(text)) add(`a value of ${key}`, text);
}

/** Written in place of a credential: one letter again and again, or a word that says so. */
function isPlaceholder(text: string): boolean {
  return (
    /REDACTED|example|placeholder|dummy|sample|secret_here|xxx|\*{3}|test_?token|^https?:/i.test(text) ||
    new Set(text.replace(/^[a-z]+[_-]/i, "")).size <= 4
  );
}

/** Headers that carry credentials: a test needs none, since it checks no signature. */
export function isSecretHeader(name: string): boolean {
  return secretKey.test(name) || /signature|authorization|cookie|token|secret|api-?key|hmac/i.test(name);
}
