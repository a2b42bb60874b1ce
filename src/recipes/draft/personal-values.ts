// Replaces personal values in recorded payloads: names, mail and network addresses, URLs with names, ids, digests and
// credentials. A repeated value gets the same replacement, also within other texts, so that references stay intact.
// Anything not known to be harmless is replaced.

import type { Json } from "../../contract.ts";
import { findJson, isObject } from "../../json.ts";
import {
  address6Shape,
  addressShape,
  assignedShape,
  base64Shape,
  cardShape,
  hexShape,
  homeShape,
  hostShape,
  ibanShape,
  isAddress6,
  isExampleAddress,
  isExampleHost,
  isExampleMail,
  isSecretKey,
  isSecretNumber,
  isSenderHost,
  isSenderName,
  loginShape,
  macShape,
  mailShape,
  namedShape,
  opaqueShape,
  phoneShape,
  privateKeyShape,
  publicHost,
  remoteShape,
  tokenShape,
  urlShape,
  uuidShape,
} from "./shapes.ts";
import {
  isGeographic,
  isId,
  isPathWord,
  isWords,
  type Kind,
  kindOf,
  postal,
  redacted,
} from "./value-kinds.ts";

/** Takes all payloads at once, so that shared values stay equal. */
export function withoutPersonalValues(payloads: readonly Json[]): Json[] {
  return payloads.map(hidePersonalValues(payloads));
}

/** The same for these payloads, and for other values with what they share. */
export function hidePersonalValues(payloads: readonly Json[]): (value: Json) => Json {
  const replacer = new Replacer();
  for (const payload of payloads) replacer.collect(payload, []);
  replacer.sortPhrases();
  return (value) => replacer.replaced(value, []);
}

const logins =
  "alice bob carol dave erin frank grace heidi ivan judy mallory niaj olivia peggy rupert sybil trent victor walter".split(
    " ",
  );

class Replacer {
  readonly #known = new Map<string, string>();
  /** Names, which are the same whatever the case of their letters is. */
  readonly #folded = new Map<string, string>();
  /** Those of them that may be keys: of somebody, and not of a repository, which is often called as a field is. */
  readonly #people = new Map<string, string>();
  readonly #counts = new Map<Kind, number>();
  readonly #numbers = new Map<number, number>();
  /** Names of several words, or without spaces around them, which are looked for in texts before anything else. */
  readonly #phrases = new Map<string, { readonly text: string; readonly pattern: RegExp }>();

  collect(value: Json, path: readonly string[]): void {
    if (Array.isArray(value)) for (const item of value) this.collect(item, path);
    else if (isObject(value))
      for (const [key, inner] of Object.entries(value)) this.collect(inner as Json, [...path, key]);
    else if (typeof value === "string") this.#collectText(value, path);
    else if (typeof value === "number" && isId(path) && Math.abs(value) >= 1_000) this.#number(value);
  }

