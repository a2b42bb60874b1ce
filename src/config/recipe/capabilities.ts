// The capabilities of one use of a recipe: what its file declares, with the values of the inputs. An input may
// be a whole entry, or a part of one; a part never leads out of what is written around it.

import { type Capabilities, chatTools } from "../../contract/capabilities.ts";
import type { Json, JsonObject } from "../../contract.ts";
import { listNames } from "../../did-you-mean.ts";
import { hostNamed, plainName } from "../../host-name.ts";
import { asObject, isObject } from "../../json.ts";
import type { IssueDraft } from "../values.ts";
import { unknownInput } from "../variables/substitute.ts";
import { type Path, pathKey, quoted } from "../yaml/problem.ts";
import type { Inputs } from "./inputs.ts";

/** The lists of texts; `secrets` has one for each input. */
export const capabilityNames = ["listen", "hosts", "files", "commands", "tools"] as const;
type CapabilityName = (typeof capabilityNames)[number];

export interface ReadCapabilities {
  /** Undefined when the recipe declares none. */
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
  /** The same, and the user gave its value: a default is the word of the recipe's author. */
  readonly isGiven: boolean;
  /** Inputs are a part of the entry. */
  readonly isComposed: boolean;
  /** What stays inside of what is before it: all of the text, without a folder that the user gave as its beginning. */
  readonly kept: string;
  /** A value is a placeholder, and says nothing. */
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
    // An input that is a whole command line: its first item is the program.
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
    message: `${quoted(whole, 40)} is not an input: capabilities can name nothing else`,
    hint: "write ${inputs.NAME}",
  };
}

function unfit(name: string, { secret, value }: { secret: boolean; value: Json }, isWhole: boolean) {
  if (secret)
    return {
      message: `the input ${name} is secret and cannot be a part of a capability`,
      hint: `name it under secrets: with where it may go, for example  ${name}: [verify]`,
    };
  if (typeof value === "object" && !isWhole)
    return {
      message: `the input ${name} is a list, which cannot be a part of a text`,
      hint: `write \${inputs.${name}} alone`,
    };
  return undefined;
}

/** What an entry allows; nothing when it is wrong. */
function readEntry(name: CapabilityName, entry: Entry, drafts: IssueDraft[]): string[] {
  const { text, path, isGiven, isPlaceholder } = entry;
  // An optional input that is empty names nothing.
  if (text.trim() === "") return [];
  const problem = problemOf(name, entry);
  // A wrong value of the user is reported where it is used, and allows nothing.
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
          message: `with the value of its input ${quoted(written)} is not a host`,
          hint: "the value may only be a part of the host's name",
        };
      return text.includes("*")
        ? { message: "a host is named in full, without wildcards", hint: "for example api.example.com" }
        : {
            message: `${quoted(written)} is not a host`,
            hint: "write the host alone: api.example.com, or with its port; http://HOST only where it has no TLS",
          };
    case "listen":
      if (!text.startsWith("/")) return { message: 'a path begins with "/"', hint: "for example /github" };
      return /^\/[:*]/.test(text)
        ? { message: "this path would take every request", hint: "name the path of the source" }
        : undefined;
    case "files":
      return fileProblem(entry);
    case "commands":
      return written !== text && !isInput
        ? {
            message: "a program cannot be composed of an input and text",
            hint: "name the program, or write the input alone",
          }
        : /[*?{}]/.test(text)
          ? { message: "a program is named in full, without wildcards", hint: "for example gh" }
          : undefined;
    case "tools":
      return written === text
        ? undefined
        : { message: "a tool is named in full", hint: "write the name of the sink in this recipe" };
  }
}

/** `..` as a part of a path, also in braces, and with the separator of Windows. */
const upwards = /(?:^|[\\/{,])\.\.(?:$|[\\/},])/;
/** A wildcard directly below the root or the home folder. */
const everything = /^(?:[\\/]|~[\\/]?|[A-Za-z]:[\\/]?)?[\\/]*[^\\/]*[*?[{]/;

function fileProblem({ text, written, isGiven, isComposed, kept }: Entry): Words | undefined {
  if (/\p{Cc}/u.test(text)) return { message: "has a control character", hint: "write the path" };
  if (isComposed && !upwards.test(written) && upwards.test(kept))
    return {
      message: "the value of its input leads out of the folder that is written before it",
      hint: "a value may not have .. as a part",
    };
  // The user's own choice.
  if (isGiven) return undefined;
  if (/^(?:[\\/]|~|[A-Za-z]:)/.test(text) && everything.test(text))
    return {
      message: `${quoted(text)} names everything on this machine or in the home folder`,
      hint: "name a folder of your own: ~/notes/*.md",
    };
  return /^(?:[\\/]+|~[\\/]*|[A-Za-z]:[\\/]*)$/.test(text) || upwards.test(kept)
    ? {
        message: `${quoted(text)} is more than a recipe may name`,
        hint: "name a folder in the config's folder, or one by its whole path",
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

/** Inputs that are nothing but hosts may go there: to where they lead themselves. */
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

/** One that is not secret may be named too: its value can be from a variable. */
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
    message: `${quoted(entry.written)} is neither verify, nor one of the hosts and commands of the capabilities`,
    hint: "name the host under hosts:, or the program under commands:",
  });
  return [];
}

/** True for a recipe that declares what it reaches. */
export function declaresCapabilities(header: JsonObject): boolean {
  return isObject(header.capabilities);
}
