// Loads a config file: read, parse, substitute, check, assemble. Whatever the file holds, the answer is a LoadedConfig
// with all its issues; only a bug of ours rejects. Does not compile CEL, match or templates: plan/ does, and reports
// through `locate`.

import { dirname, resolve } from "node:path";
import type { Issue, JsonObject, JsonSchema, SourceTypeEntry } from "../contract.ts";
import { assemble } from "./assemble.ts";
import { breathe } from "./breathe.ts";
import { layerEnvironment, readDotenvFiles } from "./environment.ts";
import { explainErrors } from "./explain.ts";
import { frameIssue } from "./frame.ts";
import { createLocator, type Locator, toIssue } from "./locate.ts";
import { type Mask, masksByKeyName } from "./mask.ts";
import { checkMeaning } from "./meaning.ts";
import type { EnvironmentVariables } from "./places.ts";
import { type Path, type Problem, pathKey } from "./problem.ts";
import { type ParsedFile, readConfigFile } from "./read.ts";
import { coreSchema, mayBeEmpty } from "./schema.ts";
import { schemasAt } from "./schema-walk.ts";
import { findSecrets, type Secrets } from "./secrets.ts";
import { checkSources, loadTypes, type SourceTypes, sourceEntries, typeOf } from "./source-options.ts";
import type { Surroundings } from "./substitute.ts";
import { emptyTree, readTree, type Tree } from "./tree.ts";
import { validate } from "./validate.generated.js";
import { openValueFiles } from "./value-files.ts";
import { valueAt } from "./value-path.ts";
import type { LoadedConfig } from "./values.ts";
import { type Resolved, resolveVariables } from "./variables.ts";

export interface LoadOptions {
  readonly env: EnvironmentVariables;
  /** The source types that exist; only those used are loaded. */
  readonly registry: readonly SourceTypeEntry[];
  /** Template source that renders as exactly this text: what `${}` brings into a template is never parsed. */
  escapeForTemplate(text: string): string;
  /** Where a relative path starts, and what frames name files relative to. Default: the process's own. */
  readonly cwd?: string;
}

/** Reads the file and all that it names once. `written` is a path, absolute or relative to `cwd`. */
export async function loadConfig(written: string, options: LoadOptions): Promise<LoadedConfig> {
  const { env, registry, escapeForTemplate } = options;
  const cwd = options.cwd ?? process.cwd();
  const file = resolve(cwd, written);
  const folder = dirname(file);
  const parsed = await readConfigFile(file);
  await breathe();
  const tree = readTreeOf(parsed);
  const dotenv = readDotenvFiles(env, folder);
  const environment = layerEnvironment([env, ...dotenv.layers]);
  const valueFiles = openValueFiles(folder, env);
  const around = { environment, readFile: valueFiles.read, escapeForTemplate, dotenvPlaces: dotenv.paths };

  const { types, resolved } = await substituteAll(tree, registry, around);
  const replaced = resolved.filter((one) => one.replacements.length > 0);
  const substituted = new Set(replaced.map((one) => pathKey(one.path)));
  // `$${` brings nothing in, but it too moves every offset behind it.
  const moved = new Set(resolved.map((one) => pathKey(one.path)));
  const document = parsed.document ?? parsed.remains;
  const locator = createLocator(document, parsed.text, tree.aliases, (path) => moved.has(pathKey(path)));
  await breathe();
  const secrets = findSecrets(tree.root, types, resolved, locator);
  const typed = typedTexts(tree.root, parsed.text, substituted, secrets, locator);

  validate(tree.root);
  const core = explainErrors(validate.errors ?? [], {
    schema: coreSchema,
    value: tree.root,
    prefix: [],
    typed,
  });
  const sources = checkSources(tree.root, types, registry, typed);
  const meaning = checkMeaning(tree.root, { folder, env, typed });
  // A value that could not be read is one problem; what was put in its place is none of its own.
  const unread = new Set(
    [
      ...tree.problems.filter(({ code }) => code !== "E_CONFIG_DUPLICATE_KEY"),
      ...resolved.flatMap((one) => one.problems),
    ].map(({ path }) => pathKey(path)),
  );
  const drafts = [...core, ...sources.drafts, ...meaning].filter(({ path }) => !unread.has(pathKey(path)));

  const bomb = tree.problems.find(({ code }) => code === "E_CONFIG_ALIAS");
  // What else seems wrong in a tree that was cut off is not worth a line.
  const problems: Problem[] =
    bomb !== undefined
      ? [bomb]
      : [
          ...parsed.problems,
          ...tree.problems,
          ...resolved.flatMap((one) =>
            one.problems.map((draft) => ({ ...draft, at: locator.originalOffsetOf(draft) })),
          ),
          ...drafts.map((draft) => ({ ...draft, at: locator.offsetOf(draft) })),
        ];
  const broken = new Set(
    problems.flatMap(({ path }) => path.map((_, index) => pathKey(path.slice(0, index + 1)))),
  );
  await breathe();
  const values = assemble({
    root: tree.root,
    options: sources.options,
    types,
    folder,
    env,
    isBroken: (path) => broken.has(pathKey(path)),
  });
  const frameSource = {
    file,
    cwd,
    lines: parsed.text.split(/\r?\n/),
    lineStarts: parsed.lines.lineStarts,
    masks: [...secrets.masks, ...masksBesideTree(parsed, tree)],
    broken: parsed.document === undefined,
  };
  return {
    file,
    values,
    types,
    issues: [
      ...inFileOrder(problems.map((problem) => toIssue(problem, file, parsed.lines))),
      ...dotenvIssues(dotenv),
    ],
    locate: (draft) => toIssue({ ...draft, at: locator.offsetOf(draft) }, file, parsed.lines),
    frame: (issue) => frameIssue(issue, frameSource),
    files: [
      ...(parsed.reading.ok ? [{ path: file, sha256: parsed.reading.sha256 }] : []),
      ...dotenv.files,
      ...valueFiles.files,
    ],
    environment: environment.asked(),
    secrets: secrets.texts,
  };
}