  /** The longest first: one may be a part of another. */
  sortPhrases(): void {
    const sorted = [...this.#phrases].sort(([a], [b]) => b.length - a.length);
    this.#phrases.clear();
    for (const [phrase, one] of sorted) this.#phrases.set(phrase, one);
  }

  /** `isSecret`: it is below a key of a credential. */
  replaced(value: Json, path: readonly string[], isSecret = false): Json {
    if (Array.isArray(value)) return value.map((item) => this.replaced(item, path, isSecret));
    if (isObject(value)) {
      const taken = new Set<string>();
      return Object.fromEntries(
        (Object.entries(value) as [string, Json][]).map(([key, inner]) => [
          unused(this.#key(key), taken),
          this.replaced(inner, [...path, key], isSecret || isSecretKey(key)),
        ]),
      );
    }
    const key = path.at(-1) ?? "";
    if (typeof value === "number") {
      if (isGeographic(key) || (isSecret && isSecretNumber(key))) return 0;
      return this.#numbers.get(value) ?? value;
    }
    if (typeof value !== "string" || value === "") return value;
    if (isSecret) return redacted;
    if (isGeographic(key) && /^[-\d., ]+$/.test(value)) return "0,0";
    const nested = nestedJson(value);
    if (nested !== undefined) return JSON.stringify(this.replaced(nested, path));
    // The address of a mail or of a machine has a shape of its own.
    const isPostal = !/[@:]|^[\d.]+$/.test(value);
    return (isPostal ? postal(key) : undefined) ?? this.#find(value) ?? this.text(value);
  }

  /** Replaces known and recognizable values in a text. */
  text(text: string): string {
    if (privateKeyShape.test(text)) return redacted;
    const held: string[] = [];
    const hold = (replacement: string) => `\uE000${privateDigits(held.push(replacement) - 1)}\uE001`;
    let result = text
      .normalize("NFC")
      .replace(/[\uE000-\uE019]/g, "")
      .replace(tokenShape, () => hold(redacted))
      .replace(urlShape, (url) => hold(this.#url(url)))
      .replace(remoteShape, (_, user: string, host: string, path: string) =>
        hold(
          `${user === "git" ? user : this.#of("login", user)}@${this.#host(host)}:${this.#segments(path)}`,
        ),
      )
      .replace(loginShape, (_, before: string) => `${before}${hold(redacted)}`)
      .replace(assignedShape, (_, before: string) => `${before}${hold(redacted)}`);
    let folded = fold(result);
    for (const [phrase, { text: own, pattern }] of this.#phrases) {
      if (!folded.includes(own)) continue;
      result = result.replace(pattern, hold(this.#find(phrase) ?? phrase));
      folded = fold(result);
    }
    result = result
      .replace(mailShape, (mail) =>
        hold(isExampleMail(mail) ? mail : this.#of("mail", mail.replace("%40", "@"))),
      )
      .replace(namedShape, (_, before: string, name: string) => `${before}${hold(this.#of("login", name))}`)
      .replace(hostShape, (host) =>
        hold(isSenderHost(host) || isExampleHost(host) ? host : this.#of("host", host)),
      )
      .replace(uuidShape, (uuid) => hold(this.#of("uuid", uuid)))
      .replace(macShape, (mac) => hold(this.#of("mac", mac)))
      .replace(address6Shape, (address) =>
        hold(!isAddress6(address) || isExampleAddress(address) ? address : this.#of("address6", address)),
      )
      .replace(addressShape, (address) =>
        hold(isExampleAddress(address) ? address : this.#of("address", address)),
      )
      .replace(ibanShape, () => hold(redacted))
      .replace(phoneShape, () => hold("+15550100"))
      .replace(cardShape, () => hold("4242 4242 4242 4242"))
      .replace(homeShape, (whole, user: string) => hold(whole.replace(user, this.#of("login", user))))
      .replace(hexShape, (hex) => hold(this.#hex(hex)))
      .replace(base64Shape, (text) => hold(this.#of("opaque", text)))
      .replace(opaqueShape, (opaque) =>
        hold(isWords(opaque) ? this.#words(opaque) : this.#of("opaque", opaque)),
      );
    result = this.#words(result);
    // A held replacement may contain another.
    while (result.includes("\uE000"))
      result = result.replace(
        /\uE000([\uE010-\uE019]+)\uE001/g,
        (_, index: string) => held[fromPrivateDigits(index)] ?? "",
      );
    return result;
  }

  #collectText(value: string, path: readonly string[]): void {
    const nested = nestedJson(value);
    if (nested !== undefined) {
      this.collect(nested, path);
      return;
    }
    const kind = kindOf(path, value);
    if (kind === undefined) {
      for (const url of value.match(urlShape) ?? []) this.#collectUrl(url);
      for (const hex of value.match(hexShape) ?? []) if (hex.length >= 32) this.#hex(hex);
      return;
    }
    if (kind === "repo" && value.includes("/")) {
      const parts = value.split("/");
      const names = parts.map((part, index) => this.#of(index === parts.length - 1 ? "repo" : "org", part));
      this.#remember(value, names.join("/"), kind);
    } else this.#remember(value, this.#of(kind, value), kind);
    const text = fold(value);
    if (/[\s/]/.test(value) || (/[^\x00-\x7F]/.test(value) && text.length > 1))
      this.#phrases.set(value, { text, pattern: new RegExp(escaped(value.normalize("NFC")), "giu") });
  }

  #remember(value: string, made: string, kind: Kind): void {
    this.#known.set(value, made);
    if (/^(?:person|login|org|repo|host|mail)$/.test(kind) && value.length >= 3)
      this.#folded.set(fold(value), made);
    if (/^(?:person|login|host|mail)$/.test(kind) && value.length >= 3) this.#people.set(fold(value), made);
  }

  #find(value: string): string | undefined {
    return this.#known.get(value) ?? this.#folded.get(fold(value));
  }

  /** `https://github.com/OWNER/REPO/...`: names in places where they are known to be. */
  #collectUrl(url: string): void {
    const found =
      /^https?:\/\/(?:api\.)?(?:github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)\/(?:repos\/)?([\w.-]+)\/([\w.-]+)/.exec(
        url,
      );
    const [, owner, repo] = found ?? [];
    if (owner === undefined || repo === undefined || isPathWord(owner) || isSenderName(owner)) return;
    this.#of("org", owner);
    if (!isPathWord(repo)) this.#of("repo", repo.replace(/\.git$/, ""));
  }

  /** A name of a field stays as it is: the templates of the recipe have it, too. */
  #key(key: string): string {
    const isField = /^[A-Za-z_$][A-Za-z0-9_$]*(?:-[A-Za-z0-9_$]+)*$/.test(key) && key.length < 64;
    if (!isField) return this.text(key);
    const name = isPathWord(key) ? undefined : this.#people.get(fold(key));
    return name ?? key.replace(tokenShape, redacted);
  }

  #words(text: string): string {
    return text.replace(/[\p{L}\p{N}_][\p{L}\p{N}\p{M}_.-]*[\p{L}\p{N}\p{M}_]|[\p{L}\p{N}_]/gu, (word) => {
      // A short part of a URL is also a usual word.
      const isShort = word.length < 4 && !this.#folded.has(fold(word));
      const known = (isShort ? undefined : this.#find(word)) ?? this.#numbers.get(Number(word))?.toString();
      if (known !== undefined) return known;
      // `acme-app`, `octocat.` or `fix/octocat-patch`: a known name as a part of a word.
      return /[.-]/.test(word)
        ? word.replace(/[\p{L}\p{N}\p{M}_]+/gu, (part) => this.#longName(part) ?? part)
        : word;
    });
  }

  /** A short name is likely to occur within other words. */
  #longName(part: string): string | undefined {
    return part.length >= 4 ? this.#find(part) : undefined;
  }

  #url(written: string): string {
    // `{/sha}` is a URI template that is the same for everyone.
    const brace = written.indexOf("{");
    if (brace !== -1) return this.#url(written.slice(0, brace)) + this.#template(written.slice(brace));
    const found =
      /^([a-z][a-z0-9+.-]*:\/\/)(?:[^/?#]*@)?(\[[^\]]*\]|[^/:?#]*)(:\d+)?([^?#]*)(\?[^#]*)?(#.*)?$/i.exec(
        written,
      );
    if (found === null) return "https://example.com";
    const [, scheme = "", host = "", port = "", path = "", query = "", fragment = ""] = found;
    const end = /[.,;:!]+$/.exec(path + query + fragment)?.[0] ?? "";
    const pairs = query
      .slice(1)
      .split("&")
      .filter((pair) => pair !== "");
    const values = pairs.map((pair) => {
      const [name = "", ...value] = pair.split("=");
      if (value.length === 0) return this.#segment(name);
      return `${name}=${isSecretKey(name) ? redacted : this.#segment(value.join("="))}`;
    });
    const shown = `${scheme.toLowerCase()}${this.#host(host)}${port}${this.#segments(path)}${values.length === 0 ? "" : `?${values.join("&")}`}`;
    return `${shown}${fragment === "" ? "" : `#${this.#segment(fragment.slice(1))}`}${shown.endsWith(end) ? "" : end}`;
  }

  /** `{/sha}` and what is after it. */
  #template(text: string): string {
    return text.replace(/\{[^{}]*\}|[^{}]+/g, (part) => {
      if (!part.startsWith("{")) return part.replace(/[^/?&=#.]+/g, (one) => this.#segment(one));
      return /^\{[/?&#+.;]?[\w,*]+\}$/.test(part) ? this.#words(part) : "{part}";
    });
  }

  #segments(path: string): string {
    return path
      .split("/")
      .map((segment) => this.#segment(segment))
      .join("/");
  }

  /** A path segment stays if it is an API word; anything else may identify someone. */
  #segment(segment: string): string {
    if (segment === "") return segment;
    let text: string;
    try {
      text = decodeURIComponent(segment);
    } catch {
      return "part";
    }
    const known = this.#find(text) ?? this.#numbers.get(Number(text))?.toString();
    if (known !== undefined) return encodeURIComponent(known).replaceAll("%2F", "/");
    if (isPathWord(text)) return segment;
    const ending = /\.(?:diff|patch|json|git|keys|atom|html|xml|zip|png|svg)$/.exec(text)?.[0];
    if (ending !== undefined && ending !== text)
      return this.#segment(encodeURIComponent(text.slice(0, -ending.length))) + ending;
    if (/^\d+$/.test(text)) return text.length < 4 ? text : String(this.#number(Number(text)));
    const shaped = this.text(text);
    return shaped === text ? this.#of("opaque", text) : encodeURI(shaped);
  }

  #host(host: string): string {
    if (host === "") return host;
    const inside = /^\[(.*)\]$/.exec(host)?.[1];
    if (inside !== undefined) return `[${isExampleAddress(inside) ? inside : this.#of("address6", inside)}]`;
    if (isExampleHost(host) || /^[\d.]+$/.test(host))
      return isExampleAddress(host) || !/^[\d.]+$/.test(host) ? host : this.#of("address", host);
    const known = publicHost(host);
    if (known === undefined) return this.#of("host", host);
    const own = host.slice(0, -known.length - 1);
    if (
      own === "" ||
      /^(?:api|www|hooks|avatars\d*|raw|app|dashboard|docs|cdn|registry|gist|uploads|secure|events|o\d+)$/.test(
        own,
      )
    )
      return host;
    return `${this.#of("org", own)}.${known}`;
  }

  #hex(hex: string): string {
    const whole = this.#known.get(hex);
    if (whole !== undefined) return whole;
    for (const [longer, replacement] of this.#known)
      if (longer.length > hex.length && longer.startsWith(hex) && /^[0-9a-f]+$/i.test(longer))
        return replacement.slice(0, hex.length);
    return this.#of("hex", hex);
  }

  #number(value: number): number {
    const known = this.#numbers.get(value);
    if (known !== undefined) return known;
    const digits = String(Math.abs(Math.trunc(value))).length;
    const made = 10 ** (digits - 1) + this.#numbers.size + 1;
    this.#numbers.set(value, made);
    return made;
  }

  #of(kind: Kind, value: string): string {
    const known = this.#find(value);
    if (known !== undefined) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const made = this.#made(kind, value, count);
    this.#remember(value, made, kind);
    return made;
  }

  #made(kind: Kind, value: string, count: number): string {
    const numbered = (name: string) => (count === 1 ? name : `${name}${count}`);
    const login = logins[count - 1] ?? `user${count}`;
    switch (kind) {
      case "login":
        return login;
      case "person":
        return `${login.slice(0, 1).toUpperCase()}${login.slice(1)} Example`;
      case "org":
        return numbered("acme");
      case "repo":
        return numbered("app");
      case "host":
        return `${numbered("host")}.example.com`;
      case "mail":
        return `${login}@example.com`;
      case "uuid":
        return `00000000-0000-4000-8000-${String(count).padStart(12, "0")}`;
      case "address6":
        return `2001:db8::${count.toString(16)}`;
      case "mac":
        return `00:00:5e:00:53:${(count % 256).toString(16).padStart(2, "0")}`;
      case "address":
        return `192.0.2.${((count - 1) % 254) + 1}`;
      case "hex":
      case "opaque":
      case "id":
        return likeText(value, count + kind.length * 1_000);
    }
  }
}

/** JSON in a text, as some senders nest it. */
function nestedJson(text: string): Json | undefined {
  return /^\s*[{[]/.test(text) ? findJson(text) : undefined;
}

/** A name that no other key has got. */
function unused(key: string, taken: Set<string>): string {
  let name = key;
  for (let count = 2; taken.has(name); count++) name = `${key}_${count}`;
  taken.add(name);
  return name;
}

function fold(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** Digits that no pattern matches. */
function privateDigits(index: number): string {
  return String(index).replace(/\d/g, (digit) => String.fromCharCode(0xe010 + Number(digit)));
}

function fromPrivateDigits(digits: string): number {
  return Number(digits.replace(/./gu, (digit) => String(digit.charCodeAt(0) - 0xe010)));
}

/** Replaces letters by letters and digits by digits; a prefix such as `evt_` stays. */
function likeText(value: string, seed: number): string {
  const prefix = /^[A-Za-z]{1,8}[_-](?=.{6})/.exec(value)?.[0] ?? "";
  const isHex = /^[0-9a-f]+$/i.test(value);
  let state = seed * 7_919;
  return (
    prefix +
    Array.from(value.slice(prefix.length), (letter, index) => {
      state = (state * 48_271 + 11) % 2_147_483_647;
      if (/\d/.test(letter)) return index === 0 ? String(1 + (state % 9)) : String(state % 10);
      if (isHex && /[a-f]/i.test(letter)) return "abcdef"[state % 6];
      if (/[a-z]/.test(letter)) return String.fromCharCode(97 + (state % 26));
      return /[A-Z]/.test(letter)
        ? String.fromCharCode(65 + (state % 26))
        : /[\w.=-]/.test(letter)
          ? letter
          : "x";
    }).join("")
  );
}
