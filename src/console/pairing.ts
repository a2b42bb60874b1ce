// Which browsers may use the console: those whose key came with a one-time code that the user got at a terminal. And the
// tokens of programs, which only read. Kept in the state folder; tokens as hashes, and of browsers only the public key's.

import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { fingerprintOf } from "../browser/identity.ts";
import type { Clock, Json, JsonObject } from "../contract.ts";
import { UsageError } from "../errors.ts";
import { readStateFile, writeStateFile } from "../files/state-file.ts";
import { isObject } from "../json.ts";
import type { BrowserAnswer } from "./protocol.ts";

interface KnownBrowser {
  readonly id: string;
  /** SHA-256 of the public key, of a browser; of the token, of a program. */
  readonly hash: string;
  readonly isToken: boolean;
  readonly name?: string;
  readonly sinceMs: number;
  seenMs?: number;
}

interface PairingOptions {
  /** The state folder. */
  readonly folder: string;
  readonly clock: Pick<Clock, "now">;
  /** A browser, or a program, may no longer come in. */
  revoked(id: string): void;
}

export const codeValidMs = 10 * 60_000;
const maxCodes = 20;
const maxKnown = 50;
/** Wrong codes in a minute; then none is looked at. A code has 80 bits, so this is for the log of those who watch. */
const maxWrong = 10;
const wrongWithinMs = 60_000;
/** A visit is written to disk at most this often. */
const seenEveryMs = 60 * 60_000;
const alphabet = "abcdefghjkmnpqrstvwxyz0123456789";

export class Pairing {
  readonly #options: PairingOptions;
  readonly #file: string;
  /** By hash, with the time when they expire. */
  readonly #codes = new Map<string, number>();
  readonly #known = new Map<string, KnownBrowser>();
  /** Of the router: see browser/identity.ts. */
  #identity: JsonObject;
  #wrongMs: number[] = [];
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: PairingOptions, file: string, kept: JsonObject) {
    this.#options = options;
    this.#file = file;
    this.#identity = isObject(kept.identity) ? kept.identity : {};
    for (const one of Array.isArray(kept.browsers) ? kept.browsers : []) {
      const known = readKnown(one);
      if (known !== undefined) this.#known.set(known.id, known);
    }
  }

  static async open(options: PairingOptions): Promise<Pairing> {
    const file = join(options.folder, "console-browsers.json");
    const kept = (await readStateFile(file)) as Json | undefined;
    return new Pairing(options, file, isObject(kept) ? kept : {});
  }

  /** For browser/identity.ts. */
  readonly store = {
    get: (key: string): Json | undefined => this.#identity[key],
    set: async (key: string, value: Json): Promise<void> => {
      this.#identity = { ...this.#identity, [key]: value };
      await this.#save();
    },
  };

  /** Valid once, for ten minutes, in this process. */
  createCode(): string {
    const nowMs = this.#options.clock.now();
    for (const [hash, untilMs] of this.#codes) if (untilMs <= nowMs) this.#codes.delete(hash);
    if (this.#codes.size >= maxCodes) this.#codes.delete(this.#codes.keys().next().value as string);
    const code = [...randomBytes(16)].map((byte) => alphabet[byte % 32]).join("");
    this.#codes.set(hashOfText(code), nowMs + codeValidMs);
    return code.replace(/(.{4})(?=.)/g, "$1-");
  }

  /** `limited`: too many were wrong a moment ago. Rejects when the state folder cannot be written. */
  async enter(code: string, { id, key, name }: Entering): Promise<"entered" | "wrong" | "limited"> {
    const nowMs = this.#options.clock.now();
    this.#wrongMs = this.#wrongMs.filter((ms) => ms > nowMs - wrongWithinMs);
    if (this.#wrongMs.length >= maxWrong) return "limited";
    const hash = hashOfText(code.toLowerCase().replaceAll(/[\s-]/g, ""));
    const untilMs = this.#codes.get(hash);
    this.#codes.delete(hash);
    if (untilMs === undefined || untilMs <= nowMs) {
      this.#wrongMs.push(nowMs);
      return "wrong";
    }
    await this.#add({
      id,
      hash: fingerprintOf(Buffer.from(key)),
      isToken: false,
      ...(name === undefined ? {} : { name }),
      sinceMs: nowMs,
      seenMs: nowMs,
    });
    return "entered";
  }

  /** Notes the visit. */
  knows({ id, key }: Pick<Entering, "id" | "key">): boolean {
    const known = this.#known.get(id);
    if (known === undefined || known.isToken || known.hash !== fingerprintOf(Buffer.from(key))) return false;
    this.#see(known);
    return true;
  }

  /** A token for a program, which is shown once. */
  async createToken(name: string | undefined): Promise<{ readonly id: string; readonly token: string }> {
    const token = `crt_${randomBytes(32).toString("base64url")}`;
    const id = `t-${randomBytes(6).toString("hex")}`;
    await this.#add({
      id,
      hash: hashOfText(token),
      isToken: true,
      ...(name === undefined ? {} : { name: name.slice(0, 60) }),
      sinceMs: this.#options.clock.now(),
    });
    return { id, token };
  }

  /** `authorization`: the header. The id of the token, or undefined. */
  tokenOf(authorization: string | undefined): string | undefined {
    const token = /^Bearer (crt_[\w-]{43})$/.exec(authorization ?? "")?.[1];
    if (token === undefined) return undefined;
    // Found by its hash: what can be measured of the comparison says nothing about the token.
    const hash = hashOfText(token);
    const known = [...this.#known.values()].find((one) => one.isToken && one.hash === hash);
    if (known === undefined) return undefined;
    this.#see(known);
    return known.id;
  }

  list(own?: string): BrowserAnswer[] {
    return [...this.#known.values()].map(({ id, sinceMs, seenMs, name, isToken }) => ({
      id,
      since: new Date(sinceMs).toISOString(),
      ...(seenMs === undefined ? {} : { last_seen: new Date(seenMs).toISOString() }),
      ...(name === undefined ? {} : { name }),
      own: id === own,
      ...(isToken ? { token: true } : {}),
    }));
  }

  /** Rejects with a UsageError for an unknown one. */
  async revoke(id: string): Promise<void> {
    if (!this.#known.delete(id))
      throw new UsageError("E_USAGE", `no browser with the id ${id.slice(0, 60)}`, {
        hint: "channel-router console list shows them",
      });
    this.#options.revoked(id);
    await this.#save();
  }

  async #add(known: KnownBrowser): Promise<void> {
    this.#known.set(known.id, known);
    while (this.#known.size > maxKnown) {
      const lastOf = ({ seenMs, sinceMs }: KnownBrowser) => seenMs ?? sinceMs;
      const [oldest] = [...this.#known.values()].sort((a, b) => lastOf(a) - lastOf(b));
      this.#known.delete((oldest as KnownBrowser).id);
      this.#options.revoked((oldest as KnownBrowser).id);
    }
    await this.#save();
  }

  #see(known: KnownBrowser): void {
    const nowMs = this.#options.clock.now();
    const isDue = nowMs - (known.seenMs ?? 0) >= seenEveryMs;
    if (!isDue) return;
    known.seenMs = nowMs;
    // The time of a visit is not worth a failure.
    this.#save().catch(() => undefined);
  }

  #save(): Promise<void> {
    const written = this.#writing
      .catch(() => undefined)
      .then(() => {
        const browsers = [...this.#known.values()];
        return writeStateFile(this.#file, `${JSON.stringify({ identity: this.#identity, browsers })}\n`);
      });
    this.#writing = written;
    return written;
  }
}

