// What the user wants from `init`: from options, or asked at the terminal.

import { bundledRecipes } from "../../config/recipe/bundled.ts";
import type { Json } from "../../contract.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { UsageError } from "../../errors.ts";
import { line, type SafeText } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext, Person } from "../context.ts";
import { printed } from "../print.ts";
import { type RecipeDetails, readDetails } from "../recipes/details.ts";
import { whyNoChannels } from "./no-channels.ts";
import { type Chosen, variableOf } from "./texts.ts";

export type Reach = "here" | "relay" | "gateway";

export interface InitOptions {
  readonly yes?: boolean;
  readonly recipe: readonly string[];
  readonly with: readonly string[];
  readonly reach?: string;
  readonly publicUrl?: string;
  readonly user?: boolean;
  readonly wake?: boolean;
  readonly dryRun?: boolean;
  readonly try?: boolean;
  readonly json?: boolean;
}

export interface Wishes {
  readonly chosen: readonly Chosen[];
  readonly reach: Reach;
  readonly publicUrl?: string | undefined;
  /** The user's own config instead of the project's. */
  readonly user: boolean;
  /** Sessions that do not show channels are to be notified of waiting events. */
  readonly wake: boolean;
}

type Around = Pick<CommandContext, "env" | "cwd" | "print" | "clientLog" | "now">;

export async function readWishes(
  options: InitOptions,
  person: Person | undefined,
  context: Around,
): Promise<Wishes> {
  const names =
    options.recipe.length > 0 || person === undefined ? options.recipe : await askRecipes(person, context);
  const details = await Promise.all([...new Set(names)].map((name) => detailsOf(name, context)));
  const given = readPairs(options.with);
  const chosen: Chosen[] = [];
  for (const recipe of details) chosen.push(await chooseInputs(recipe, given, details.length, person));
  for (const name of given.keys()) throw unknownInput(name, details);
  const isPosted =
    details.length === 0 || details.some(({ sources }) => sources.some(({ type }) => type === "http"));
  const reach = readReach(options.reach ?? (options.publicUrl === undefined ? undefined : "gateway"));
  const asked =
    reach ?? (isPosted && details.length > 0 && person !== undefined ? await askReach(person) : "here");
  const publicUrl =
    options.publicUrl ??
    (asked === "gateway" && person !== undefined
      ? emptyAsNone(await person.ask(line`Public URL of the gateway: `))
      : undefined);
  if (publicUrl !== undefined && !/^https?:\/\/[^\s]+$/.test(publicUrl))
    throw new UsageError("E_USAGE", `${publicUrl} is not a URL`, {
      hint: "such as https://hooks.example.com",
    });
  const user = options.user ?? (person === undefined ? false : await askPlace(person));
  const wake = options.wake ?? (person === undefined ? false : await askWake(person, context));
  return { chosen, reach: asked, publicUrl, user, wake };
}

/** Asked only where Claude Code cannot show channels, and nobody has forbidden them. */
async function askWake(person: Person, context: Around): Promise<boolean> {
  const reason = await whyNoChannels(context);
  if (reason === undefined) return false;
  const answer = await person.ask(
    line`Claude Code cannot show channels here (${reason}). Notify its sessions of waiting events, so that Claude fetches them? [Y/n] `,
  );
  return !/^\s*n/i.test(answer);
}

async function askRecipes(person: Person, context: Around): Promise<readonly string[]> {
  const names = bundledRecipes();
  const all = await Promise.all(names.map((name) => readDetails(name, context)));
  const width = String(names.length).length;
  const nameWidth = Math.max(...names.map(({ length }) => length));
  context.print(
    printed(
      heading("What do you want to hear about?"),
      line`  ${"0".padStart(width)}  ${"webhook".padEnd(nameWidth)}  ${colors.dim("Anything that is posted to a URL")}`,
      ...all.map(
        ({ recipe, title }, index) =>
          line`  ${String(index + 1).padStart(width)}  ${recipe.padEnd(nameWidth)}  ${colors.dim(title)}`,
      ),
    ),
  );
  const answer = await person.ask(line`Numbers or names, with commas between them [0]: `);
  return answer
    .split(/[\s,]+/)
    .filter((word) => word !== "" && word !== "0" && word !== "webhook")
    .map((word) => (/^\d+$/.test(word) ? (names[Number(word) - 1] ?? word) : word));
}

async function detailsOf(name: string, context: Around): Promise<RecipeDetails> {
  if (!bundledRecipes().includes(name))
    throw new UsageError("E_USAGE", `no bundled recipe is called ${name}`, {
      hint: didYouMeanHint(name, bundledRecipes()) ?? `there are: ${bundledRecipes().join(", ")}`,
    });
  return readDetails(name, context);
}

