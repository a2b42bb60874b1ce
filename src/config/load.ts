// Loads a config file: read, parse, insert recipes, substitute, check, assemble. Whatever the file contains,
// the result is a LoadedConfig with all its issues; an internal error is one of them. Does not compile CEL,
// match or templates: plan/ does, and reports through `locate`.

import { dirname, resolve, sep } from "node:path";
import type { SinkTypeEntry } from "../contract/sink.ts";
import type { Issue, JsonObject, JsonSchema, SourceTypeEntry } from "../contract.ts";
import { isRouterError } from "../errors.ts";
import { isObject } from "../json.ts";
import { inSlices, runInSlices, yieldToEventLoop } from "../yield-to-event-loop.ts";
import { type Assembly, assemble } from "./assemble.ts";
import { type EnvironmentVariables, expandHome, homeFolder, realPath } from "./paths.ts";
import { type KeptTexts, readYamlFile } from "./read.ts";
import { bundledFolder } from "./recipe/bundled.ts";
import { channelSecrets } from "./recipe/channel-secrets.ts";
import { type Expansion, expandRecipes, type FileProblem } from "./recipe/expand.ts";
import type { PatternCompiler } from "./recipe/input-check.ts";
import { type Instance, setupsOf, visibleInputs } from "./recipe/instance.ts";
import type { LockFile } from "./recipe/lock.ts";
import { inputDrafts, prefixReferences } from "./recipe/names.ts";
import { outsideRecipes } from "./recipe/outside.ts";
import {
  checkComponents,
  componentEntries,
  loadTypes,
  type Registries,
  type Section,
  type Types,
  typeOf,
} from "./schema/component-options.ts";
import { coreSchema } from "./schema/core.ts";
import { validate } from "./schema/core.ts?validator";
import { explainEach, explainErrors } from "./schema/explain.ts";
import { schemaTree } from "./schema/schema-tree.ts";
import { testsSchema } from "./schema/tests.ts";
import { checkSemantics } from "./semantics.ts";
import { checkTests } from "./tests-check.ts";
import { unreadConfig } from "./unread.ts";
import type { IssueDraft, LoadedConfig } from "./values.ts";
import { layerEnvironment, readDotenvFiles, withProcess } from "./variables/environment.ts";
import { hideInMessage } from "./variables/hidden-words.ts";
import { originName } from "./variables/origin-name.ts";
import type { OfProject } from "./variables/project-variables.ts";
import { findSecrets, type Secrets } from "./variables/secrets.ts";
import { TaintedTree } from "./variables/taint.ts";
import { openValueFiles } from "./variables/value-files.ts";
import {
  type ResolvedVariable,
  resolveVariables,
  type ScopedVariable,
  type VariableContext,
} from "./variables/variables.ts";
import { absent } from "./yaml/bounded-file.ts";
import { frameIssue } from "./yaml/caret-frame.ts";
import { masksBesideTree, openYaml, type YamlFile } from "./yaml/file.ts";
import { frameSourceOf, inOrder, locateIssues } from "./yaml/issue-location.ts";
import { likelyMistakes } from "./yaml/likely-mistakes.ts";
import { longCodeDrafts } from "./yaml/long-code.ts";
import { type Path, pathKey, valueAt } from "./yaml/problem.ts";
import { hideShownText } from "./yaml/shown-text.ts";

export interface LoadOptions {
  readonly env: EnvironmentVariables;
  /** Which of its variables a project's files for Claude Code set. Default: none. */
  readonly isOfProject?: OfProject;
  /** The source types that exist; only those used are loaded. */
  readonly registry: readonly SourceTypeEntry[];
  /** The same for sinks. Default: none. */
  readonly sinkRegistry?: readonly SinkTypeEntry[];
  /**
   * Template source that renders as exactly this text: a value that `${}` brings into a template is never
   * parsed.
   */
  escapeForTemplate(text: string): string;
  /** Compiles the patterns of a recipe's inputs; called when there are any. */
  loadPatterns(): Promise<PatternCompiler>;
  /** Where a relative path starts, and what frames name files relative to. Default: the process's own. */
  readonly cwd?: string;
  /** Takes a recipe instead of a config. `given`: its inputs, located at `at` in the file. */
  readonly recipe?: { readonly given: JsonObject; readonly at: Path };
  /** Earlier texts of the config and its recipes: read instead of the files. */
  readonly kept?: KeptTexts | undefined;
  /**
   * Reads neither the environment nor the files of `${file:}`: each has its default, or a placeholder of its
   * kind.
   */
  readonly placeholders?: boolean;
  /** Nothing else that the file names is read: a placeholder replaces it, and another recipe is a problem. Default: everything is. */
  readonly only?: ReadScope | undefined;
  /** Hides values from variables in displayed texts, for a config without consent to show them. */
  readonly hideVariables?: boolean;
}

