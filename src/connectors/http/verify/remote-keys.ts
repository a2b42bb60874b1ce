// Public keys that a sender publishes: a JWKS, a certificate, a key in a JSON document. They are fetched only
// from the hosts that the preset or the config names, over https, without redirects; they are cached for an
// hour, and for a day when they cannot be fetched again. The limits below bound the fetches that unverified
// requests can cause, and keep a share for addresses whose keys have verified a request before.

import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import type { HttpClient } from "../../../contract/host.ts";
import type { Clock, Json } from "../../../contract.ts";
import { isObject } from "../../../json.ts";
import { readAt } from "./challenge.ts";
import { dataOf, textAt, valuesAt } from "./fields.ts";
import type { Inbound } from "./verifier.ts";

/** Where a sender publishes its keys. */
export interface KeySource {
  /** The one address of all keys. */
  readonly url?: string;
  /** The request names the URL, at this location: only with `hosts` and `path`. */
  readonly urlFrom?: string;
  /** The complete host of such a URL; `{region}` is that of the ARN in `audience`. */
  readonly hosts?: readonly string[];
  readonly path?: RegExp;
  /** `{pemAt}`: in a JSON document, at this path. */
  readonly kind: "jwks" | "certificate" | { readonly pemAt: string };
  /** Not fetched for a request with another value at this location than `audience`. */
  readonly audienceAt?: string;
}

interface KeyStoreOptions {
  readonly source: KeySource;
  readonly audience: string | undefined;
  readonly http: Pick<HttpClient, "request">;
  readonly clock: Pick<Clock, "now">;
  /** The id of the key that a request names; its value is undefined when it names none. */
  keyIdOf?(inbound: Inbound): { readonly id: string | undefined } | undefined;
  readonly signal: AbortSignal;
}

export interface KeyStore {
  /**
   * Fetches the keys for this request. `unavailable`: the fetch failed, and the request can be neither
   * accepted nor rejected.
   */
  prepare(inbound: Inbound): Promise<"unavailable" | undefined>;
  /** The cached keys for this request. */
  keysFor(inbound: Inbound): readonly KeyObject[];
  /** Its keys have verified this request: from now on they are fetched and cached before those of strangers. */
  verified(inbound: Inbound): void;
}

const freshMs = 60 * 60 * 1_000;
const staleMs = 24 * freshMs;
/** A key id that is not in the set is looked up again after this time. */
const unknownKeyMs = 60_000;
const retryMs = 5_000;
const timeoutMs = 5_000;
const maxBytes = 256 * 1024;
const maxAddresses = 8;
const maxKeys = 32;
/** Maximum fetches of one source per minute. */
const maxFetches = 10;
/** Those of them for addresses that verified no request yet: anybody can name such an address. */
const maxStrangeFetches = 5;
/** And those of them for an address that is named for the first time. A sender tries again; a flood names new ones. */
const maxFirstFetches = 3;
/** An address without a key is not fetched again for this time. */
const missingMs = 10 * 60_000;
const maxGood = 32;
const maxRemembered = 1_024;

/** The host has answered, and has no key there. */
class NoKeys extends Error {}

interface Entry {
  readonly atMs: number;
  readonly keys: readonly { readonly id: string | undefined; readonly key: KeyObject }[];
}

