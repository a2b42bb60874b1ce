// The identity of this router for a browser: a key of its own, kept in a store. With it the router
// proves itself before a page sends anything, and a browser uses the key that it made for this router with no
// other one. It also marks the pages that it served: a page that another program put into the browser has no
// such mark, and is rejected.

import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
} from "node:crypto";
import type { Store } from "../contract/host.ts";
import type { Json, JsonObject } from "../contract.ts";

/** What pages are for: the texts that are signed for one are worthless for the other. */
export type PageScope = "webchat" | "console";

export interface Identity {
  readonly scope: PageScope;
  /** The public key, as SPKI in base64url. */
  readonly key: string;
  /** Its identifier in texts that browsers sign. */
  readonly id: string;
  /** Over the text of `proofText`. */
  prove(text: string): string;
  /** For a page that is served now, under this origin. */
  markPage(origin: string, nowMs: number): string;
  isOwnPage(mark: string, origin: string, nowMs: number): boolean;
}

const storeKey = "identity";
/** Longer than a page stays open. */
const pageValidMs = 30 * 24 * 60 * 60_000;

/** Created at the first start, and reused later. */
export async function openIdentity(store: Pick<Store, "get" | "set">, scope: PageScope): Promise<Identity> {
  const kept = readKept(store.get(storeKey)) ?? make();
  if (store.get(storeKey) === undefined) await store.set(storeKey, kept as unknown as Json);
  const privateKey = createPrivateKey({
    key: Buffer.from(kept.key, "base64url"),
    format: "der",
    type: "pkcs8",
  });
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const pages = Buffer.from(kept.pages, "base64url");
  const markOf = (issued: string, random: string, origin: string) =>
    macOf(pages, ["page", issued, random, origin]);

  return {
    scope,
    key: spki.toString("base64url"),
    id: fingerprintOf(spki),
    prove: (text) => signText(privateKey, text),
    markPage(origin, nowMs) {
      const issued = nowMs.toString(36);
      const random = randomBytes(18).toString("base64url");
      return [issued, random, markOf(issued, random, origin)].join(".");
    },
    isOwnPage(mark, origin, nowMs) {
      const [issued = "", random = "", mac = ""] = mark.split(".");
      const age = nowMs - Number.parseInt(issued, 36);
      return age >= 0 && age < pageValidMs && isSame(mac, markOf(issued, random, origin));
    },
  };
}

interface Kept {
  /** PKCS 8, in base64url. */
  readonly key: string;
  readonly pages: string;
}

function readKept(value: Json | undefined): Kept | undefined {
  const { key, pages } = (value ?? {}) as JsonObject;
  return typeof key === "string" && typeof pages === "string" ? { key, pages } : undefined;
}

function make(): Kept {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    key: privateKey.export({ format: "der", type: "pkcs8" }).toString("base64url"),
    pages: randomBytes(32).toString("base64url"),
  };
}

function signText(key: KeyObject, text: string): string {
  return sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
}

export function fingerprintOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url");
}

export function macOf(secret: Uint8Array, parts: readonly string[]): string {
  return createHmac("sha256", secret).update(parts.join("\n")).digest("base64url");
}

export function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The text that a router signs to prove itself to one page. */
export function proofText(scope: PageScope, origin: string, nonce: string, session: string): string {
  return [`channel-router ${scope} server`, origin, nonce, session].join("\n");
}
