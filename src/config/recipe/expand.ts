// Inserts the recipes of a config into its tree: reads them, sets their inputs, merges the config's
// overrides, and prefixes their names. Every path in the resulting tree still maps to its location in the
// file where it was written.

import { dirname } from "node:path";
import type { Json, JsonObject, JsonSchema } from "../../contract.ts";
import { yieldToEventLoop } from "../../yield-to-event-loop.ts";
import { type KeptTexts, type ParsedFile, readYamlFile } from "../read.ts";
import { explainErrors } from "../schema/explain.ts";
import { schemasAt } from "../schema/walk.ts";
import type { IssueDraft } from "../values.ts";
import { TaintedTree } from "../variables/taint.ts";
import {
  type Resolved,
  resolveVariables,
  type ScopedVariable,
  type VariableContext,
} from "../variables/variables.ts";
import { absent } from "../yaml/bounded-file.ts";
import { openYaml, type Place, type YamlFile } from "../yaml/file.ts";
import { type Path, pathKey } from "../yaml/problem.ts";
import type { PatternCompiler } from "./input-check.ts";
import { readInputs } from "./inputs.ts";
import { type Instance, isSection, placeIn, prefixed, scopeOf, sections } from "./instance.ts";
import { isMapping, mappingOf, mergeOver } from "./merge.ts";
import { findRecipe } from "./reference.ts";
import { recipeSchema } from "./schema.ts";
import { validate } from "./schema.ts?validator";
import { unknownName } from "./unknown-name.ts";

/** A problem in one of the files, with the use of the recipe that it belongs to. */
export interface FileProblem extends IssueDraft {
  readonly yaml: YamlFile;
  readonly instance?: Instance;
  /** Offset in the file's text, when already known. */
  readonly at?: number;
}

export interface Expansion {
  /** The config's values with those of its recipes inserted. */
  readonly root: JsonObject;
  /** Those yet to be resolved, with paths in `root`. */
  readonly variables: readonly ScopedVariable[];
  /** Those of `use:`, whose paths are in the config's own file. */
  readonly resolved: readonly Resolved[];
  readonly problems: readonly FileProblem[];
  readonly instances: readonly Instance[];
  /** The recipes that were read or looked up. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  /** The location of a path in `root`, and the use of the recipe that it belongs to. */
  placeOf(path: Path): Place & { readonly instance?: Instance; readonly local?: string };
}

export interface ExpandOptions {
  readonly world: VariableContext;
  loadPatterns(): Promise<PatternCompiler>;
  /** Loads the file itself as a recipe, with these inputs, located at a path in it. */
  /** Read instead of the files. */
  readonly kept?: KeptTexts | undefined;
  readonly alone?: { readonly values: JsonObject; readonly at: Path } | undefined;
}

interface Written {
  readonly name: string;
  readonly yaml: YamlFile;
  readonly given: { readonly values: JsonObject; readonly at: Path; readonly owner: Path };
  readonly override: JsonObject;
}

/** Each adds sources and channels of its own, and its file is read. */
const maxUses = 200;
/**
 * Limit for the files of all uses together, in UTF-16 units: a recipe that is used repeatedly counts
 * repeatedly.
 */
const maxRecipeText = 4 * 1024 * 1024;

