// Drafts the source of a recipe from that of the recorded events, without personal values. What it reaches (a URL,
// files, a server) and values from variables become inputs, and both are declared as capabilities.

import type { Json, JsonObject } from "../../contract.ts";
import { isObject } from "../../json.ts";
import { isSecretHeader } from "./left-values.ts";
import { isSecretKey } from "./shapes.ts";

export interface DraftInput {
  readonly name: string;
  readonly type: "string" | "list" | "secret";
  readonly description: string;
  readonly default?: Json;
  readonly pattern?: string;
  readonly example?: Json;
}

export interface DraftSource {
  /** Its name in the recipe. */
  readonly name: string;
  readonly type: string;
  readonly options: JsonObject;
  readonly inputs: readonly DraftInput[];
  readonly capabilities: JsonObject;
  /** Setup steps, without numbers. */
  readonly setup: readonly string[];
}

/** The source types that can be drafted, each with the noun for such a source. */
const nouns: Readonly<Record<string, string>> = {
  poll: "api",
  feed: "feed",
  sse: "stream",
  websocket: "stream",
  tail: "log",
  watch: "files",
  command: "program",
  imap: "mailbox",
};

export function canDraft(type: string): boolean {
  return Object.hasOwn(nouns, type);
}

/** Expressions and patterns, in which nothing may be replaced. */
const codeKeys = new Set(["items", "key", "cursor", "next", "pattern", "multiline"]);
/** Options that depend on this machine or config. */
const ownKeys = new Set(["type", "enabled", "expect", "ca", "backfill", "since"]);

/** `written`: the options with variables, as in the config; `hide` replaces personal values. */
export function draftSource(
  recipe: string,
  type: string,
  written: JsonObject,
  hide: (value: Json) => Json,
): DraftSource {
  const inputs = new InputList(recipe);
  const kept: JsonObject = {};
  const reached: Json[] = [];
  for (const [key, value] of Object.entries(written)) {
    if (ownKeys.has(key) || value === undefined) continue;
    const made = reachingInput(type, key, value, hide);
    if (made !== undefined) {
      kept[key] = `\${inputs.${inputs.add(made)}}`;
      if (key !== "auth_server" && key !== "user") reached.push(kept[key] as string);
      continue;
    }
    const shown = inputs.withoutVariables(value, [key]);
    kept[key] = codeKeys.has(key) ? shown : hidden(shown, hide);
  }
  const program = type === "command" ? programOf(kept.command) : undefined;
  const places = program === undefined ? reached.map((place) => withPort(place, written)) : [program];
  return {
    name: nouns[type] ?? "source",
    type,
    options: kept,
    inputs: inputs.all,
    capabilities: capabilitiesOf(type, places, inputs.all),
    setup: setupOf(type, inputs.all, recipe),
  };
}

/** The input for an option that says what is reached, which differs between users. */
function reachingInput(
  type: string,
  key: string,
  value: Json,
  hide: (value: Json) => Json,
): DraftInput | undefined {
  const example = (one: Json) => hidden(withoutReferences(one), hide);
  if (key === "url") {
    const isList = Array.isArray(value);
    const pattern = type === "websocket" ? "^wss?://" : "^https?://";
    const shown = isList ? value.map((one) => exampleUrl(one, hide)) : exampleUrl(value, hide);
    return {
      name: isList ? "urls" : "url",
      type: isList ? "list" : "string",
      description: isList ? "The addresses that are asked." : "The address that is asked.",
      pattern,
      example: shown,
    };
  }
  if (key === "files") {
    const list = Array.isArray(value) ? value : [value];
    const isPortable = list.every(
      (one) => typeof one === "string" && /^(?![/~]|\.\.?\/|.*\$\{|.*\/\.\.)/.test(one),
    );
    const common = {
      name: "files",
      type: "list",
      description: "The files, relative to the config's folder.",
    } as const;
    return isPortable ? { ...common, default: list } : { ...common, example: example(list) };
  }
  if (key === "move_to")
    return {
      name: "move_to",
      type: "string",
      description: "The folder that the files are moved to.",
      example: "done",
    };
  if (key === "command" && Array.isArray(value) && /[/\\]|\$\{/.test(String(value[0])))
    return {
      name: "command",
      type: "list",
      description: "The program and its arguments.",
      example: ["./events.sh"],
    };
  if (type === "command" && key === "cwd")
    return {
      name: "cwd",
      type: "string",
      description: "The folder in which the program runs.",
      default: ".",
    };
  if (type !== "imap") return undefined;
  if (key === "host")
    return {
      name: "host",
      type: "string",
      description: "The name of the server.",
      example: "imap.example.com",
    };
  if (key === "user")
    return { name: "user", type: "string", description: "The user name.", example: "me@example.com" };
  return key === "auth_server"
    ? {
        name: "auth_server",
        type: "string",
        description: "The server that checks senders.",
        example: "mx.example.com",
      }
    : undefined;
}

/** Includes ws and wss, which the patterns of personal values do not match as URLs. */
function exampleUrl(value: Json, hide: (value: Json) => Json): Json {
  const text = String(withoutReferences(value)).replace(/^ws/, "http");
  const shown = String(hide(text));
  return /^ws/.test(String(value)) ? shown.replace(/^http/, "ws") : shown;
}

/** `https://${HOST}/a`, `${TOKEN:-none}` -> `https://HOST/a`, `TOKEN` */
function withoutReferences(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutReferences);
  return typeof value === "string"
    ? value.replace(reference, (_, name: string) => name.replace(/^file:.*/, "VALUE"))
    : value;
}

const reference = /\$\{([A-Za-z_]\w*|file:[^}]*)(?::-[^}]*)?\}/g;