export function createKeyStore(options: KeyStoreOptions): KeyStore {
  const { source, audience, http, clock, signal } = options;
  const entries = new Map<string, Entry>();
  /** Until when they are not fetched again. */
  const failed = new Map<string, number>();
  /** When they were first asked for, and could not be fetched for lack of turns. */
  const waiting = new Map<string, number>();
  /** Those whose keys verified a request; the latest are last. */
  const good = new Set<string>();
  const flights = new Map<string, Promise<boolean>>();
  let fetched: { readonly atMs: number; readonly strange: boolean }[] = [];

  const isGood = (url: string) => source.url !== undefined || good.has(url);

  function keep(url: string, entry: Entry): void {
    entries.delete(url);
    entries.set(url, entry);
    if (entries.size <= maxAddresses) return;
    const oldest = [...entries.keys()];
    entries.delete(oldest.find((one) => one !== url && !isGood(one)) ?? (oldest[0] as string));
  }

  async function fetchKeys(url: string): Promise<boolean> {
    try {
      const answer = await http.request({
        url,
        signal,
        timeoutMs,
        bodyMs: timeoutMs,
        redirects: false,
        publicOnly: source.urlFrom !== undefined || isBuiltIn(source),
        headers: { accept: "application/json, application/x-pem-file, */*;q=0.1" },
      });
      if (answer.status !== 200) {
        answer.discard();
        const isMissing = answer.status === 404 || answer.status === 403 || answer.status === 410;
        throw new (isMissing ? NoKeys : Error)(`status ${answer.status}`);
      }
      const keys = readKeys(await answer.text(maxBytes), source.kind, clock.now());
      if (keys.length === 0) throw new NoKeys("no keys");
      keep(url, { atMs: clock.now(), keys });
      failed.delete(url);
      waiting.delete(url);
      return true;
    } catch (error) {
      const waitMs = error instanceof NoKeys && !isGood(url) ? missingMs : retryMs;
      remember(failed, url, clock.now() + waitMs);
      return false; // The sender is answered 503, and the source's own counts say so.
    }
  }

  /** Whether there is a turn for this URL: those that were good have a share that strangers cannot use up. */
  function takeTurn(url: string): boolean {
    const nowMs = clock.now();
    fetched = fetched.filter(({ atMs }) => Math.abs(nowMs - atMs) < 60_000);
    const strange = !isGood(url);
    const strangers = fetched.filter((one) => one.strange).length;
    const firstMs = waiting.get(url);
    const isAgain = firstMs !== undefined && Math.abs(nowMs - firstMs) >= retryMs;
    const most = isAgain ? maxStrangeFetches : maxFirstFetches;
    if (fetched.length >= maxFetches || (strange && strangers >= most)) {
      if (firstMs === undefined) remember(waiting, url, nowMs);
      return false;
    }
    fetched.push({ atMs: nowMs, strange });
    return true;
  }

  /** One fetch at a time per URL; false when it failed, or must not be repeated yet. */
  function refresh(url: string): Promise<boolean> {
    const under = flights.get(url);
    if (under !== undefined) return under;
    if (clock.now() < (failed.get(url) ?? Number.NEGATIVE_INFINITY) || !takeTurn(url))
      return Promise.resolve(false);
    const flight = fetchKeys(url).finally(() => flights.delete(url));
    flights.set(url, flight);
    return flight;
  }

  return {
    async prepare(inbound) {
      const url = urlOf(source, inbound, audience);
      const named = options.keyIdOf === undefined ? { id: undefined } : options.keyIdOf(inbound);
      if (url === undefined || named === undefined) return undefined;
      const entry = entries.get(url);
      const ageMs = entry === undefined ? Number.POSITIVE_INFINITY : Math.abs(clock.now() - entry.atMs);
      const isKnown = named.id === undefined || entry?.keys.some(({ id }) => id === named.id) === true;
      if (ageMs < freshMs && (isKnown || ageMs < unknownKeyMs)) return undefined;
      if (await refresh(url)) return undefined;
      return isKnown && ageMs < staleMs ? undefined : "unavailable";
    },
    keysFor(inbound) {
      const url = urlOf(source, inbound, audience);
      const named = options.keyIdOf === undefined ? { id: undefined } : options.keyIdOf(inbound);
      if (url === undefined || named === undefined) return [];
      const keys = entries.get(url)?.keys ?? [];
      return keys.filter(({ id }) => named.id === undefined || id === named.id).map(({ key }) => key);
    },
    verified(inbound) {
      if (source.url !== undefined) return;
      const url = urlOf(source, inbound, audience);
      if (url === undefined) return;
      good.delete(url);
      good.add(url);
      if (good.size > maxGood) good.delete(good.values().next().value as string);
    },
  };
}