/** The values of the file; a section or a channel with nothing written under it is an empty one. */
function readTreeOf({ document, text, lines }: ParsedFile): Tree {
  if (document === undefined) return emptyTree();
  const tree = readTree(document, text, lines);
  const { root } = tree;
  for (const key of mayBeEmpty) {
    if (root[key] === null) delete root[key];
  }
  const { channels } = root;
  if (typeof channels === "object" && channels !== null && !Array.isArray(channels)) {
    for (const [name, channel] of Object.entries(channels)) if (channel === null) channels[name] = {};
  }
  return tree;
}

/** Secrets that are not in the tree: in broken YAML, and under the second of two equal keys. Only their keys tell them. */
function masksBesideTree({ remains, document }: ParsedFile, { problems }: Tree): Mask[] {
  if (remains !== undefined) return masksByKeyName(remains);
  const leftOut = problems.some(({ code }) => code === "E_CONFIG_DUPLICATE_KEY");
  return document !== undefined && leftOut ? masksByKeyName(document) : [];
}

async function substituteAll(
  { root, variables }: Tree,
  registry: readonly SourceTypeEntry[],
  around: Surroundings,
): Promise<{ readonly types: SourceTypes; readonly resolved: readonly Resolved[] }> {
  // Types first: the schema of a source's options says how its other variables are read.
  const isType = ({ path }: { readonly path: Path }) =>
    path.length === 3 && path[0] === "sources" && path[2] === "type";
  const first = resolveVariables(variables.filter(isType), () => [], around);
  const types = await loadTypes(root, registry);
  const optionSchemas = new Map<string, JsonSchema>();
  for (const [name, source] of sourceEntries(root)) {
    const schema = typeOf(source, types)?.options;
    if (schema !== undefined) optionSchemas.set(name, schema);
  }
  const schemasFor = (path: Path): readonly JsonSchema[] => {
    const own = path[0] === "sources" ? optionSchemas.get(String(path[1])) : undefined;
    return [...schemasAt(coreSchema, path), ...(own === undefined ? [] : schemasAt(own, path.slice(2)))];
  };
  const others = variables.filter((variable) => !isType(variable));
  return { types, resolved: [...first, ...resolveVariables(others, schemasFor, around)] };
}

/** What may be quoted in a message: texts and numbers as typed, never a secret, never what a variable brought in. */
function typedTexts(
  root: JsonObject,
  text: string,
  substituted: ReadonlySet<string>,
  secrets: Secrets,
  locator: Locator,
): (path: Path) => string | undefined {
  return (path) => {
    if (substituted.has(pathKey(path)) || secrets.has(path)) return undefined;
    const value = valueAt(root, path);
    if (typeof value === "string") return value;
    const range = typeof value === "number" || typeof value === "boolean" ? locator.rangeOf(path) : undefined;
    return range && text.slice(...range);
  };
}

function inFileOrder(issues: readonly Issue[]): Issue[] {
  const seen = new Set<string>();
  return issues
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .filter(({ line, column, message }) => {
      const key = `${line}:${column}:${message}`;
      return !seen.has(key) && seen.add(key);
    });
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