/** What another text of a config that was read before may read. */
export interface ReadScope {
  readonly variables: ReadonlySet<string>;
  /** Absolute. */
  readonly files: ReadonlySet<string>;
  /** As written in `use:`; bundled ones are read always. */
  readonly recipes: ReadonlySet<string>;
}

/** Reads the file and everything it references once. `written` is a path, absolute or relative to `cwd`. */
export async function loadConfig(written: string, options: LoadOptions): Promise<LoadedConfig> {
  try {
    return await loadWhole(written, options);
  } catch (error) {
    if (isRouterError(error)) throw error;
    const { env, cwd = process.cwd() } = options;
    return unreadConfig(error, { file: resolve(cwd, written), env, cwd });
  }
}

async function loadWhole(written: string, options: LoadOptions): Promise<LoadedConfig> {
  const { env, loadPatterns } = options;
  const registries = { sources: options.registry, sinks: options.sinkRegistry ?? [] };
  const cwd = options.cwd ?? process.cwd();
  const file = resolve(cwd, written);
  const folder = dirname(file);
  const parsed = await readYamlFile(file, "config file", options.kept);
  await yieldToEventLoop();
  const yaml = openYaml(file, parsed);
  await yieldToEventLoop();
  const { dotenv, environment, valueFiles, context } = openVariables(folder, options);
  const isRecipe = yaml.tree.root.recipe !== undefined;
  const given = options.recipe ?? noInputs;
  const alone = isRecipe ? { values: given.given, at: given.at } : undefined;
  const recipes = options.only?.recipes;
  const expansion = await expandRecipes(yaml, { context, loadPatterns, alone, kept: options.kept, recipes });
  const { root } = expansion;

  const { types, resolved: later, schemasFor } = await substituteAll(expansion, registries, context);
  const resolved = [...expansion.resolved, ...later];
  const references = prefixReferences(expansion);
  const replaced = resolved.filter((one) => one.replacements.length > 0);
  const substituted = new Set(replaced.map((one) => pathKey(one.path)));
  await yieldToEventLoop();
  const secrets = await runInSlices(findSecrets(expansion, types, resolved));
  const typed = typedTexts(expansion, substituted, secrets);
  const tainted = new TaintedTree();
  for (const one of later) tainted.add(one.tainted);
  tainted.add(secrets.typed);
  const { notes, issues: shownIssues } = hideShownText(root, tainted, options.hideVariables === true);
  await yieldToEventLoop();
  validate(root);
  const ofCore = { schema: coreSchema, value: root, prefix: [], typed };
  const core = (await inSlices(explainEach(validate.errors ?? [], ofCore))).flat();
  const checked = {
    sources: await checkComponents(root, "sources", types.sources, registries.sources, typed),
    sinks: await checkComponents(root, "sinks", types.sinks, registries.sinks, typed),
  };
  await yieldToEventLoop();
  const meaning = (await inSlices(checkSemantics(root, { folder, env, typed }))).flat();
  await yieldToEventLoop();
  const unread = unreadPaths(yaml, resolved, references);
  const locations = locateIssues(expansion, resolved);
  await yieldToEventLoop();
  const drafts = [
    ...[...core, ...checked.sources.drafts, ...checked.sinks.drafts, ...meaning].filter(
      ({ path }) => !unread.has(pathKey(path)),
    ),
    ...references,
    ...shownIssues,
    ...inputDrafts(expansion, schemasFor),
    ...channelSecrets(expansion, tainted),
    ...longCodeDrafts(root, schemasFor),
    ...(await testDrafts(root, isRecipe, typed)),
  ].filter(({ path }) => !locations.isPlaceholder(path));
  const own: FileProblem[] = [...parsed.problems, ...yaml.tree.problems].map((one) => ({ ...one, yaml }));
  if (isRecipe && options.recipe === undefined) own.push(notAConfig(yaml));

  const outside = outsideRecipes(expansion.uses);
  const issueOf = (draft: IssueDraft) =>
    outside.shown(locations.issueOf(hideInMessage(draft, root, tainted)));
  const bomb = yaml.tree.problems.find(({ code }) => code === "E_CONFIG_ALIAS" || code === "E_CONFIG_SIZE");
  const unresolved = resolved.flatMap(({ problems }) => problems);
  // Further mistakes in a truncated tree are not reported.
  const problems = [...own, ...expansion.problems];
  const issues =
    bomb !== undefined
      ? [locations.issueIn({ ...bomb, yaml })]
      : [
          ...(await inSlices(mapped(problems, (problem) => outside.shown(locations.issueIn(problem))))),
          ...(await inSlices(
            mapped(unresolved, (draft) => outside.shown(locations.issueOf(draft, "original"))),
          )),
          ...(await inSlices(mapped(drafts, issueOf))),
        ];
  const suspicions = bomb === undefined ? await warningsOf(expansion, yaml) : [];
  const warnings = suspicions.map((warning) => locations.issueIn(warning)).filter(outside.isInside);
  const shownNotes = notes.map((note) => locations.issueOf(note)).filter(outside.isInside);
  const broken = brokenPaths(expansion, problems, [...unresolved, ...drafts]);
  await yieldToEventLoop();
  const assembling = assemble({
    root,
    options: { sources: checked.sources.options, sinks: checked.sinks.options },
    types,
    folder,
    env,
    ...ofRecipes(expansion, outside),
    isBroken: (path) => broken.has(pathKey(path)),
    names: { tainted, nameOf: (origin) => originName(origin, { folder, home: homeFolder(env) }) },
  });
  const values = await runInSlices(assembling);
  const yamlFiles = [yaml, ...expansion.instances.map((instance) => instance.yaml)];
  const frameSources = frameSourcesOf(yamlFiles, folder, secrets);
  return {
    file,
    values,
    types: types.sources,
    sinkTypes: types.sinks,
    tests: broken.has("tests") ? [] : ((root.tests ?? []) as JsonObject[]),
    uses: isRecipe ? [] : usesOf(expansion),
    ...(isRecipe ? { recipe: yaml.tree.root } : {}),
    issues: [...inOrder(outside.once(issues), file), ...dotenvIssues(dotenv)],
    warnings: inOrder(warnings, file),
    notes: inOrder(shownNotes, file),
    locate: issueOf,
    isPlaceholder: locations.isPlaceholder,
    frame: (issue) => frameIssue(issue, frameSources, cwd),
    files: [
      ...(parsed.reading.ok ? [{ path: file, sha256: parsed.reading.sha256 }] : []),
      ...expansion.files,
      ...dotenv.files,
      ...valueFiles.files,
    ],
    texts: textsOf(yamlFiles, expansion.lock),
    setups: setupsOf(expansion.instances),
    environment: environment.asked(),
    secrets: secrets.texts,
    variables: broughtBy(resolved),
  };
}

