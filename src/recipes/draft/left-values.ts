// Finds values in a payload that look personal and must not be published.

import type { Json } from "../../contract.ts";
import { findJson, isObject } from "../../json.ts";
import {
  address6Shape,
  addressShape,
  assignedShape,
  homeShape,
  isAddress6,
  isExampleAddress,
  isExampleMail,
  isSecretKey,
  loginShape,
  mailShape,
  privateKeyShape,
  publicHost,
  tokenShape,
} from "./shapes.ts";

export interface LeftValue {
  /** `a mail address` */
  readonly what: string;
  readonly value: string;
}

/** Lists each value once. A payload that is not JSON is a single text. */
export function leftValues(payload: Json): LeftValue[] {
  const found = new Map<string, LeftValue>();
  const add = (what: string, value: string) => found.set(`${what} ${value}`, { what, value });
  // `key`: the nearest that names a credential, else the last.
  const walk = (value: Json, key: string) => {
    if (Array.isArray(value)) for (const item of value) walk(item, key);
    else if (isObject(value))
      for (const [name, inner] of Object.entries(value)) {
        inText(name, "", add);
        walk(inner as Json, isSecretKey(key) ? key : name);
      }
    else if (typeof value === "string") {
      inText(value, key, add);
      const nested = /^\s*[{[]/.test(value) ? findJson(value) : undefined;
      if (nested !== undefined) walk(nested, key);
    }
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
    if (!isExampleMail(mail) && publicHost(mail.replace(/^.*(?:@|%40)/, "")) === undefined)
      add("a mail address", mail);
  for (const [whole, user = ""] of text.matchAll(homeShape))
    if (!/^(?:user|username|runner|you|me|dev|ada|alice|bob|carol|dave|node|app|vscode|ubuntu)$/i.test(user))
      add("a home folder", whole);
  // A version in a text may look like an address, so only a whole value counts.
  if (new RegExp(`^${addressShape.source}$`).test(text) && !isExampleAddress(text))
    add("a network address", text);
  for (const address of text.match(address6Shape) ?? [])
    if (isAddress6(address) && !isExampleAddress(address)) add("a network address", address);
  for (const [, scheme = "", login = ""] of text.matchAll(
    /\b([a-z][a-z0-9+.-]*:\/\/)([^\s/@:]*:[^\s/@]+)@/gi,
  ))
    if (!isPlaceholder(login.replace(/^.*:/, ""))) add("a credential", `${scheme}${login}@`);
  for (const [whole, before = ""] of [...text.matchAll(loginShape), ...text.matchAll(assignedShape)])
    if (isOpaque(whole.slice(before.length))) add("a credential", whole);
  if (isSecretKey(key) && text.length >= 12 && !isPlaceholder(text)) add(`a value of ${key}`, text);
}

/** Not a word, such as in "token: expected". */
function isOpaque(text: string): boolean {
  return text.length >= 8 && /\d/.test(text) && /[A-Za-z]/.test(text) && !isPlaceholder(text);
}

/** Whether a value is a placeholder for a credential: one repeated letter, or a word such as "example". */
function isPlaceholder(text: string): boolean {
  return (
    /REDACTED|example|placeholder|dummy|sample|secret_here|xxx|\*{3}|test_?token|^https?:/i.test(text) ||
    new Set(text.replace(/^[a-z]+[_-]/i, "")).size <= 4
  );
}

/** Headers with credentials. Tests do not need them, because they do not check signatures. */
export function isSecretHeader(name: string): boolean {
  if (/(?:event|topic)-key$/i.test(name)) return false;
  return (
    isSecretKey(name) ||
    /signature|authorization|cookie|token|secret|hmac|(?:^|-)(?:key|sig|pass\w*|pwd)(?:-|$)/i.test(name)
  );
}
