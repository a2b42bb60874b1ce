// Inserts the recipes of a config into its tree: reads them, sets their inputs, merges the config's
// overrides, and prefixes their names. Every path in the resulting tree still maps to its location in the
// file where it was written.

import { dirname } from "node:path";
import type { Capabilities } from "../../contract/capabilities.ts";
import type { Json, JsonObject } from "../../contract.ts";
import { asObject, isObject } from "../../json.ts";
import { yieldToEventLoop } from "../../yield-to-event-loop.ts";
import { type KeptTexts, type ParsedFile, readYamlFile } from "../read.ts";
import { explainErrors } from "../schema/explain.ts";
import { schemaTree } from "../schema/schema-tree.ts";
import type { IssueDraft } from "../values.ts";
import { unknownInput } from "../variables/substitute.ts";
import { TaintedTree } from "../variables/taint.ts";
import {
  type ResolvedVariable,
  resolveVariables,
  type ScopedVariable,
  type VariableContext,
} from "../variables/variables.ts";
import { absent } from "../yaml/bounded-file.ts";
import { type FilePath, openYaml, type YamlFile } from "../yaml/file.ts";
import { type Path, pathKey } from "../yaml/problem.ts";
import { isBundled, packedFile } from "./bundled.ts";
import { readCapabilities } from "./capabilities.ts";
import { type Declarations, declaredInputs, earlierNames, writtenDrafts } from "./declaration.ts";
import type { PatternCompiler } from "./input-check.ts";
import { type Inputs, readInputs } from "./inputs.ts";
import { type Instance, isSection, pathIn, prefixed, scopeOf, sections, unknownName } from "./instance.ts";
import { type LockFile, readLock } from "./lock.ts";
import { mergeOver } from "./merge.ts";
import type { RecipeUse } from "./recipe-use.ts";
import { findRecipe, type Reference } from "./reference.ts";
import { isOwnFile, rangeProblem, unmetRequirement } from "./requirements.ts";
import { recipeSchema } from "./schema.ts";
import { validate } from "./schema.ts?validator";

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
  /** Variables that are not resolved yet, with paths in `root`. */
  readonly variables: readonly ScopedVariable[];
  /** Resolved variables of `use:`, with paths in the config's own file. */
  readonly resolved: readonly ResolvedVariable[];
  readonly problems: readonly FileProblem[];
  readonly warnings: readonly FileProblem[];
  readonly instances: readonly Instance[];
  /** The recipe files that were read or looked for, and the lock if a recipe is shared. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  readonly lock: LockFile | undefined;
  readonly uses: readonly RecipeUse[];
  /** The location of a path in `root`, and the use of the recipe that it belongs to. */
  pathOf(path: Path): FilePath & { readonly instance?: Instance; readonly local?: string };
}

export interface ExpandOptions {
  readonly context: VariableContext;
  loadPatterns(): Promise<PatternCompiler>;
  /** Texts to use instead of the files. */
  readonly kept?: KeptTexts | undefined;
  /** Apart from bundled ones, only these are read. Default: all. */
  readonly recipes?: ReadonlySet<string> | undefined;
  readonly alone?: { readonly values: JsonObject; readonly at: Path } | undefined;
}

interface Written {
  readonly name: string;
  /** A file of the user's own project. */
  readonly isOwn: boolean;
  readonly yaml: YamlFile;
  readonly given: { readonly values: JsonObject; readonly at: Path; readonly component: Path };
  readonly override: JsonObject;
}

/** Each use reads a file, and adds sources and channels. */
const maxUses = 200;
/**
 * The limit for the files of all uses, in UTF-16 units: a recipe that is used twice counts twice.
 */
const maxRecipeText = 4 * 1024 * 1024;

export function expandRecipes(config: YamlFile, options: ExpandOptions): Promise<Expansion> {
  return new RecipeExpansion(config, options).expand();
}

