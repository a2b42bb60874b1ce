// Rules of the core that a JSON Schema cannot express: reserved names, addresses, and names that must exist
// elsewhere in the file. Each rule looks only at values that the schema accepted.

import type { Json, JsonObject } from "../contract.ts";
import { type Names, namesOf } from "../did-you-mean.ts";
import { asObject, isObject } from "../json.ts";
import { consoleValues } from "./console-values.ts";
import { parseListenAddress } from "./listen-address.ts";
import { builtInTools } from "./names.ts";
import type { EnvironmentVariables } from "./paths.ts";
import { parseDuration, parseSize } from "./units.ts";
import type { IssueDraft } from "./values.ts";
import { type Path, quoted } from "./yaml/problem.ts";

/** Names of servers that Claude Code runs itself; a server with one of them is not started. */
const reservedServerNames = ["workspace", "claude-in-chrome", "computer-use"];

export interface SemanticsContext {
  readonly folder: string;
  readonly env: EnvironmentVariables;
  /** The text as typed, when it may be shown. */
  typed(path: Path): string | undefined;
}

/** In steps: there may be thousands of names, and each that is unknown is compared with all that exist. */
export function* checkSemantics(root: JsonObject, context: SemanticsContext): Generator<IssueDraft[]> {
  yield checkServer(root);
  yield checkListen(root, context);
  yield checkConsole(root, context);
  yield checkPublicUrl(root);
  yield checkSinks(root);
  yield* checkChannels(root, context);
  yield* checkBounds(root);
}

function checkServer(root: JsonObject): IssueDraft[] {
  const name = member(root.server, "name");
  if (typeof name !== "string" || !reservedServerNames.includes(name)) return [];
  const message = `the server name "${name}" is reserved by the client`;
  return [
    { path: ["server", "name"], code: "E_CONFIG_VALUE", message, hint: "choose another, for example router" },
  ];
}

function checkListen(root: JsonObject, context: SemanticsContext): IssueDraft[] {
  if (typeof root.listen !== "string" || root.listen === "") return [];
  const address = parseListenAddress(root.listen, context);
  if (!("problem" in address)) return [];
  return [{ path: ["listen"], code: "E_CONFIG_VALUE", message: address.problem, hint: address.hint }];
}

function checkConsole(root: JsonObject, context: SemanticsContext): IssueDraft[] {
  const values = consoleValues(root.console, context);
  if (!("problem" in values)) return [];
  const { key, problem, hint } = values;
  return [
    {
      path: ["console", ...(key === undefined ? [] : [key])],
      code: "E_CONFIG_VALUE",
      message: problem,
      hint,
    },
  ];
}

function checkPublicUrl(root: JsonObject): IssueDraft[] {
  if (typeof root.public_url !== "string" || !/^https?:/.test(root.public_url)) return [];
  if (URL.canParse(root.public_url)) return [];
  const hint = "for example https://hooks.example.com";
  return [{ path: ["public_url"], code: "E_CONFIG_VALUE", message: "is not a URL", hint }];
}

function checkSinks(root: JsonObject): IssueDraft[] {
  return Object.entries(asObject(root.sinks)).flatMap(([name, sink]): IssueDraft[] => {
    const path = ["sinks", name];
    const issues: IssueDraft[] = [];
    if (builtInTools.includes(name))
      issues.push({
        path,
        on: "key",
        code: "E_CONFIG_NAME",
        message: `${quoted(name)} is the name of a built-in tool`,
        hint: `each sink is a tool with its name: write my_${name}`,
      });
    if (member(member(sink, "input"), "event_id") !== undefined)
      issues.push({
        path: [...path, "input", "event_id"],
        on: "key",
        code: "E_CONFIG_VALUE",
        message: "is added by the router where a template uses event",
        hint: "remove it",
      });
    return issues;
  });
}

function* checkChannels(root: JsonObject, context: SemanticsContext): Generator<IssueDraft[]> {
  const sources = namesOf("source", Object.keys(asObject(root.sources)));
  const sinks = namesOf("sink", Object.keys(asObject(root.sinks)));
  for (const [name, channel] of Object.entries(asObject(root.channels))) {
    const path = ["channels", name];
    const from = member(channel, "from");
    yield* checkReferences(from, [...path, "from"], sources, context);
    yield* checkReferences(member(channel, "reply"), [...path, "reply"], sinks, context);
    if (from !== undefined || !isObject(channel) || sources.known.has(name)) continue;
    const hint =
      sources.known.size === 0 ? 'declare one under "sources:"' : `add from: with one of ${sources.listed}`;
    const message = `names no source, and no source is called ${quoted(name)}`;
    yield [{ path, on: "key", code: "E_CONFIG_REFERENCE", message, hint }];
  }
}

/** Units are texts, so that a schema cannot bound them. */
function* checkBounds(root: JsonObject): Generator<IssueDraft[]> {
  const least = (
    path: Path,
    text: Json | undefined,
    parse: (text: string) => number | undefined,
    unit: string,
  ) => {
    const value = typeof text === "string" ? parse(text) : undefined;
    if (value === undefined || value >= parse(unit)!) return [];
    return [{ path, code: "E_CONFIG_VALUE", message: `must be at least ${unit}` }];
  };
  yield least(["defaults", "ttl"], member(root.defaults, "ttl"), parseDuration, "1s");
  yield least(["delivery", "max_size"], member(root.delivery, "max_size"), parseSize, "1MiB");
  for (const [name, source] of Object.entries(asObject(root.sources)))
    yield least(["sources", name, "expect"], member(source, "expect"), parseDuration, "1s");
  for (const [name, channel] of Object.entries(asObject(root.channels))) {
    const inside = (filter: string, option: string, unit: string) =>
      least(["channels", name, filter, option], member(member(channel, filter), option), parseDuration, unit);
    yield [
      ...inside("throttle", "per", "1s"),
      ...inside("digest", "every", "1s"),
      ...least(["channels", name, "ttl"], member(channel, "ttl"), parseDuration, "1s"),
      ...inside("receipt", "ack_within", "10s"),
    ];
  }
}

function* checkReferences(
  value: Json | undefined,
  path: Path,
  { noun, known, listed, hint }: Names,
  context: SemanticsContext,
): Generator<IssueDraft[]> {
  const named = Array.isArray(value)
    ? value.map((item, index) => ({ item, path: [...path, index] }))
    : [{ item: value, path }];
  for (const { item, path: place } of named) {
    if (typeof item !== "string" || item === "" || known.has(item)) continue;
    const typed = context.typed(place);
    const all = known.size === 0 ? `no ${noun} is declared` : `${noun}s: ${listed}`;
    yield [
      {
        path: place,
        code: "E_CONFIG_REFERENCE",
        message: typed === undefined ? `no ${noun} has this name` : `no ${noun} is called ${quoted(typed)}`,
        hint: hint(item) ?? all,
      },
    ];
  }
}

function member(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