/** With the tests of each recipe. */
function usesOf({ instances, uses }: Expansion): LoadedConfig["uses"] {
  return instances.flatMap(({ name, yaml: { tree } }) => {
    const { recipe, version, tests } = tree.root;
    const objects = Array.isArray(tests) ? tests.filter(isObject) : [];
    const use = uses.find((one) => one.name === name);
    const versioned = typeof version === "string" ? { version } : {};
    return use === undefined ? [] : [{ ...use, recipe: String(recipe), ...versioned, tests: objects }];
  });
}

function openVariables(folder: string, options: LoadOptions) {
  const { env, escapeForTemplate, placeholders = false, only } = options;
  const dotenv = placeholders ? noDotenv : readDotenvFiles(env, folder);
  const environment = layerEnvironment(withProcess(env, dotenv.layers, options.isOfProject ?? (() => false)));
  const valueFiles = openValueFiles(folder, env);
  const context: VariableContext = {
    environment,
    readFile: valueFiles.read,
    escapeForTemplate,
    dotenvPaths: dotenv.paths,
    placeholders,
    ...(only === undefined
      ? {}
      : {
          only: {
            hasVariable: (name) => only.variables.has(name),
            hasFile: (path) => only.files.has(resolve(folder, expandHome(path, env))),
          },
        }),
  };
  return { dotenv, environment, valueFiles, context };
}

