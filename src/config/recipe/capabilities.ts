// Reads the capabilities of one use of a recipe: what its file declares, with input values inserted. An input can be
// a whole entry or part of one; a part never leads out of the text around it.

import { type Capabilities, chatTools } from "../../contract/capabilities.ts";
import type { Json, JsonObject } from "../../contract.ts";
import { listNames } from "../../did-you-mean.ts";
import { hostNamed, plainName } from "../../host-name.ts";
import { asObject, isObject } from "../../json.ts";
import type { IssueDraft } from "../values.ts";
import { unknownInput } from "../variables/substitute.ts";
import { type Path, pathKey, quoted } from "../yaml/problem.ts";
import type { Inputs } from "./inputs.ts";

/** Capabilities that are lists of strings; `secrets` has one list for each input. */
export const capabilityNames = ["listen", "hosts", "files", "commands", "tools"] as const;
type CapabilityName = (typeof capabilityNames)[number];

export interface ReadCapabilities {
  /** Undefined if the recipe declares none. */
  readonly capabilities: Capabilities | undefined;
  /** In the recipe. */
  readonly drafts: readonly IssueDraft[];
}

/** One entry with the inputs replaced: several for an input that is a list. */
interface Entry {
  readonly path: Path;
  readonly written: string;
  readonly text: string;
  /** The entry is exactly one input. */
  readonly isInput: boolean;
  /** The same, and the user gave the value: a default comes from the recipe's author. */
  readonly isGiven: boolean;
  /** The entry has inputs and other text. */
  readonly isComposed: boolean;
  /** The text that must not lead upwards: all of it, except a folder that the user gave as its beginning. */
  readonly kept: string;
  /** A value is a placeholder, and cannot be checked. */
  readonly isPlaceholder: boolean;
}

/** `isOwn`: the recipe is a file of the user's own project. */
export function readCapabilities(header: JsonObject, inputs: Inputs, isOwn: boolean): ReadCapabilities {
  if (header.capabilities === undefined) return { capabilities: undefined, drafts: [] };
  const drafts: IssueDraft[] = [];
  const declared = asObject(header.capabilities);
  const entriesOf = (value: Json | undefined, path: Path) =>
    (Array.isArray(value) ? value : []).flatMap((written, index) =>
      typeof written === "string" ? entries(written, [...path, index], inputs, drafts) : [],
    );
  const read = (name: CapabilityName) => {
    const found = entriesOf(declared[name], ["capabilities", name]);
    // If an input is a whole command line, its first item is the program.
    const isFirst = ({ path }: Entry, index: number) =>
      found.findIndex((other) => pathKey(other.path) === pathKey(path)) === index;
    const own = name === "commands" ? found.filter(isFirst) : found;
    return own.flatMap((entry) => readEntry(name, entry, drafts));
  };
  const lists = Object.fromEntries(capabilityNames.map((name) => [name, [...new Set(read(name))]])) as Record<
    CapabilityName,
    string[]
  >;
  for (const [index, tool] of lists.tools.entries())
    if (tool !== chatTools && !Object.hasOwn(asObject(header.sinks), tool))
      drafts.push({
        path: ["capabilities", "tools", index],
        code: "E_CONFIG_REFERENCE",
        message: `the recipe has no sink ${quoted(tool)}`,
        hint: `its sinks: ${listNames(Object.keys(asObject(header.sinks))) || "none"}`,
      });
  const secrets = Object.entries(asObject(declared.secrets)).map(([name, value]) => {
    const path = ["capabilities", "secrets", name];
    drafts.push(...unknownSecret(name, path, inputs));
    const found = entriesOf(value, path).flatMap((entry) => destination(entry, lists, drafts));
    return [name, [...new Set(found)]] as const;
  });
  const all = withLists(namedByInputs(declared.hosts, inputs, lists.hosts), Object.fromEntries(secrets));
  return {
    capabilities: { recipe: String(header.recipe), isOwn, ...lists, secrets: all },
    drafts,
  };
}

const reference = /\$\{([^}]*)\}?/g;