export async function expandRecipes(config: YamlFile, options: ExpandOptions): Promise<Expansion> {
  const { alone, world } = options;
  const problems: FileProblem[] = [];
  const instances: Instance[] = [];
  const resolved: Resolved[] = [];
  const files = new Map<string, string>();
  const owners = new Map<string, { readonly instance: Instance; readonly local: string }>();
  const variables: ScopedVariable[] = [];
  /** Uses whose recipe is named by a variable. */
  const fromVariables = new Set<string>();
  const read = new Map<string, ParsedFile>();
  let recipeText = 0;
  const own = config.tree.variables;
  const root = alone === undefined ? config.tree.root : rootOf(config.tree.root);
  if (alone === undefined)
    variables.push(...own.filter(({ path }) => path[0] !== "use" && path[0] !== "tests"));

  for (const written of alone === undefined ? await readUses() : [wholeFile(alone)]) {
    await enter(written);
    await yieldToEventLoop();
  }
  return { root, variables, resolved, problems, instances, files: fileList(files), placeOf };

  async function readUses(): Promise<Written[]> {
    const names = own.filter(({ path }) => path.length === 3 && path[0] === "use" && path[2] === "recipe");
    resolved.push(...resolveVariables(names, () => [], world));
    for (const { path, tainted } of resolved) if (tainted.length > 0) fromVariables.add(String(path[1]));
    const found: Written[] = [];
    const uses = Object.entries(mappingOf(root.use));
    if (uses.length > maxUses) {
      const message = `uses ${uses.length} recipes, and at most ${maxUses} are read`;
      problems.push({ yaml: config, path: ["use"], code: "E_CONFIG_SIZE", message });
      return [];
    }
    for (const [name, use] of uses) {
      if (!isMapping(use) || typeof use.recipe !== "string" || use.recipe === "") continue;
      const yaml = await readRecipe(name, use.recipe);
      if (yaml === undefined) continue;
      const given = { values: mappingOf(use.with), at: ["use", name, "with"], owner: ["use", name] };
      found.push({ name, yaml, given, override: mappingOf(use.override) });
    }
    return found;
  }

  async function readRecipe(name: string, written: string): Promise<YamlFile | undefined> {
    const reference = findRecipe(written, dirname(config.file), options.kept);
    if ("message" in reference) {
      const { file } = reference;
      const isTyped = !fromVariables.has(name);
      const { message, hint } = isTyped ? reference : unnamedRecipe;
      if (file !== undefined) files.set(file, absent);
      problems.push({ yaml: config, path: ["use", name, "recipe"], code: "E_CONFIG_RECIPE", message, hint });
      return undefined;
    }
    const parsed = read.get(reference.file) ?? (await readYamlFile(reference.file, "recipe", options.kept));
    read.set(reference.file, parsed);
    files.set(reference.file, parsed.reading.ok ? parsed.reading.sha256 : absent);
    recipeText += parsed.text.length;
    if (recipeText > maxRecipeText) {
      const message = `the recipes that are used have more than ${maxRecipeText / 1024 / 1024} MiB together`;
      problems.push({ yaml: config, path: ["use", name, "recipe"], code: "E_CONFIG_SIZE", message });
      return undefined;
    }
    await yieldToEventLoop();
    // Each use has its own tree: values are written into it.
    return openYaml(reference.file, parsed);
  }

  function wholeFile({ values, at }: { readonly values: JsonObject; readonly at: Path }): Written {
    return { name: "", yaml: config, given: { values, at, owner: at.slice(0, -1) }, override: {} };
  }

  async function enter({ name, yaml, given, override }: Written): Promise<void> {
    const header = yaml.tree.root;
    const before = { name, yaml, user: config, override };
    const nothing: Instance = { ...before, inputs: new Map() };
    if (yaml !== config) problems.push(...syntaxProblems(yaml, nothing));
    if (yaml.parsed.document === undefined) return;
    for (const key of [...sections, "inputs", "tests"]) if (header[key] === null) delete header[key];
    const inRecipe = (drafts: readonly IssueDraft[], instance: Instance) =>
      problems.push(...drafts.map((draft) => ({ ...draft, yaml, instance })));
    inRecipe(headerDrafts(yaml), nothing);

    const declared = declaredInputs(header);
    const ofWith = own.filter(({ path }) => isBelow(path, given.at));
    const inputSchema = { properties: declared };
    const ofInput = (path: Path) => schemasAt(inputSchema, path.slice(given.at.length));
    const ofThis = alone === undefined ? resolveVariables(ofWith, ofInput, world) : [];
    resolved.push(...ofThis);
    const unread = new Set(
      ofThis.flatMap(({ path, problems }) => (problems.length > 0 ? String(path[given.at.length]) : [])),
    );
    const ofThese = new TaintedTree();
    for (const { tainted } of ofThis) ofThese.add(tainted);
    const replaced = new Set(ofWith.map(({ path }) => pathKey(path)));
    const needsPatterns = Object.values(declared).some((schema) =>
      JSON.stringify(schema).includes('"pattern"'),
    );
    const compile = needsPatterns ? await options.loadPatterns() : noPatterns;
    const { inputs, givenDrafts, recipeDrafts } = readInputs(
      declared,
      {
        ...given,
        unread,
        tainted: (name) => ofThese.below([...given.at, name]),
        typed: (path) => (replaced.has(pathKey(path)) ? undefined : textAt(config, path)),
      },
      compile,
      alone !== undefined || world.standIns,
    );
    const instance: Instance = { ...before, inputs };
    instances.push(instance);
    inRecipe(recipeDrafts, instance);
    problems.push(...givenDrafts.map((draft) => ({ ...draft, yaml: config })));
    place(instance);
    addVariables(instance);
  }

  function place(instance: Instance): void {
    const { yaml, override } = instance;
    for (const section of sections) {
      const entries = mappingOf(yaml.tree.root[section]);
      const changes = mappingOf(override[section]);
      problems.push(...unknownChanges(instance, section, Object.keys(entries)));
      for (const [local, entry] of Object.entries(entries)) {
        const full = prefixed(instance, local);
        const target = root[section] ?? {};
        if (!isMapping(entry) || changes[local] === null || !isMapping(target)) continue;
        root[section] = target;
        if (Object.hasOwn(target, full))
          problems.push(nameTaken(instance, section, local, owners.has(`${section} ${full}`)));
        else {
          target[full] = mergeOver(entry, changes[local]);
          owners.set(`${section} ${full}`, { instance, local });
        }
      }
    }
  }

  function addVariables(instance: Instance): void {
    const { yaml, override, name } = instance;
    const add = (variable: ScopedVariable, [section, local, ...rest]: Path): void => {
      if (!isSection(section) || typeof local !== "string") return;
      const path = [section, prefixed(instance, local), ...rest];
      const owner = owners.get(`${section} ${path[1]}`);
      if (owner?.instance !== instance) return;
      if ((placeOf(path).yaml === yaml) !== (variable.inputs !== undefined)) return;
      variables.push({ ...variable, path, assign: (value) => setAt(root, path, value) });
    };
    const inputs = scopeOf(instance);
    for (const variable of yaml.tree.variables) add({ ...variable, inputs }, variable.path);
    if (Object.keys(override).length === 0) return;
    for (const variable of own)
      if (isBelow(variable.path, ["use", name, "override"])) add(variable, variable.path.slice(3));
  }

  function placeOf(path: Path): ReturnType<Expansion["placeOf"]> {
    const [section, name, ...rest] = path;
    const owner = isSection(section) ? owners.get(`${section} ${name}`) : undefined;
    if (owner === undefined || !isSection(section)) return { yaml: config, path };
    return { ...placeIn(owner.instance, section, owner.local, rest), ...owner };
  }
}