/** Recursive; references to inputs stay. */
function hidden(value: Json, hide: (value: Json) => Json): Json {
  if (Array.isArray(value)) return value.map((one) => hidden(one, hide));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, hidden(one as Json, hide)]));
  return typeof value === "string" && !value.includes("${inputs.") ? hide(value) : value;
}

class InputList {
  readonly #inputs: DraftInput[] = [];
  readonly #byReference = new Map<string, string>();
  readonly #recipe: string;

  constructor(recipe: string) {
    this.#recipe = recipe;
  }

  get all(): readonly DraftInput[] {
    return this.#inputs;
  }

  /** Its name, with a number if the name is taken. */
  add(input: DraftInput): string {
    const isTaken = (name: string) => this.#inputs.some((one) => one.name === name);
    let { name } = input;
    for (let count = 2; isTaken(name); count += 1) name = `${input.name}_${count}`;
    const variable = input.type === "secret" ? { example: `\${${variableName(this.#recipe, name)}}` } : {};
    this.#inputs.push({ ...input, ...variable, name });
    return name;
  }

  /** Replaces each variable, file and literal credential with an input. */
  withoutVariables(value: Json, path: readonly string[]): Json {
    if (Array.isArray(value)) return value.map((one) => this.withoutVariables(one, path));
    if (isObject(value))
      return Object.fromEntries(
        Object.entries(value).map(([key, one]) => [key, this.withoutVariables(one as Json, [...path, key])]),
      );
    if (typeof value !== "string") return value;
    const key = path.at(-1) ?? "";
    const replaced = value.replace(reference, (whole) => this.#secret(whole, key));
    if (replaced !== value || value === "") return replaced;
    const isHeader = path.at(-2) === "headers";
    if (isSecretKey(key) || (isHeader && isSecretHeader(key))) return this.#secret(`literal ${value}`, key);
    return isHeader && !commonHeader.test(key) ? this.#header(key) : replaced;
  }

  #header(key: string): string {
    const name = inputName(key);
    return `\${inputs.${this.add({ name, type: "string", description: `The header ${key}.`, example: "a-value" })}}`;
  }

  #secret(written: string, key: string): string {
    const known = this.#byReference.get(written);
    if (known !== undefined) return `\${inputs.${known}}`;
    const words = /^\$\{\w*?(token|secret|password|key|user(?:name)?)\b/i.exec(written)?.[1]?.toLowerCase();
    const own = inputName(key);
    const wanted = words ?? (/^(?:authorization|secret)$/.test(own) ? "token" : own);
    const name = this.add({
      name: wanted,
      type: "secret",
      description: `The ${wanted.replaceAll("_", " ")} with which it asks.`,
    });
    this.#byReference.set(written, name);
    return `\${inputs.${name}}`;
  }
}

/** `build-failed`, `token` -> `BUILD_FAILED_TOKEN` */
function variableName(recipe: string, input: string): string {
  return `${recipe}_${input}`.replaceAll("-", "_").toUpperCase();
}

/** Headers whose values do not identify the client. */
const commonHeader = /^(?:accept|accept-[a-z]+|content-type|user-agent|cache-control|[a-z-]*version)$/i;

/** `x-api-key` -> `x_api_key` */
function inputName(key: string): string {
  const name = key
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[^a-z]+|_+$/g, "");
  return name === "" ? "value" : name;
}

function programOf(command: Json | undefined): string {
  return Array.isArray(command) ? String(command[0]) : String(command ?? "");
}

/** `host` alone means the usual ports of mail. */
function withPort(place: Json, { type, port }: JsonObject): Json {
  const isUsual = type !== "imap" || port === undefined || port === 143 || port === 993;
  return isUsual ? place : `${String(place)}:${String(port)}`;
}

function capabilitiesOf(type: string, places: readonly Json[], inputs: readonly DraftInput[]): JsonObject {
  const key = type === "command" ? "commands" : /^(?:tail|watch)$/.test(type) ? "files" : "hosts";
  const secrets = inputs
    // A user name from a variable is a secret like any other.
    .filter((input) => input.type === "secret" || input.name === "user")
    .map(({ name }): [string, Json] => [name, [...places]]);
  return {
    [key]: [...places],
    ...(secrets.length === 0 ? {} : { secrets: Object.fromEntries(secrets) }),
  };
}

function setupOf(type: string, inputs: readonly DraftInput[], recipe: string): string[] {
  const values = inputs.filter((input) => input.type !== "secret" && input.default === undefined);
  const secrets = inputs.filter((input) => input.type === "secret");
  return [
    ...values.map(
      ({ name, description }) => `Set ${name}: ${description.charAt(0).toLowerCase()}${description.slice(1)}`,
    ),
    ...secrets.map(
      ({ name }) =>
        `Put the ${name.replaceAll("_", " ")} in .env next to channels.yaml:  ${variableName(recipe, name)}=...`,
    ),
    type === "command"
      ? "Run  channel-router trust  and allow the program."
      : /^(?:tail|watch)$/.test(type)
        ? "Files outside of the config's folder need your consent:  channel-router trust"
        : "Run  channel-router trust  and allow the connection.",
  ];
}