function entries(written: string, path: Path, inputs: Inputs, drafts: IssueDraft[]): Entry[] {
  const found = [...written.matchAll(reference)];
  if (found.length === 0)
    return [
      {
        ...{ path, written, text: written, kept: written },
        ...{ isInput: false, isGiven: false, isComposed: false, isPlaceholder: false },
      },
    ];
  const values: Json[] = [];
  const given: boolean[] = [];
  let isPlaceholder = false;
  for (const { 0: whole, 1: inside = "", index } of found) {
    const name = /^inputs\.([A-Za-z_]\w*)$/.exec(inside)?.[1];
    const input = name === undefined ? undefined : inputs.get(name);
    const words =
      input === undefined ? unreadable(name, whole, inputs) : unfit(name as string, input, whole === written);
    if (input === undefined || words !== undefined) {
      drafts.push({
        path,
        offset: index,
        code: "E_CONFIG_VARIABLE",
        ...(words ?? unreadable(name, whole, inputs)),
      });
      return [];
    }
    values.push(input.value);
    given.push(input.given !== undefined);
    isPlaceholder ||= input.placeholder;
  }
  const isInput = found[0]?.[0] === written;
  const [isGiven = false] = given;
  if (isInput) {
    const [value = null] = values;
    return (Array.isArray(value) ? value : [value]).map((one) => ({
      ...{ path, written, text: String(one), kept: String(one) },
      ...{ isInput, isGiven, isComposed: false, isPlaceholder },
    }));
  }
  const texts = values.map(String);
  let next = 0;
  const text = written.replace(reference, () => texts[next++] ?? "");
  const [first = "", before = ""] = [texts[0], found[0]?.[0]];
  const isFolder = isGiven && found[0]?.index === 0 && /^[\\/]/.test(written.slice(before.length));
  const kept = isFolder ? text.slice(first.length) : text;
  return [{ path, written, text, kept, isInput, isGiven: false, isComposed: true, isPlaceholder }];
}

function unreadable(name: string | undefined, whole: string, inputs: Inputs) {
  if (name !== undefined) return unknownInput(name, [...inputs.keys()]);
  return {
    message: `${quoted(whole, 40)} is not an input, and capabilities can use only inputs`,
    hint: "write ${inputs.NAME}",
  };
}

function unfit(name: string, { secret, value }: { secret: boolean; value: Json }, isWhole: boolean) {
  if (secret)
    return {
      message: `the input ${name} is secret and cannot be part of a capability`,
      hint: `list it under secrets: with its destinations, for example  ${name}: [verify]`,
    };
  if (typeof value === "object" && !isWhole)
    return {
      message: `the input ${name} is a list and cannot be part of a text`,
      hint: `write \${inputs.${name}} alone`,
    };
  return undefined;
}

/** What an entry allows; empty if it is invalid. */
function readEntry(name: CapabilityName, entry: Entry, drafts: IssueDraft[]): string[] {
  const { text, path, isGiven, isPlaceholder } = entry;
  // An empty optional input allows nothing.
  if (text.trim() === "") return [];
  const problem = problemOf(name, entry);
  // An invalid value of the user allows nothing, and is reported where it is used.
  if (problem !== undefined) {
    if ((!isGiven || name === "tools") && !isPlaceholder)
      drafts.push({ path, code: "E_CONFIG_CAPABILITY", ...problem });
    return isPlaceholder ? [text] : [];
  }
  return name === "hosts" ? [hostNamed(text, entry.isInput) ?? text] : [text];
}

type Words = Pick<IssueDraft, "message" | "hint">;

function problemOf(name: CapabilityName, entry: Entry): Words | undefined {
  const { text, isInput, written } = entry;
  switch (name) {
    case "hosts":
      if (hostNamed(text, isInput) !== undefined) return undefined;
      if (text !== written && !isInput)
        return {
          message: `${quoted(written)} is not a host with the value of its input`,
          hint: "the value can only be part of a host name",
        };
      return text.includes("*")
        ? { message: "a host cannot have wildcards", hint: "for example api.example.com" }
        : {
            message: `${quoted(written)} is not a host`,
            hint: "write only the host, such as api.example.com, or with its port; http://HOST only for a host without TLS",
          };
    case "listen":
      if (!text.startsWith("/")) return { message: 'must begin with "/"', hint: "for example /github" };
      return /^\/[:*]/.test(text)
        ? { message: "this path would match every request", hint: "write the path of the source" }
        : undefined;
    case "files":
      return fileProblem(entry);
    case "commands":
      return written !== text && !isInput
        ? {
            message: "a program cannot combine an input with other text",
            hint: "write the program, or only the input",
          }
        : /[*?{}]/.test(text)
          ? { message: "a program cannot have wildcards", hint: "for example gh" }
          : undefined;
    case "tools":
      return written === text
        ? undefined
        : { message: "a tool cannot contain an input", hint: "write the name of the sink in this recipe" };
  }
}

