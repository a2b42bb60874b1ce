// Replaces what belongs to somebody in recorded payloads: names, mail and network addresses, URLs with names in them,
// ids, digests and credentials. A value that occurs again gets the same replacement, also inside of other texts, so
// that what belongs together still does. What is not recognized as harmless is replaced.

import type { Json, JsonObject } from "../../../contract.ts";
import { isObject, readJson } from "../../../json.ts";
import {
  addressShape,
  hexShape,
  homeShape,
  hostShape,
  isExampleAddress,
  isExampleHost,
  isExampleMail,
  isSenderHost,
  isSenderName,
  mailShape,
  opaqueShape,
  privateKeyShape,
  publicHost,
  secretKey,
  tokenShape,
  urlShape,
  uuidShape,
} from "./shapes.ts";

const redacted = "REDACTED";

/** All of them together: what two payloads share stays shared. */
export function withoutPersonalValues(payloads: readonly Json[]): Json[] {
  return payloads.map(hidePersonalValues(payloads));
}

/** The same for these payloads, and for other values with what they share. */
export function hidePersonalValues(payloads: readonly Json[]): (value: Json) => Json {
  const replacer = new Replacer();
  for (const payload of payloads) replacer.collect(payload, []);
  return (value) => replacer.replaced(value, []);
}

type Kind =
  | "person"
  | "login"
  | "org"
  | "repo"
  | "host"
  | "mail"
  | "uuid"
  | "address"
  | "hex"
  | "opaque"
  | "id";

const logins =
  "alice bob carol dave erin frank grace heidi ivan judy mallory niaj olivia peggy rupert sybil trent victor walter".split(
    " ",
  );

class Replacer {
  readonly #known = new Map<string, string>();
  readonly #counts = new Map<Kind, number>();
  readonly #numbers = new Map<number, number>();
  /** Those of several words, which are looked for in texts before anything else. */
  readonly #phrases: string[] = [];

  collect(value: Json, path: readonly string[]): void {
    if (Array.isArray(value)) for (const item of value) this.collect(item, path);
    else if (isObject(value))
      for (const [key, inner] of Object.entries(value)) this.collect(inner as Json, [...path, key]);
    else if (typeof value === "string") {
      const inside = jsonInside(value);
      if (inside === undefined) this.#collectText(value, path);
      else this.collect(inside, path);
    } else if (typeof value === "number" && isId(path) && Math.abs(value) >= 1_000) this.#number(value);
  }

