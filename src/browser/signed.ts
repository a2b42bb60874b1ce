// Requests that a browser signed with its key. Each is valid once, in a session of this very process, for one
// method, path and body: a signature that was captured by another server of the port while the router is away
// is worthless when it is back.

import { createHash, createPublicKey, type KeyObject, randomBytes, verify } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Clock, JsonObject } from "../contract.ts";
import { Refusal } from "../http/answer.ts";
import { type Identity, isSame, macOf, type PageScope, proofText } from "./identity.ts";

/** A request with a verified author. */
export interface SignedRequest {
  /** The browser's id: access lists contain it. */
  readonly browser: string;
  /** Its public key, as SPKI in base64url. */
  readonly key: string;
  /** The hash of the body, which must be compared after reading. */
  readonly bodyHash: string;
}

export interface Sessions {
  /** The first request of a page: who is there? */
  hello(fields: JsonObject, origin: string): JsonObject | Refusal;
  check(request: IncomingMessage, origin: string): SignedRequest | Refusal;
}

const sessionValidMs = 24 * 60 * 60_000;
const maxSessions = 1_000;
const maxKeys = 200;
/** Requests of one page may overtake each other by this much. */
const maxUsed = 1_000;

const headerPattern =
  /^Browser k=([\w-]{80,200}),s=([\w.-]{60,120}),p=([\w.-]{0,120}),n=(\d{1,12}),b=([\w-]{43}),x=([\w-]{86})$/;

/** Keys, sessions and the rest are kept for the lifetime of the source. */
export function createSessions(identity: Identity, clock: Pick<Clock, "now">): Sessions {
  const secret = randomBytes(32);
  const keys = new Map<string, KeyObject>();
  const sessions = new Map<string, Session>();
  /** Older sessions are forgotten, so their requests could be replayed. */
  let forgottenMs = 0;

  const macFor = (issued: string, random: string, origin: string) =>
    macOf(secret, ["session", issued, random, origin]);

  /** Undefined for a session that is not, or no longer, of this process and this origin. */
  function issuedOf(session: string, origin: string): number | undefined {
    const [issued = "", random = "", mac = ""] = session.split(".");
    const issuedMs = Number.parseInt(issued, 36);
    const isFresh = issuedMs > forgottenMs && clock.now() - issuedMs < sessionValidMs;
    return isFresh && isSame(mac, macFor(issued, random, origin)) ? issuedMs : undefined;
  }

  function keyOf(written: string): KeyObject | undefined {
    const known = keys.get(written) ?? readKey(written);
    if (known === undefined) return undefined;
    keys.delete(written);
    keys.set(written, known);
    if (keys.size > maxKeys) keys.delete(keys.keys().next().value as string);
    return known;
  }

  /** False when it was used before. */
  function use(id: string, issuedMs: number, key: string, count: number): boolean {
    const session = sessions.get(id) ?? { issuedMs, key, used: new Set<number>(), floor: -1 };
    if (session.key !== key || count <= session.floor || session.used.has(count)) return false;
    session.used.add(count);
    if (session.used.size > maxUsed) {
      session.floor = Math.min(...session.used);
      session.used.delete(session.floor);
    }
    sessions.set(id, session);
    if (sessions.size > maxSessions) forgetOldest();
    return true;
  }

  function forgetOldest(): void {
    for (const [id, { issuedMs }] of sessions)
      if (clock.now() - issuedMs >= sessionValidMs) sessions.delete(id);
    if (sessions.size <= maxSessions) return;
    const times = [...sessions.values()].map(({ issuedMs }) => issuedMs).sort((a, b) => a - b);
    forgottenMs = times[Math.floor(maxSessions / 10)] ?? forgottenMs;
    for (const [id, { issuedMs }] of sessions) if (issuedMs <= forgottenMs) sessions.delete(id);
  }

  return {
    hello({ nonce }, origin) {
      if (typeof nonce !== "string" || !/^[\w-]{22,86}$/.test(nonce))
        return new Refusal(400, "nonce is missing");
      const issued = clock.now().toString(36);
      const random = randomBytes(18).toString("base64url");
      const session = [issued, random, macFor(issued, random, origin)].join(".");
      return {
        server: identity.key,
        session,
        proof: identity.prove(proofText(identity.scope, origin, nonce, session)),
      };
    },
    check(request, origin) {
      const given = request.headers.authorization ?? "";
      if (/^Bearer /i.test(given)) return outdated;
      const [, key = "", session = "", page = "", count = "", bodyHash = "", signature = ""] =
        headerPattern.exec(given) ?? [];
      if (signature === "") return new Refusal(401, "this is for the page only");
      if (!identity.isOwnPage(page, origin, clock.now())) return unmarked;
      const issuedMs = issuedOf(session, origin);
      if (issuedMs === undefined) return again;
      const known = keyOf(key);
      if (known === undefined) return new Refusal(401, "this is not the key of a browser");
      const { method = "", url = "" } = request;
      const text = requestText({
        scope: identity.scope,
        origin,
        server: identity.id,
        session,
        page,
        count,
        method,
        path: url,
        bodyHash,
      });
      const isSigned = verify(
        "sha256",
        Buffer.from(text),
        { key: known, dsaEncoding: "ieee-p1363" },
        Buffer.from(signature, "base64url"),
      );
      if (!isSigned) return new Refusal(401, "the signature does not match the request");
      if (!use(session, issuedMs, key, Number(count))) return again;
      return { browser: browserOf(identity.scope, key, origin), key, bodyHash };
    },
  };
}

interface Session {
  readonly issuedMs: number;
  /** The one that was verified first. */
  readonly key: string;
  readonly used: Set<number>;
  floor: number;
}

/** The page says hello, and sends it again. */
export const again = new Refusal(401, "say hello first");
/** The page has no mark of this router, or an old one. */
export const unmarked = new Refusal(401, "this page was not opened by its address: open it again");
export const outdated = new Refusal(401, "this page is of an older version: reload it");

interface RequestParts {
  readonly scope: PageScope;
  readonly origin: string;
  readonly server: string;
  readonly session: string;
  readonly page: string;
  readonly count: string;
  readonly method: string;
  readonly path: string;
  readonly bodyHash: string;
}

/** The text that a browser signs. */
export function requestText(parts: RequestParts): string {
  const { scope, origin, server, session, page, count, method, path, bodyHash } = parts;
  return [
    `channel-router ${scope} request`,
    origin,
    server,
    session,
    page,
    count,
    method,
    path,
    bodyHash,
  ].join("\n");
}

/** ECDSA on P-256, in the format of browsers: one key has one spelling. */
function readKey(written: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(written, "base64url"), format: "der", type: "spki" });
    const isP256 = key.asymmetricKeyDetails?.namedCurve === "prime256v1";
    return isP256 && key.export({ format: "der", type: "spki" }).toString("base64url") === written
      ? key
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The id of a browser: derived from its key and the origin under which it is stored, because every server of
 * that origin can use the key. In five groups, so that people can compare it. No id of an older version looks
 * like this.
 */
export function browserOf(scope: PageScope, key: string, origin: string): string {
  const digest = createHash("sha256")
    .update([`channel-router ${scope} browser`, origin, key].join("\n"))
    .digest("hex");
  return [0, 4, 8, 12, 16].map((at) => digest.slice(at, at + 4)).join("-");
}

export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url");
}