/** The value of a variable never appears in a message. */
const unnamedRecipe = {
  message: "the value of the variable does not name a usable recipe",
  hint: "write the name of a bundled recipe, or a file as ./FILE.yaml",
};

/** A recipe that is loaded by itself is a config of its sections and tests. */
function rootOf(recipe: JsonObject): JsonObject {
  return recipe.tests === undefined ? {} : { tests: recipe.tests };
}

function syntaxProblems(yaml: YamlFile, instance: Instance): FileProblem[] {
  const { parsed, tree } = yaml;
  return [...parsed.problems, ...tree.problems].map((problem) => ({ ...problem, yaml, instance }));
}

function headerDrafts(yaml: YamlFile): IssueDraft[] {
  const { root } = yaml.tree;
  if (validate(root)) return [];
  return explainErrors(validate.errors ?? [], {
    schema: recipeSchema,
    value: root,
    prefix: [],
    typed: (path) => textAt(yaml, path),
  });
}

function declaredInputs(header: JsonObject): Readonly<Record<string, JsonSchema>> {
  const entries = Object.entries(mappingOf(header.inputs)).filter(([, schema]) => isMapping(schema));
  return Object.fromEntries(entries) as Readonly<Record<string, JsonSchema>>;
}

function unknownChanges(
  instance: Instance,
  section: (typeof sections)[number],
  known: readonly string[],
): FileProblem[] {
  const { user, name, override } = instance;
  return Object.keys(mappingOf(override[section]))
    .filter((changed) => !known.includes(changed))
    .map((changed) => ({
      yaml: user,
      path: ["use", name, "override", section, changed],
      on: "key" as const,
      code: "E_CONFIG_REFERENCE",
      ...unknownName(section, changed, known),
    }));
}

function nameTaken(
  instance: Instance,
  section: (typeof sections)[number],
  local: string,
  byRecipe: boolean,
): FileProblem {
  const full = prefixed(instance, local);
  return {
    yaml: instance.user,
    path: byRecipe ? ["use", instance.name] : [section, full],
    on: "key",
    code: "E_CONFIG_NAME",
    message: `${full} is also the name of ${local} of the recipe in use.${instance.name}`,
    hint: "give one of the two another name",
  };
}

const noPatterns: PatternCompiler = () => {
  throw new Error("no input has a pattern");
};

function isBelow(path: Path, above: Path): boolean {
  return path.length > above.length && above.every((step, index) => path[index] === step);
}

function textAt({ parsed, locator }: YamlFile, path: Path): string | undefined {
  const range = locator.rangeOf(path);
  return range && parsed.text.slice(...range).replace(/^(["'])(.*)\1$/s, "$2");
}

function setAt(root: JsonObject, path: Path, value: Json): void {
  let target: Record<string | number, Json> = root;
  for (const step of path.slice(0, -1)) target = target[step] as Record<string | number, Json>;
  target[path.at(-1) as string | number] = value;
}

function fileList(files: ReadonlyMap<string, string>) {
  return [...files].map(([path, sha256]) => ({ path, sha256 }));
}