/** `..` as a path segment, also in braces, and with the Windows separator. */
const upwards = /(?:^|[\\/{,])\.\.(?:$|[\\/},])/;
/** A wildcard directly below the root or the home folder. */
const everything = /^(?:[\\/]|~[\\/]?|[A-Za-z]:[\\/]?)?[\\/]*[^\\/]*[*?[{]/;

function fileProblem({ text, written, isGiven, isComposed, kept }: Entry): Words | undefined {
  if (/\p{Cc}/u.test(text)) return { message: "has a control character", hint: "write the path" };
  if (isComposed && !upwards.test(written) && upwards.test(kept))
    return {
      message: "the value of its input leads out of the folder before it",
      hint: "a value cannot have .. as a segment",
    };
  // The user may choose any file.
  if (isGiven) return undefined;
  if (/^(?:[\\/]|~|[A-Za-z]:)/.test(text) && everything.test(text))
    return {
      message: `${quoted(text)} matches everything on this machine or in the home folder`,
      hint: "name a folder of your own: ~/notes/*.md",
    };
  return /^(?:[\\/]+|~[\\/]*|[A-Za-z]:[\\/]*)$/.test(text) || upwards.test(kept)
    ? {
        message: `${quoted(text)} is too broad for a recipe`,
        hint: "name a folder below the config's folder, or one by its absolute path",
      }
    : undefined;
}

function withLists(
  one: Readonly<Record<string, readonly string[]>>,
  other: Readonly<Record<string, readonly string[]>>,
) {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  const of = (from: Readonly<Record<string, readonly string[]>>, name: string) =>
    Object.hasOwn(from, name) ? (from[name] as readonly string[]) : [];
  return Object.fromEntries(
    names.map((name) => [name, [...new Set([...of(one, name), ...of(other, name)])]]),
  );
}

/** An input that is a whole host may go to that host. */
function namedByInputs(declared: Json | undefined, inputs: Inputs, hosts: readonly string[]) {
  const found: Record<string, string[]> = {};
  for (const written of Array.isArray(declared) ? declared : []) {
    if (typeof written !== "string" || written.replace(reference, "").replace(":", "") !== "") continue;
    const own = entries(written, [], inputs, []).map(({ text, isInput }) => hostNamed(text, isInput) ?? text);
    for (const [, name = ""] of written.matchAll(/\$\{inputs\.([A-Za-z_]\w*)\}/g))
      found[name] = [...(found[name] ?? []), ...own.filter((host) => hosts.includes(host))];
  }
  return found;
}

/** An input that is not secret can be listed too, because its value can come from a variable. */
function unknownSecret(name: string, path: Path, inputs: Inputs): IssueDraft[] {
  if (inputs.has(name)) return [];
  return [
    {
      path,
      on: "key",
      code: "E_CONFIG_REFERENCE",
      message: `the recipe has no input ${quoted(name)}`,
      hint: inputs.size === 0 ? "the recipe has no inputs" : `its inputs: ${listNames([...inputs.keys()])}`,
    },
  ];
}

function destination(
  entry: Entry,
  { hosts, commands }: Pick<Capabilities, "hosts" | "commands">,
  drafts: IssueDraft[],
): string[] {
  const { text, path, isInput, isPlaceholder } = entry;
  if (text === "verify" || commands.includes(text)) return [text];
  const host = hostNamed(text, isInput) ?? text;
  if (hosts.some((one) => plainName(one) === plainName(host)) || isPlaceholder) return [host];
  if (text.trim() === "" && isInput) return [];
  drafts.push({
    path,
    code: "E_CONFIG_CAPABILITY",
    message: `${quoted(entry.written)} is neither verify nor listed under hosts or commands`,
    hint: "list the host under hosts:, or the program under commands:",
  });
  return [];
}

/** Whether a recipe declares its capabilities. */
export function declaresCapabilities(header: JsonObject): boolean {
  return isObject(header.capabilities);
}