/** Forgets the oldest beyond a limit. */
function remember(times: Map<string, number>, url: string, ms: number): void {
  times.delete(url);
  times.set(url, ms);
  if (times.size > maxRemembered) times.delete(times.keys().next().value as string);
}

/** For a preset, whose URLs are public. A URL in the config may be in a private network. */
function isBuiltIn({ hosts }: KeySource): boolean {
  return hosts !== undefined;
}

/** The ARN of a topic. Its region becomes a part of a host name, so it is a region: a variable in its place would be looked up in the DNS. */
export const topicPattern =
  /^arn:aws[\w-]*:sns:([a-z]{2,4}(?:-gov|-iso[a-z]?)?-(?:central|(?:north|south)?(?:east|west)|north|south)-\d):\d{12}:[\w.-]{1,256}$/;

/** The hosts that a source may ask for keys. */
export function keyHosts({ hosts = [] }: KeySource, audience: string | undefined): string[] {
  const region = topicPattern.exec(audience ?? "")?.[1];
  return hosts.flatMap((host) => {
    if (!host.includes("{region}")) return [host];
    if (region === undefined) return [];
    return [host.replace("{region}", region) + (region.startsWith("cn-") ? ".cn" : "")];
  });
}

/** Undefined for a request that names no allowed URL. */
function urlOf(source: KeySource, inbound: Inbound, audience: string | undefined): string | undefined {
  const { target, headers } = inbound;
  const needsData = [source.urlFrom, source.audienceAt].some((location) => location?.startsWith("data."));
  const data = needsData ? dataOf(inbound) : undefined;
  const asked = { target, headers, ...(data === undefined ? {} : { data }) };
  if (source.audienceAt !== undefined && readAt(source.audienceAt, asked) !== audience) return undefined;
  if (source.url !== undefined) return source.url;
  const text = readAt(source.urlFrom ?? "", asked);
  if (text === undefined || text.length > 512 || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isPlain =
    url.href === text &&
    url.protocol === "https:" &&
    url.port === "" &&
    url.username === "" &&
    url.password === "";
  if (!isPlain || url.search !== "" || url.hash !== "") return undefined;
  const isAllowed =
    keyHosts(source, audience).includes(url.hostname) && source.path?.test(url.pathname) === true;
  return isAllowed ? text : undefined;
}

function readKeys(text: string, kind: KeySource["kind"], nowMs: number): Entry["keys"] {
  if (kind === "certificate") {
    const certificate = new X509Certificate(text);
    const isValid = nowMs >= Date.parse(certificate.validFrom) && nowMs <= Date.parse(certificate.validTo);
    return isValid ? [{ id: undefined, key: certificate.publicKey }] : [];
  }
  const data = JSON.parse(text) as Json;
  if (kind !== "jwks") {
    const pem = textAt(data, kind.pemAt);
    return pem === undefined ? [] : [{ id: undefined, key: createPublicKey(pem) }];
  }
  return valuesAt(data, "keys.*")
    .slice(0, maxKeys)
    .flatMap((jwk) => {
      if (!isObject(jwk)) return [];
      // Shared secrets do not belong in a public set, and encryption keys sign nothing.
      if (jwk.kty === "oct" || (jwk.use !== undefined && jwk.use !== "sig")) return [];
      const id = typeof jwk.kid === "string" ? jwk.kid : undefined;
      try {
        const { kty, crv, x, y, n, e } = jwk;
        return [{ id, key: createPublicKey({ key: { kty, crv, x, y, n, e } as never, format: "jwk" }) }];
      } catch {
        return []; // A kind of key that this Node does not know.
      }
    });
}