/** `secret=abc`; with several recipes also `stripe-test.secret=abc`. */
export function readPairs(written: readonly string[]): Map<string, string> {
  return new Map(
    written.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1)
        throw new UsageError("E_USAGE", `--with ${pair} is not NAME=VALUE`, {
          hint: "such as --with branches=main",
        });
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** `isTaken`: for a recipe of somebody else, which variables the user has for another purpose. */
export async function chooseInputs(
  recipe: RecipeDetails,
  given: Map<string, string>,
  count: number,
  person: Person | undefined,
  isTaken?: (variable: string) => boolean,
): Promise<Chosen> {
  const values: Record<string, Json> = {};
  const secrets: Chosen["secrets"][number][] = [];
  for (const input of recipe.inputs) {
    const { name, secret } = input;
    const key = [`${recipe.recipe}.${name}`, ...(count === 1 ? [name] : [])].find((one) => given.has(one));
    let value = key === undefined ? undefined : given.get(key);
    if (key !== undefined) given.delete(key);
    if (secret) {
      const named = /^\$\{(\w+)\}$/.exec(value ?? "")?.[1];
      if (named === undefined && value !== undefined && /['\p{Cc}]/u.test(value))
        throw new UsageError("E_USAGE", `the value of ${name} contains characters that .env cannot take`);
      const variable = named ?? variableOf(recipe.recipe, input, isTaken);
      if (variable === undefined) throw takenVariable(recipe.recipe, name, variableOf(recipe.recipe, input));
      secrets.push({
        input: name,
        variable,
        ...(named === undefined && value !== undefined ? { value } : {}),
        ...(named === undefined ? {} : { isSet: true as const }),
      });
      continue;
    }
    if (value === undefined && input.default === undefined) {
      if (person === undefined)
        throw new UsageError("E_USAGE", `${recipe.recipe} needs ${name}: ${input.description}`, {
          hint: `add  --with ${name}=${exampleOf(input.example)}`,
        });
      value =
        emptyAsNone(await person.ask(line`${name}: ${input.description} [${exampleOf(input.example)}] `)) ??
        exampleOf(input.example);
    }
    if (value !== undefined) values[name] = readValue(value, input.type);
  }
  return { recipe, values, secrets };
}

function takenVariable(recipe: string, input: string, variable: string | undefined): UsageError {
  const why = `${variable} is in use already, and the recipe ${recipe} does not get it unless you say so`;
  return new UsageError("E_USAGE", why, {
    hint: `name a variable for ${input}:  --with ${input}='\${NAME}'`,
  });
}

function exampleOf(example: Json | undefined): string {
  if (example === undefined) return "VALUE";
  return Array.isArray(example)
    ? example.join(",")
    : typeof example === "string"
      ? example
      : JSON.stringify(example);
}

function readValue(text: string, type: string): Json {
  if (type.startsWith("list of ")) {
    const item = type.slice("list of ".length);
    return text === "" ? [] : text.split(",").map((one) => readValue(one.trim(), item));
  }
  if (type === "number" || type === "integer") {
    const number = Number(text);
    return text.trim() !== "" && Number.isFinite(number) ? number : text;
  }
  return type === "boolean" && /^(true|false)$/.test(text) ? text === "true" : text;
}

export function unknownInput(name: string, recipes: readonly RecipeDetails[]): UsageError {
  const names = recipes.flatMap(({ recipe, inputs }) =>
    inputs.map((input) => (recipes.length === 1 ? input.name : `${recipe}.${input.name}`)),
  );
  return new UsageError("E_USAGE", `no input named ${name}`, {
    hint:
      didYouMeanHint(name, names) ??
      (names.length === 0 ? "name a recipe: --recipe NAME" : `its inputs: ${names.join(", ")}`),
  });
}

function readReach(written: string | undefined): Reach | undefined {
  if (written === undefined || written === "here" || written === "relay" || written === "gateway")
    return written;
  throw new UsageError("E_USAGE", `unknown value for --reach: ${written}`, {
    hint: "here, relay or gateway",
  });
}

async function askReach(person: Person): Promise<Reach> {
  const answer = await person.ask(
    line`From where can the sender reach you: 1 this machine, 2 a relay, 3 a gateway with a public URL [1]: `,
  );
  return /^\s*(2|relay)/i.test(answer) ? "relay" : /^\s*(3|gateway)/i.test(answer) ? "gateway" : "here";
}

async function askPlace(person: Person): Promise<boolean> {
  const answer = await person.ask(
    line`For 1 this project, or 2 you, in every project without a config of its own [1]: `,
  );
  return /^\s*(2|you|me|user)/i.test(answer);
}

function emptyAsNone(answer: string): string | undefined {
  return answer.trim() === "" ? undefined : answer.trim();
}

function heading(words: string): SafeText {
  return line`${colors.bold(words)}`;
}
