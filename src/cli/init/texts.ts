// The files that `init` proposes, as texts: from what is there and what the user chose. Pure.

import { randomBytes } from "node:crypto";
import { schemaUrl } from "../../config/schema-url.ts";
import { parseDotenv } from "../../config/variables/dotenv.ts";
import { addUse, type UseAdded } from "../../config/yaml/add-use.ts";
import type { Json } from "../../contract.ts";
import type { RecipeDetails } from "../recipes/details.ts";

/** Works in every folder: the schema is not in the user's project. */
const modeline = `# yaml-language-server: $schema=${schemaUrl("channels")}`;

export interface Chosen {
  readonly recipe: RecipeDetails;
  /** The values of its inputs; secrets are not among them. */
  readonly values: Readonly<Record<string, Json>>;
  /** Names of variables for the secret inputs, and their values where the user gave one. */
  readonly secrets: readonly Secret[];
  /** Its name under `use:`. Default: the recipe's. */
  readonly as?: string;
  /** What `recipe:` is. Default: the name of a bundled one. */
  readonly reference?: string;
}

export interface Secret {
  readonly input: string;
  readonly variable: string;
  /** Undefined: a new one is made, unless the variable is set already. */
  readonly value?: string | undefined;
  /** A variable that the user named: it is set elsewhere. */
  readonly isSet?: true;
}

interface ConfigWishes {
  readonly chosen: readonly Chosen[];
  readonly serverName: string;
  readonly publicUrl?: string | undefined;
  readonly wake?: boolean;
}

/** `text`: of the present file. Several recipes are added one after the other. */
export function configText(
  text: string | undefined,
  { chosen, serverName, publicUrl, wake }: ConfigWishes,
): UseAdded {
  if (text !== undefined) {
    let next = text;
    let present: string | undefined;
    for (const one of chosen) {
      const added = addUse(next, one.recipe.recipe, useLines(one));
      if ("problem" in added) return added;
      if ("text" in added) next = added.text;
      else present = added.present;
    }
    return next === text ? { present: present ?? "" } : { text: next };
  }
  const head = [modeline, "version: 1"];
  if (serverName !== "router") head.push("server:", `  name: ${serverName}`);
  if (publicUrl !== undefined) head.push(`public_url: ${publicUrl}`);
  if (wake) head.push("wake: auto");
  const body =
    chosen.length === 0
      ? ["sources:", "  hello:", "    type: http", "    path: /hello"]
      : ["use:", ...chosen.flatMap((one) => useLines(one).map((line) => `  ${line}`))];
  return { text: `${[...head, "", ...body].join("\n")}\n` };
}

/** The name under which a recipe is used: the prefix of its sources and channels. */
export function useName({ recipe }: Pick<RecipeDetails, "recipe">): string {
  return recipe.replaceAll("-", "_");
}

export function useLines(chosen: Chosen): string[] {
  const { recipe, as, reference } = chosen;
  const given = inputLines(chosen);
  return [
    `${as ?? useName(recipe)}:`,
    `  recipe: ${reference ?? recipe.recipe}`,
    ...(given.length === 0 ? [] : ["  with:", ...given.map((line) => `    ${line}`)]),
  ];
}

/** The lines below `with:`, without indentation. */
export function inputLines({ values, secrets }: Pick<Chosen, "values" | "secrets">): string[] {
  return [
    ...secrets.map(({ input, variable }) => `${input}: "\${${variable}}"`),
    ...Object.entries(values).flatMap(([name, value]) =>
      Array.isArray(value) && value.length > 0
        ? [`${name}:`, ...value.map((one) => `  - ${scalar(one)}`)]
        : [`${name}: ${scalar(value)}`],
    ),
  ];
}

/** In JSON, which is YAML, but for plain words. */
function scalar(value: Json): string {
  const isPlain =
    typeof value === "string" &&
    /^[a-z][a-z0-9._/-]*$/i.test(value) &&
    !/^(true|false|null|yes|no|on|off)$/i.test(value);
  return isPlain ? value : JSON.stringify(value);
}

/**
 * The variable of a secret input: the one that the recipe's example names, else `STRIPE_TEST_SECRET`. `isTaken`:
 * for a recipe of somebody else, which must not choose what the user has for another purpose. Undefined when
 * both are taken.
 */
export function variableOf(
  recipe: string,
  input: { readonly name: string; readonly example?: Json },
  isTaken: (variable: string) => boolean = () => false,
): string | undefined {
  const named = typeof input.example === "string" ? /^\$\{(\w+)\}$/.exec(input.example)?.[1] : undefined;
  const own = `${recipe}_${input.name}`.replaceAll("-", "_").toUpperCase();
  return [named ?? own, own].find((variable) => !isTaken(variable));
}

/** `.env` with a value for each variable that has none: the user's, else a new secret. */
export function dotenvText(text: string | undefined, secrets: readonly Secret[]): string | undefined {
  const { variables } = parseDotenv(text ?? "");
  const added = secrets.filter(({ variable }) => (variables[variable] ?? "") === "");
  if (added.length === 0) return undefined;
  return withVariables(
    text,
    added.map(({ variable, value }) => ({ variable, value: value ?? randomBytes(32).toString("hex") })),
  );
}

/** The text of a `.env` with these variables; an undefined value is an empty one. A line that declares one without a value is filled in. */
export function withVariables(
  text: string | undefined,
  added: readonly { readonly variable: string; readonly value?: string | undefined }[],
): string {
  let next = text ?? "";
  for (const { variable, value } of added) {
    const written = value === undefined ? "" : `'${value}'`;
    const empty = new RegExp(
      `^([ \\t]*(?:export[ \\t]+)?${variable}[ \\t]*=)[ \\t]*(?:''|"")?[ \\t]*$`,
      "gm",
    );
    const last = [...next.matchAll(empty)].at(-1);
    if (last === undefined) {
      const gap = next === "" || next.endsWith("\n") ? "" : "\n";
      next = `${next}${gap}${variable}=${written}\n`;
    } else {
      const [line, before = ""] = last;
      next = `${next.slice(0, last.index)}${before}${written}${next.slice(last.index + line.length)}`;
    }
  }
  return next;
}

/** `.gitignore` with `.env`; undefined when it is ignored already. */
export function gitignoreText(text: string | undefined): string | undefined {
  const lines = (text ?? "").split(/\r?\n/).map((line) => line.trim());
  if (lines.some((line) => /^\/?(?:\*\*\/)?(?:\.env|\.env\*|\*\.env)$/.test(line))) return undefined;
  const gap = text === undefined || text === "" || text.endsWith("\n") ? "" : "\n";
  return `${text ?? ""}${gap}.env\n`;
}