/** A value that could not be read is one problem; its placeholder is not checked. */
function unreadPaths(
  yaml: YamlFile,
  resolved: readonly ResolvedVariable[],
  references: readonly IssueDraft[],
): ReadonlySet<string> {
  const unread = [
    ...yaml.tree.problems.filter(({ code }) => code !== "E_CONFIG_DUPLICATE_KEY"),
    ...resolved.flatMap((one) => one.problems),
    ...references,
  ];
  return new Set(unread.map(({ path }) => pathKey(path)));
}

function frameSourcesOf(files: readonly YamlFile[], folder: string, secrets: Secrets) {
  return files
    .filter((one) => isQuotable(one.file, folder))
    .map((one) => frameSourceOf(one, [...secrets.masksIn(one), ...masksBesideTree(one)]));
}

/** The issues of the config and of each recipe that it uses. */
async function warningsOf({ instances, warnings }: Expansion, config: YamlFile): Promise<FileProblem[]> {
  const byFile = new Map<string, { readonly yaml: YamlFile; readonly instance?: Instance }>([
    [config.file, { yaml: config }],
  ]);
  for (const instance of instances)
    if (!byFile.has(instance.yaml.file)) byFile.set(instance.yaml.file, { yaml: instance.yaml, instance });
  const found: FileProblem[] = [...warnings];
  for (const origin of byFile.values()) {
    const { document, text } = origin.yaml.parsed;
    if (document !== undefined)
      found.push(...likelyMistakes(document, text).map((problem) => ({ ...problem, ...origin })));
    await yieldToEventLoop();
  }
  return found;
}

/** What the recipe of a component lets it read and reach. */
function ofRecipes(
  { pathOf }: Expansion,
  outside: ReturnType<typeof outsideRecipes>,
): Pick<Assembly, "inputsOf" | "capabilitiesOf" | "outsideOf"> {
  return {
    inputsOf(section, name) {
      const { instance } = pathOf([section, name]);
      return instance && visibleInputs(instance);
    },
    capabilitiesOf: (section, name) => pathOf([section, name]).instance?.capabilities,
    outsideOf: (section, name) => outside.ofComponent(pathOf([section, name]).instance),
  };
}

/** Of the user's own files: bundled recipes ship with the program. */
function textsOf(files: readonly YamlFile[], lock: LockFile | undefined): LoadedConfig["texts"] {
  const bundled = `${realPath(bundledFolder())}${sep}`;
  const texts = new Map<string, { text: string; sha256: string }>();
  if (lock !== undefined && lock.sha256 !== absent)
    texts.set(lock.path, { text: lock.text, sha256: lock.sha256 });
  for (const { file, parsed } of files)
    if (parsed.reading.ok && !realPath(file).startsWith(bundled))
      texts.set(file, { text: parsed.text, sha256: parsed.reading.sha256 });
  return texts;
}

function* mapped<T, U>(all: readonly T[], map: (one: T) => U): Generator<U> {
  for (const one of all) yield map(one);
}

/**
 * A frame quotes lines only of files that are known to be a config or a recipe. A link that leads out of the
 * config's folder, or a file elsewhere, may be any file of the user: credentials, for instance.
 */
function isQuotable(file: string, folder: string): boolean {
  const real = realPath(file);
  const isBelow = (top: string) => real.startsWith(`${realPath(top)}${sep}`);
  return isBelow(folder) || isBelow(bundledFolder());
}

const noInputs = { given: {}, at: [] };
const noDotenv: ReturnType<typeof readDotenvFiles> = { layers: [], paths: [], files: [], problems: [] };

function notAConfig(yaml: YamlFile): FileProblem {
  return {
    yaml,
    path: ["recipe"],
    on: "key",
    code: "E_CONFIG_RECIPE",
    message: "this file is a recipe, to be used by a config",
    hint: "in channels.yaml beside it, write  use: { NAME: { recipe: ./FILE.yaml } }",
  };
}