  replaced(value: Json, path: readonly string[]): Json {
    if (Array.isArray(value)) return value.map((item) => this.replaced(item, path));
    if (isObject(value)) {
      const entries = Object.entries(value) as [string, Json][];
      const result: JsonObject = {};
      for (const [key, inner] of entries) result[this.#key(key)] = this.replaced(inner, [...path, key]);
      return result;
    }
    const key = path.at(-1) ?? "";
    if (typeof value === "number") {
      if (/^(?:lat|lng|lon|latitude|longitude)$/i.test(key)) return 0;
      return this.#numbers.get(value) ?? value;
    }
    if (typeof value !== "string" || value === "") return value;
    if (secretKey.test(key)) return redacted;
    const inside = jsonInside(value);
    if (inside !== undefined) return JSON.stringify(this.replaced(inside, path));
    // The address of a mail or of a machine has a shape of its own.
    const isPostal = !/[@:]|^[\d.]+$/.test(value);
    return (isPostal ? postal(key) : undefined) ?? this.#known.get(value) ?? this.text(value);
  }

  /** A text in which known values and recognizable ones are replaced. */
  text(text: string): string {
    if (privateKeyShape.test(text)) return redacted;
    const held: string[] = [];
    const hold = (replacement: string) => `\uE000${privateDigits(held.push(replacement) - 1)}\uE001`;
    let result = text.replace(/[\uE000-\uE019]/g, "").replace(tokenShape, () => hold(redacted));
    result = result.replace(urlShape, (url) => hold(this.#url(url)));
    for (const phrase of this.#phrases)
      if (result.includes(phrase))
        result = result.split(phrase).join(hold(this.#known.get(phrase) ?? phrase));
    result = result
      .replace(mailShape, (mail) => hold(isExampleMail(mail) ? mail : this.#of("mail", mail)))
      .replace(uuidShape, (uuid) => hold(this.#of("uuid", uuid)))
      .replace(addressShape, (address) =>
        hold(isExampleAddress(address) ? address : this.#of("address", address)),
      )
      .replace(hostShape, (host) =>
        hold(isSenderHost(host) || isExampleHost(host) ? host : this.#of("host", host)),
      )
      .replace(homeShape, (whole, user: string) => hold(whole.replace(user, this.#of("login", user))))
      .replace(hexShape, (hex) => hold(this.#hex(hex)))
      .replace(opaqueShape, (opaque) =>
        hold(isWords(opaque) ? this.#words(opaque) : this.#of("opaque", opaque)),
      );
    result = this.#words(result);
    // What is held may hold something itself.
    while (result.includes("\uE000"))
      result = result.replace(
        /\uE000([\uE010-\uE019]+)\uE001/g,
        (_, index: string) => held[fromPrivateDigits(index)] ?? "",
      );
    return result;
  }

  #collectText(value: string, path: readonly string[]): void {
    const kind = kindOf(path, value);
    if (kind === undefined) {
      for (const url of value.match(urlShape) ?? []) this.#collectUrl(url);
      for (const hex of value.match(hexShape) ?? []) if (hex.length >= 32) this.#hex(hex);
      return;
    }
    if (kind === "repo" && value.includes("/")) {
      const parts = value.split("/");
      const names = parts.map((part, index) => this.#of(index === parts.length - 1 ? "repo" : "org", part));
      this.#known.set(value, names.join("/"));
    } else this.#known.set(value, this.#of(kind, value));
    if (/[\s/]/.test(value) && !this.#phrases.includes(value)) {
      this.#phrases.push(value);
      this.#phrases.sort((a, b) => b.length - a.length);
    }
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

  #key(key: string): string {
    return key.includes("@") || key.includes("/") || key.length >= 32 ? this.text(key) : key;
  }

  #words(text: string): string {
    return text.replace(/[\p{L}\p{N}_][\p{L}\p{N}_.-]*[\p{L}\p{N}_]|[\p{L}\p{N}_]/gu, (word) => {
      const known = this.#known.get(word) ?? this.#numbers.get(Number(word))?.toString();
      if (known !== undefined) return known;
      // `acme-app`, `octocat.` or `fix/octocat-patch`: a known name as a part of a word.
      return /[.-]/.test(word)
        ? word.replace(/[\p{L}\p{N}_]+/gu, (part) => this.#longName(part) ?? part)
        : word;
    });
  }

  /** A short name is also a part of other words. */
  #longName(part: string): string | undefined {
    return part.length >= 4 ? this.#known.get(part) : undefined;
  }

  #url(written: string): string {
    // `{/sha}`: a part that a client fills in, and the same for everybody.
    const brace = written.indexOf("{");
    if (brace !== -1) return this.#url(written.slice(0, brace)) + written.slice(brace);
    const url = written;
    const found = /^(https?:\/\/)(?:[^/@?#]*@)?([^/:?#]+)(:\d+)?([^?#]*)(\?[^#]*)?(#.*)?$/.exec(url);
    if (found === null) return "https://example.com";
    const [, scheme, host = "", port = "", path = "", query = "", fragment = ""] = found;
    const end = /[.,;:!]+$/.exec(path + query + fragment)?.[0] ?? "";
    const segments = path.split("/").map((segment) => this.#segment(segment));
    const pairs = query
      .slice(1)
      .split("&")
      .filter((pair) => pair !== "");
    const values = pairs.map((pair) => {
      const [name = "", ...value] = pair.split("=");
      return value.length === 0 ? this.#segment(name) : `${name}=${this.#segment(value.join("="))}`;
    });
    const shown = `${scheme}${this.#host(host)}${port}${segments.join("/")}${values.length === 0 ? "" : `?${values.join("&")}`}`;
    return `${shown}${fragment === "" ? "" : `#${this.#segment(fragment.slice(1))}`}${shown.endsWith(end) ? "" : end}`;
  }

  /** A part of a path stays when it is a word of an API; anything else may name somebody. */
  #segment(segment: string): string {
    if (segment === "") return segment;
    let text: string;
    try {
      text = decodeURIComponent(segment);
    } catch {
      return "part";
    }
    const known = this.#known.get(text) ?? this.#numbers.get(Number(text))?.toString();
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
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const made = this.#made(kind, value, count);
    this.#known.set(value, made);
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
      case "address":
        return `192.0.2.${((count - 1) % 254) + 1}`;
      case "hex":
      case "opaque":
      case "id":
        return likeText(value, count + kind.length * 1_000);
    }
  }
}

/** Digits that no pattern takes for a part of the text. */
function privateDigits(index: number): string {
  return String(index).replace(/\d/g, (digit) => String.fromCharCode(0xe010 + Number(digit)));
}

function fromPrivateDigits(digits: string): number {
  return Number(digits.replace(/./gu, (digit) => String(digit.charCodeAt(0) - 0xe010)));
}

/** Letters for letters and digits for digits; a prefix such as `evt_` says what it is, and stays. */
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

const personParent =
  /^(?:users?|sender|owner|author|committer|actor|assignees?|reviewers?|requested_reviewers?|pusher|customer|members?|creator|created_by|updated_by|closed_by|merged_by|triggering_actor|billing_details|shipping|contact|recipient|from|to|person|people|profile|last_commit_author|reporter|commander|agent|participants?|mentions?)$/i;
const groupParent =
  /^(?:organi[sz]ations?|org|orgs|team|teams|group|groups|namespace|workspace|company|tenant|installation|account|enterprise|guild)$/i;
const repoParent =
  /^(?:repository|repo|repositories|project|projects|head_repository|base_repository|forkee|site|app)$/i;
const loginKey =
  /^(?:login|user_?name|screen_?name|nick(?:name)?|handle|user_login|owner_login|author_username|preferred_username|name_with_namespace)$/i;
const personKey =
  /^(?:display_?name|full_?name|first_?name|last_?name|given_?name|family_?name|real_?name|user_name|author_?name|committer_?name|customer_?name|cardholder_?name|created_?by|updated_?by|assignee|author|owner|sender|pusher|reporter|user|actor|committer)$/i;
const groupKey =
  /^(?:org|organi[sz]ation|org_slug|namespace|group|workspace|team|company|tenant|account_name|team_slug|team_domain|enterprise_name|subdomain|guild_name)$/i;
const repoKey =
  /^(?:repo|repository|repo_name|repository_name|full_name|path_with_namespace|project|project_name|project_slug|slug|site_name|nwo)$/i;
const hostKey = /^(?:host|host_?name|server|server_name|domain|node|nodename|instance|machine|fqdn)$/i;
const idKey = /^(?:id|uid|uuid|guid|gid|node_id|global_id|_id|sid)$|(?:_id|_uuid|_guid|[a-z]I[dD])$/;

/** What a text at this path is, when it belongs to somebody. */
function kindOf(path: readonly string[], value: string): Kind | undefined {
  const key = path.at(-1) ?? "";
  const parent = path.at(-2) ?? "";
  if (value.trim() === "" || value.length > 200 || /^https?:/.test(value) || value.includes("@"))
    return undefined;
  if (isSenderName(value)) return undefined;
  if (loginKey.test(key)) return groupParent.test(parent) ? "org" : "login";
  if (repoKey.test(key) && (/^[\w.-]+(\/[\w.-]+)*$/.test(value) || repoParent.test(parent))) {
    if (key === "full_name" && personParent.test(parent)) return "person";
    return groupParent.test(parent) ? "org" : "repo";
  }
  if (personKey.test(key)) return /\s/.test(value) ? "person" : "login";
  if (groupKey.test(key)) return "org";
  if (hostKey.test(key)) return "host";
  if (/^(?:name|title|path)$/i.test(key)) {
    if (personParent.test(parent)) return /\s/.test(value) ? "person" : "login";
    if (groupParent.test(parent)) return "org";
    if (repoParent.test(parent)) return "repo";
  }
  return isId(path) && !uuidShape.test(value) ? "id" : undefined;
}

function isId(path: readonly string[]): boolean {
  // A global expression remembers where it ended.
  uuidShape.lastIndex = 0;
  return idKey.test(path.at(-1) ?? "");
}

/** A line of a log, or a field of a form, may be JSON, whose keys say what is personal. */
function jsonInside(text: string): Json | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    const value = readJson(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The parts of an address by mail or telephone. */
function postal(key: string): string | undefined {
  if (/^(?:line[12]|street(?:_?address)?|address(?:_?line)?_?[12]?|postal_address)$/i.test(key))
    return "1 Example Street";
  if (/^(?:city|town|locality)$/i.test(key)) return "Exampletown";
  if (/^(?:zip|zip_?code|postal_?code|postcode)$/i.test(key)) return "00000";
  if (/^(?:phone|mobile|fax|tel|phone_?number|telephone)$/i.test(key)) return "+15550100";
  if (/^(?:iban|ssn|tax_?id|vat_?id|passport|birth_?date|date_of_birth|dob)$/i.test(key)) return redacted;
  return /^(?:last4|fingerprint)$/i.test(key) ? "0000" : undefined;
}

/** `payment_intent.payment_failed_2024`: words with separators, which say what happened. */
function isWords(text: string): boolean {
  return text.split(/[_-]/).every((part) => /^(?:[a-z]+|[A-Z]+|[A-Z][a-z]+|\d{1,4})$/.test(part));
}

const pathWords = new Set(
  (
    "api v1 v2 v3 v4 repos repositories users user orgs org organizations groups group projects project actions runs run jobs job workflows workflow " +
    "pull pulls issues issue comments comment commit commits compare tree trees blob blobs raw tags tag branches branch releases release deployments " +
    "deployment environments statuses status checks check-runs check-suites suites artifacts attempts logs cancel rerun hooks hook events event keys " +
    "labels milestones milestone teams team members subscribers subscription contributors collaborators assignees stargazers forks languages contents " +
    "archive downloads notifications git refs ref merges merge merge_requests pipelines pipeline builds build registry packages snippets wiki wikis " +
    "rest browse alerts alert incidents incident services service monitors monitor dashboards dashboard test live payments payment customers customer " +
    "invoices invoice charges disputes subscriptions web site sites app apps deploys teams settings discussions discussion reviews review diff patch " +
    "heads master main edit new all search graph d explore silences generator docs help about installation installations account accounts " +
    "feed feeds rss atom stream streams ws socket health metrics followers following gists starred received_events self _apis avatar avatars u r p s t channels channel messages message archives threads"
  ).split(" "),
);

function isPathWord(text: string): boolean {
  return pathWords.has(text.toLowerCase()) || /^-$/.test(text) || /^\{/.test(text);
}
