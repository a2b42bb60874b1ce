// Twilio signs the public URL and, for a form, its fields sorted by name; for any other body the URL includes
// the body's SHA-256. Mandrill uses the same scheme.
// https://www.twilio.com/docs/usage/security#validating-requests

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { formOf } from "../../../intake/form.ts";
import { isForm } from "../parse-body.ts";
import { type Check, headerOf, type Inbound } from "./verifier.ts";

export interface FormScheme {
  /** The header that holds the signature. */
  readonly form: string;
  /** The header that names another hash than SHA-1, for keys that were made for it. */
  readonly settings?: string;
}

const hashes: Readonly<Record<string, string | undefined>> = { HMAC_SHA1: "sha1", HMAC_SHA256: "sha256" };

/** https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys: `key=...,algorithm=HMAC_SHA256`. */
function hashOf({ headers }: Inbound, settings: string | undefined): string | undefined {
  const text = settings === undefined ? undefined : headers[settings];
  if (text === undefined) return "sha1";
  const named = /(?:^|,)\s*algorithm\s*=\s*(\w{1,20})\s*(?=,|$)/.exec(String(text))?.[1];
  return named !== undefined && Object.hasOwn(hashes, named) ? hashes[named] : undefined;
}

/** `publicUrl` has no trailing slash. */
export function formCheck(scheme: FormScheme, secrets: readonly string[], publicUrl: string): Check {
  const origins = withAndWithoutPort(publicUrl);
  return (inbound) => {
    const signature = headerOf(inbound.headers, scheme.form);
    const hash = hashOf(inbound, scheme.settings);
    if (signature === undefined || hash === undefined || !bodyMatchesUrl(inbound)) return undefined;
    const given = Buffer.from(signature, "latin1");
    const fields = sortedFields(inbound);
    if (fields === undefined) return undefined;
    const signed = `${inbound.target}${fields}`;
    const secret = secrets.find((one) =>
      origins.some((origin) => {
        const expected = Buffer.from(createHmac(hash, one).update(`${origin}${signed}`).digest("base64"));
        return given.length === expected.length && timingSafeEqual(given, expected);
      }),
    );
    if (secret === undefined) return undefined;
    return { secret, signed: createHash("sha256").update(signed).digest("base64url") };
  };
}

/** A body that is not a form is covered only by its hash in the signed URL. */
function bodyMatchesUrl(inbound: Inbound): boolean {
  if (isForm(inbound.headers) || inbound.body.length === 0) return true;
  const start = inbound.target.indexOf("?");
  const query = new URLSearchParams(start === -1 ? "" : inbound.target.slice(start + 1));
  const given = Buffer.from((query.get("bodySHA256") ?? "").toLowerCase());
  const expected = Buffer.from(createHash("sha256").update(inbound.body).digest("hex"));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Name and value of each field, run together; equal fields count once, as Twilio's own libraries have it. */
function sortedFields(inbound: Inbound): string | undefined {
  if (!isForm(inbound.headers)) return "";
  const sent = formOf(inbound.body.toString());
  if (sent === undefined) return undefined;
  const fields = new Map<string, Set<string>>();
  for (const [name, value] of sent) {
    const values = fields.get(name);
    if (values === undefined) fields.set(name, new Set([value]));
    else values.add(value);
  }
  const names = [...fields.keys()].sort();
  return names.flatMap((name) => [...(fields.get(name) ?? [])].sort().map((value) => name + value)).join("");
}

/** Twilio signs sometimes with the port and sometimes without. */
function withAndWithoutPort(publicUrl: string): string[] {
  const { protocol, hostname, port, pathname } = new URL(publicUrl);
  const path = pathname.replace(/\/$/, "");
  const standard = protocol === "https:" ? "443" : "80";
  return [`${protocol}//${hostname}${path}`, `${protocol}//${hostname}:${port || standard}${path}`];
}