async function testDrafts(
  root: JsonObject,
  isRecipe: boolean,
  typed: (path: Path) => string | undefined,
): Promise<IssueDraft[]> {
  const { tests } = root;
  if (!Array.isArray(tests) || tests.length === 0) return [];
  const { validate: validateTests } = await import("./schema/tests.ts?validator");
  validateTests(tests);
  const errors = validateTests.errors ?? [];
  const ofShape = explainErrors(errors, { schema: testsSchema, value: tests, prefix: ["tests"], typed });
  // The core schema reports a test that is not a mapping.
  return [...ofShape.filter(({ path }) => path.length > 2), ...checkTests(root, isRecipe)];
}

/** Every value that has a problem, or contains one. */
function brokenPaths(
  { pathOf }: Expansion,
  inFiles: readonly FileProblem[],
  drafts: readonly IssueDraft[],
): ReadonlySet<string> {
  const inValues = inFiles.map(({ path, instance }) => {
    const [section, local, ...rest] = path;
    const full = instance !== undefined && instance.name !== "" ? `${instance.name}_${local}` : local;
    return full === undefined || pathOf([section as string, full]).instance === undefined
      ? path
      : [section as string, full, ...rest];
  });
  return new Set(
    [...inValues, ...drafts.map(({ path }) => path)].flatMap((path) =>
      path.map((_, index) => pathKey(path.slice(0, index + 1))),
    ),
  );
}

async function substituteAll(
  { root, variables }: { readonly root: JsonObject; readonly variables: readonly ScopedVariable[] },
  registries: Registries,
  around: VariableContext,
): Promise<{
  readonly types: Types;
  readonly resolved: readonly ResolvedVariable[];
  schemasFor(path: Path): readonly JsonSchema[];
}> {
  // Types first: the schema of a component's options defines how its other variables are read.
  const isType = ({ path }: { readonly path: Path }) =>
    path.length === 3 && isSection(path[0]) && path[2] === "type";
  const first = resolveVariables(variables.filter(isType), () => [], around);
  const types = await loadTypes(root, registries);
  const optionSchemas: Record<Section, Map<string, JsonSchema>> = { sources: new Map(), sinks: new Map() };
  for (const section of sections) {
    for (const [name, component] of componentEntries(root, section)) {
      const schema = typeOf<{ readonly options: JsonSchema }>(component, types[section])?.options;
      if (schema !== undefined) optionSchemas[section].set(name, schema);
    }
  }
  const schemasFor = (path: Path): readonly JsonSchema[] => {
    const [section] = path;
    const own = isSection(section) ? optionSchemas[section].get(String(path[1])) : undefined;
    const common = schemaTree(coreSchema).at(path).schemas;
    return own === undefined ? common : [...common, ...schemaTree(own).at(path.slice(2)).schemas];
  };
  const others = variables.filter((variable) => !isType(variable));
  return { types, resolved: [...first, ...resolveVariables(others, schemasFor, around)], schemasFor };
}

const sections: readonly Section[] = ["sources", "sinks"];

function isSection(key: string | number | undefined): key is Section {
  return key === "sources" || key === "sinks";
}

/** All values from variables. */
function broughtBy(resolved: readonly ResolvedVariable[]): string[] {
  const texts = resolved.flatMap(({ replacements }) =>
    replacements.flatMap(({ value, taints, placeholder }) =>
      placeholder === true
        ? []
        : taints.filter(({ origin }) => origin.kind === "env").map(({ from, to }) => value.slice(from, to)),
    ),
  );
  return [...new Set(texts)];
}

/**
 * What may be quoted in a message: texts and numbers as typed, never a secret, never a value from a variable.
 */
function typedTexts(
  { root, pathOf }: Expansion,
  substituted: ReadonlySet<string>,
  secrets: Secrets,
): (path: Path) => string | undefined {
  return (path) => {
    if (substituted.has(pathKey(path)) || secrets.has(path)) return undefined;
    const value = valueAt(root, path);
    if (typeof value === "string") return value;
    if (typeof value !== "number" && typeof value !== "boolean") return undefined;
    const { yaml, path: inFile } = pathOf(path);
    const range = yaml.locator.rangeOf(inFile);
    return range && yaml.parsed.text.slice(...range);
  };
}

function dotenvIssues({ problems }: ReturnType<typeof readDotenvFiles>): Issue[] {
  return problems.map(({ path, line, message, hint }) => ({
    file: path,
    line,
    column: 1,
    path: "",
    code: "E_CONFIG_FILE",
    message,
    ...(hint === undefined ? {} : { hint }),
  }));
}