class RecipeExpansion {
  readonly #config: YamlFile;
  readonly #options: ExpandOptions;
  readonly #alone: { readonly values: JsonObject; readonly at: Path } | undefined;
  readonly #context: VariableContext;
  readonly #own: YamlFile["tree"]["variables"];
  readonly #root: JsonObject;
  readonly #problems: FileProblem[] = [];
  readonly #warnings: FileProblem[] = [];
  readonly #instances: Instance[] = [];
  readonly #resolved: ResolvedVariable[] = [];
  readonly #files = new Map<string, string>();
  readonly #definers = new Map<string, { readonly instance: Instance; readonly local: string }>();
  readonly #variables: ScopedVariable[] = [];
  /** Uses whose recipe is named by a variable. */
  readonly #fromVariables = new Set<string>();
  readonly #read = new Map<string, ParsedFile>();
  readonly #uses: RecipeUse[] = [];
  #lock: LockFile | undefined;
  #recipeText = 0;

  constructor(config: YamlFile, options: ExpandOptions) {
    this.#config = config;
    this.#options = options;
    const { alone, context } = options;
    this.#alone = alone;
    this.#context = context;
    this.#own = config.tree.variables;
    this.#root = this.#alone === undefined ? config.tree.root : rootOf(config.tree.root);
  }