interface Entering {
  readonly id: string;
  /** The public key: SPKI in base64url. */
  readonly key: string;
  readonly name: string | undefined;
}

function hashOfText(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}

function readKnown(value: Json): KnownBrowser | undefined {
  if (!isObject(value)) return undefined;
  const { id, hash, isToken, name, sinceMs, seenMs } = value;
  if (typeof id !== "string" || typeof hash !== "string" || typeof sinceMs !== "number") return undefined;
  return {
    id,
    hash,
    isToken: isToken === true,
    ...(typeof name === "string" ? { name } : {}),
    sinceMs,
    ...(typeof seenMs === "number" ? { seenMs } : {}),
  };
}

/** `Firefox on Linux`, from what the browser says of itself. */
export function nameOfBrowser(userAgent: string | undefined): string | undefined {
  const text = userAgent ?? "";
  const browser = [
    [/\bEdg\//, "Edge"],
    [/\bOPR\//, "Opera"],
    [/\bFirefox\//, "Firefox"],
    [/\bCriOS\/|\bChrome\//, "Chrome"],
    [/\bSafari\//, "Safari"],
  ].find(([pattern]) => (pattern as RegExp).test(text))?.[1];
  const system = [
    [/\biPhone|\biPad/, "iOS"],
    [/\bAndroid/, "Android"],
    [/\bWindows/, "Windows"],
    [/\bMac OS X/, "macOS"],
    [/\bLinux/, "Linux"],
  ].find(([pattern]) => (pattern as RegExp).test(text))?.[1];
  if (browser === undefined) return undefined;
  return system === undefined ? String(browser) : `${browser} on ${system}`;
}