  async expand(): Promise<Expansion> {
    if (this.#alone === undefined)
      this.#variables.push(...this.#own.filter(({ path }) => path[0] !== "use" && path[0] !== "tests"));
    for (const written of this.#alone === undefined
      ? await this.#readUses()
      : [this.#wholeFile(this.#alone)]) {
      await this.#enter(written);
      await yieldToEventLoop();
    }
    return {
      root: this.#root,
      variables: this.#variables,
      resolved: this.#resolved,
      problems: this.#problems,
      warnings: this.#warnings,
      instances: this.#instances,
      files: fileList(this.#files),
      lock: this.#lock,
      uses: this.#uses,
      pathOf: (path) => this.#placeOf(path),
    };
  }

  async #readUses(): Promise<Written[]> {
    const names = this.#own.filter(
      ({ path }) => path.length === 3 && path[0] === "use" && path[2] === "recipe",
    );
    this.#resolved.push(...resolveVariables(names, () => [], this.#context));
    for (const { path, tainted } of this.#resolved)
      if (tainted.length > 0) this.#fromVariables.add(String(path[1]));
    const found: Written[] = [];
    const uses = Object.entries(asObject(this.#root.use));
    if (uses.length > maxUses) {
      const message = `uses ${uses.length} recipes; the limit is ${maxUses}`;
      this.#problems.push({ yaml: this.#config, path: ["use"], code: "E_CONFIG_SIZE", message });
      return [];
    }
    for (const [name, use] of uses) {
      if (!isObject(use) || typeof use.recipe !== "string" || use.recipe === "") continue;
      const yaml = await this.#readRecipe(name, use.recipe);
      if (yaml === undefined) continue;
      const given = { values: asObject(use.with), at: ["use", name, "with"], component: ["use", name] };
      found.push({ name, isOwn: isOwnFile(use.recipe), yaml, given, override: asObject(use.override) });
    }
    return found;
  }

  async #readRecipe(name: string, written: string): Promise<YamlFile | undefined> {
    const { kept, recipes } = this.#options;
    const reference =
      recipes === undefined || recipes.has(written) || isBundled(written)
        ? findRecipe(written, dirname(this.#config.file), kept, () => this.#readLock())
        : notRead;
    if ("message" in reference) {
      const { file } = reference;
      const isTyped = !this.#fromVariables.has(name);
      const { message, hint } = isTyped ? reference : unnamedRecipe;
      if (file !== undefined && !this.#files.has(file)) this.#files.set(file, absent);
      this.#problems.push({
        yaml: this.#config,
        path: ["use", name, "recipe"],
        code: reference.code ?? "E_CONFIG_RECIPE",
        message,
        hint,
      });
      return undefined;
    }
    const parsed =
      this.#read.get(reference.file) ?? (await readYamlFile(reference.file, "recipe", this.#options.kept));
    this.#read.set(reference.file, parsed);
    const packed = packedFile(reference.file);
    if (packed !== undefined) this.#files.set(packed.path, packed.sha256);
    else this.#files.set(reference.file, parsed.reading.ok ? parsed.reading.sha256 : absent);
    this.#recipeText += parsed.text.length;
    if (this.#recipeText > maxRecipeText) {
      const message = `the recipes in use exceed ${maxRecipeText / 1024 / 1024} MiB in total`;
      this.#problems.push({
        yaml: this.#config,
        path: ["use", name, "recipe"],
        code: "E_CONFIG_SIZE",
        message,
      });
      return undefined;
    }
    const refusal = sharedProblem(reference, parsed);
    if (refusal !== undefined) {
      const path = ["use", name, "recipe"];
      this.#problems.push({ yaml: this.#config, path, code: "E_CONFIG_LOCK", ...refusal });
      return undefined;
    }
    await yieldToEventLoop();
    this.#uses.push(useOfRecipe(name, written, reference));
    // Each use has its own tree: values are written into it.
    return openYaml(reference.file, parsed);
  }

  #readLock(): LockFile {
    this.#lock ??= readLock(dirname(this.#config.file), this.#options.kept);
    this.#files.set(this.#lock.path, this.#lock.sha256);
    return this.#lock;
  }

  #wholeFile({ values, at }: { readonly values: JsonObject; readonly at: Path }): Written {
    const given = { values, at, component: at.slice(0, -1) };
    return { name: "", isOwn: true, yaml: this.#config, given, override: {} };
  }

  async #enter({ name, isOwn, yaml, given, override }: Written): Promise<void> {
    const header = yaml.tree.root;
    const before = { name, yaml, user: this.#config, override };
    const nothing: Instance = { ...before, inputs: new Map() };
    if (yaml !== this.#config) this.#problems.push(...syntaxProblems(yaml, nothing));
    if (yaml.parsed.document === undefined) return;
    for (const key of [...sections, "inputs", "tests"]) if (header[key] === null) delete header[key];
    if (header.capabilities === null) header.capabilities = {};
    const inRecipe = (drafts: readonly IssueDraft[], instance: Instance) =>
      this.#problems.push(...drafts.map((draft) => ({ ...draft, yaml, instance })));
    const isOutside = this.#uses.some((use) => use.name === name && use.from === "outside");
    if (isOutside && !validate(header)) {
      // It can be any file of the user, so none of its text is shown.
      this.#problems.push({ yaml: this.#config, path: ["use", name, "recipe"], ...notARecipe(yaml.file) });
      return;
    }
    const unmet = unmetRequirement(header, isOwn && !isOutside);
    if (unmet !== undefined) {
      const at = name === "" ? ["requires", "router"] : ["use", name, "recipe"];
      this.#problems.push({ yaml: this.#config, path: at, ...unmet });
      return;
    }
    inRecipe(headerDrafts(yaml), nothing);

    const declared = declaredInputs(header);
    const ofWith = this.#own.filter(({ path }) => isBelow(path, given.at));
    const inputTree = schemaTree({ properties: withEarlierNames(declared) });
    const ofInput = (path: Path) => inputTree.at(path.slice(given.at.length)).schemas;
    const ofThis = this.#alone === undefined ? resolveVariables(ofWith, ofInput, this.#context) : [];
    this.#resolved.push(...ofThis);
    const unread = new Set(
      ofThis.flatMap(({ path, problems }) => (problems.length > 0 ? String(path[given.at.length]) : [])),
    );
    const ofThese = new TaintedTree();
    for (const { tainted } of ofThis) ofThese.add(tainted);
    const replaced = new Set(ofWith.map(({ path }) => pathKey(path)));
    const needsPatterns = Object.values(declared).some((schema) =>
      JSON.stringify(schema).includes('"pattern"'),
    );
    const compile = needsPatterns ? await this.#options.loadPatterns() : noPatterns;
    const { inputs, givenDrafts, recipeDrafts, warnings } = readInputs(
      declared,
      {
        ...given,
        unread,
        tainted: (name) => ofThese.below([...given.at, name]),
        typed: (path) => (replaced.has(pathKey(path)) ? undefined : textAt(this.#config, path)),
      },
      compile,
      this.#alone !== undefined || this.#context.placeholders,
    );
    const { capabilities, drafts } = readCapabilities(header, inputs, isOwn);
    const instance: Instance = { ...before, inputs, ...(capabilities === undefined ? {} : { capabilities }) };
    this.#instances.push(instance);
    inRecipe([...recipeDrafts, ...drafts, ...setupDrafts(header, inputs)], instance);
    inRecipe(undeclaredTools(header, capabilities), instance);
    this.#problems.push(...givenDrafts.map((draft) => ({ ...draft, yaml: this.#config })));
    this.#warnings.push(...warnings.map((draft) => ({ ...draft, yaml: this.#config })));
    this.#place(instance);
    this.#addVariables(instance);
  }

  #place(instance: Instance): void {
    const { yaml, override } = instance;
    for (const section of sections) {
      const entries = asObject(yaml.tree.root[section]);
      const changes = asObject(override[section]);
      this.#problems.push(...unknownChanges(instance, section, Object.keys(entries)));
      for (const [local, entry] of Object.entries(entries)) {
        const full = prefixed(instance, local);
        const target = this.#root[section] ?? {};
        if (!isObject(entry) || changes[local] === null || !isObject(target)) continue;
        this.#root[section] = target;
        if (Object.hasOwn(target, full))
          this.#problems.push(nameTaken(instance, section, local, this.#definers.has(`${section} ${full}`)));
        else {
          target[full] = mergeOver(entry, changes[local]);
          this.#definers.set(`${section} ${full}`, { instance, local });
        }
      }
    }
  }

  #addVariables(instance: Instance): void {
    const { yaml, override, name } = instance;
    const add = (variable: ScopedVariable, [section, local, ...rest]: Path): void => {
      if (!isSection(section) || typeof local !== "string") return;
      const path = [section, prefixed(instance, local), ...rest];
      const definer = this.#definers.get(`${section} ${path[1]}`);
      if (definer?.instance !== instance) return;
      if ((this.#placeOf(path).yaml === yaml) !== (variable.inputs !== undefined)) return;
      this.#variables.push({ ...variable, path, assign: (value) => setAt(this.#root, path, value) });
    };
    const inputs = scopeOf(instance);
    for (const variable of yaml.tree.variables) add({ ...variable, inputs }, variable.path);
    if (Object.keys(override).length === 0) return;
    for (const variable of this.#own)
      if (isBelow(variable.path, ["use", name, "override"])) add(variable, variable.path.slice(3));
  }

  #placeOf(path: Path): ReturnType<Expansion["pathOf"]> {
    const [section, name, ...rest] = path;
    const definer = isSection(section) ? this.#definers.get(`${section} ${name}`) : undefined;
    if (definer === undefined || !isSection(section)) return { yaml: this.#config, path };
    return { ...pathIn(definer.instance, section, definer.local, rest), ...definer };
  }
}

type FoundRecipe = Exclude<Reference, { readonly message: string }>;

const notARecipe = (file: string) => ({
  code: "E_CONFIG_RECIPE",
  message: "the file outside the config's folder is not a valid recipe",
  hint: `channel-router check ${file}  shows its problems`,
});

/** Compares the content that was read, because the file may have been replaced since it was found. */
function sharedProblem({ sha256 }: FoundRecipe, { reading }: ParsedFile) {
  if (sha256 === undefined || (reading.ok && reading.sha256 === sha256)) return undefined;
  return {
    message: "the copy of the recipe changed while it was read",
    hint: "channel-router recipes verify",
  };
}

function useOfRecipe(name: string, reference: string, { file, sha256, outside }: FoundRecipe): RecipeUse {
  const of = { name, reference, file };
  if (outside !== undefined) return { ...of, from: "outside", realPath: outside };
  if (sha256 !== undefined) return { ...of, from: "shared" };
  return { ...of, from: reference.startsWith(".") ? "file" : "bundled" };
}

const notRead: Reference = {
  message: "the active config does not use this recipe, so it is not read here",
  hint: "save the config first, or name a bundled recipe",
};

/** The value of a variable never appears in a message. */
const unnamedRecipe = {
  message: "the value of the variable does not name a usable recipe",
  hint: "write the name of a bundled recipe, or a file as ./FILE.yaml",
};

/** Loaded by itself, a recipe is treated as a config with its sections and tests. */
function rootOf(recipe: JsonObject): JsonObject {
  return recipe.tests === undefined ? {} : { tests: recipe.tests };
}

function syntaxProblems(yaml: YamlFile, instance: Instance): FileProblem[] {
  const { parsed, tree } = yaml;
  return [...parsed.problems, ...tree.problems].map((problem) => ({ ...problem, yaml, instance }));
}

function headerDrafts(yaml: YamlFile): IssueDraft[] {
  const { root } = yaml.tree;
  const range = rangeProblem(root);
  const ofInputs = Object.entries(asObject(root.inputs)).flatMap(([name, written]) =>
    isObject(written) ? writtenDrafts(name, written, asObject(root.inputs)) : [],
  );
  const further = [...(range === undefined ? [] : [{ path: ["requires", "router"], ...range }]), ...ofInputs];
  if (validate(root)) return further;
  const ofSchema = explainErrors(validate.errors ?? [], {
    schema: recipeSchema,
    value: root,
    prefix: [],
    typed: (path) => textAt(yaml, path),
  });
  return [...ofSchema, ...further];
}

/** Values under a former name are read the same way. */
function withEarlierNames(declared: Declarations): Declarations {
  const earlier = [...earlierNames(declared)].map(([old, name]) => [old, declared[name]]);
  return { ...declared, ...Object.fromEntries(earlier) };
}

/** Reports setup steps that refer to an unknown input. */
function setupDrafts({ setup }: JsonObject, inputs: Inputs): IssueDraft[] {
  if (typeof setup !== "string") return [];
  return [...setup.matchAll(/(?<!\$)\$\{inputs\.(\w*)\}/g)].flatMap(({ 1: name = "", index }) =>
    inputs.has(name)
      ? []
      : [
          {
            path: ["setup"],
            offset: index,
            code: "E_CONFIG_VARIABLE",
            ...unknownInput(name, [...inputs.keys()]),
          },
        ],
  );
}

function undeclaredTools(header: JsonObject, capabilities: Capabilities | undefined): IssueDraft[] {
  if (capabilities === undefined) return [];
  const { tools } = capabilities;
  return Object.keys(asObject(header.sinks))
    .filter((name) => !tools.includes(name))
    .map((name) => ({
      path: ["sinks", name],
      on: "key" as const,
      code: "E_CONFIG_CAPABILITY",
      message: `the recipe ${capabilities.recipe} adds the tool ${name}, which capabilities.tools does not name`,
      hint: `write  tools: [${[...tools, name].join(", ")}]  under capabilities, if it should`,
    }));
}

function unknownChanges(
  instance: Instance,
  section: (typeof sections)[number],
  known: readonly string[],
): FileProblem[] {
  const { user, name, override } = instance;
  return Object.keys(asObject(override[section]))
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
    hint: "rename one of them",
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
