// `recipes new`: writes a recipe from recorded events, with tests of delivered and skipped events, and with personal
// values in the payloads replaced.

import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { writtenSource } from "../../config/yaml/written-source.ts";
import type { Json, JsonObject } from "../../contract.ts";
import { readConfig } from "../../daemon/start/load-plan.ts";
import { UsageError } from "../../errors.ts";
import { draftRecipe, sourceOfEvents } from "../../recipes/draft/draft-recipe.ts";
import type { DraftSource } from "../../recipes/draft/draft-source.ts";
import { hidePersonalValues } from "../../recipes/draft/personal-values.ts";
import { type RecipeDraft, recipeText } from "../../recipes/draft/recipe-text.ts";
import { runSuite, type SuiteResult } from "../../testing/suite.ts";
import { countOf } from "../../text/clip.ts";
import { line } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { configFile } from "../find-router.ts";
import { readPresent, writeChange } from "../init/files.ts";
import { printed, printedJson } from "../print.ts";
import { readRecording, type SourceEvent } from "./recording.ts";

export interface NewOptions {
  readonly from: readonly string[];
  /** Events that the recipe must skip. */
  readonly not?: readonly string[];
  readonly output?: string;
  readonly scheme?: string;
  readonly title?: string;
  readonly license?: string;
  readonly config?: string;
  readonly json?: boolean;
}

/** Returns 1 if the new recipe does not pass its tests. */
export async function newRecipe(
  name: string,
  options: NewOptions,
  context: CommandContext,
): Promise<ExitCode> {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new UsageError("E_USAGE", `${name} is not a valid recipe name`, {
      hint: "use lower-case words separated by -, such as build-failed",
    });
  if (options.from.length === 0)
    throw new UsageError("E_USAGE", "no events to write the recipe from", {
      hint: "add  --from EVENT_ID  (channel-router events lists them) or  --from FILE.json , once for each event",
    });
  const folder = folderOf(options, context);
  const file = join(folder, `${name}.yaml`);
  if (existsSync(file) || existsSync(join(folder, "fixtures", name)))
    throw new UsageError("E_USAGE", `${file} or its fixtures already exist`, { hint: "choose another name" });
  const taken = await Promise.all(options.from.map((one) => readRecording(one, options, context)));
  const skipped = await Promise.all((options.not ?? []).map((one) => readRecording(one, options, context)));
  // All at once, so that a value in several payloads gets the same replacement.
  const hide = hidePersonalValues([...taken, ...skipped].map(({ data, headers }) => [data, headers]));
  const source = await sourceOf(name, taken, hide, options, context);
  const { draft, payloads } = draftRecipe(name, source, { taken, skipped }, hide, options);
  for (const [path, text] of payloads) await writeNew(join(folder, path), text);
  await writeNew(file, recipeText(draft, options.license));
  const tested = await testedDraft(file, draft, options.license, context);
  return printNew({ file, payloads: [...payloads.keys()], ...tested }, options, context);
}

function folderOf({ output }: NewOptions, { cwd }: CommandContext): string {
  if (output !== undefined) return resolve(cwd, output);
  const usual = resolve(cwd, "recipes");
  return existsSync(usual) ? usual : cwd;
}

async function sourceOf(
  recipe: string,
  taken: readonly SourceEvent[],
  hide: (value: Json) => Json,
  options: NewOptions,
  context: CommandContext,
): Promise<DraftSource> {
  const [name, ...others] = [...new Set(taken.map(({ source }) => source))];
  if (others.length > 0)
    throw new UsageError(
      "E_USAGE",
      `the events are from several sources: ${[name, ...others].map((one) => one ?? "a file").join(", ")}`,
      { hint: "write a recipe for each" },
    );
  const connector = taken[0]?.connector ?? "http";
  if (connector !== "http" && options.scheme !== undefined)
    throw new UsageError("E_USAGE", `--scheme is for webhooks, and ${name} is of type ${connector}`);
  const file = name === undefined ? "" : configFile(context, options.config);
  const written = connector === "http" ? undefined : await writtenOf(name ?? "", options, context);
  const loaded =
    name === undefined || connector !== "http"
      ? undefined
      : await readConfig(file, context.env, { placeholders: true });
  return sourceOfEvents(
    recipe,
    taken,
    {
      values: name === undefined ? undefined : loaded?.values.sources[name],
      written,
      scheme: options.scheme,
    },
    hide,
  );
}

/** Rejects with a UsageError for a source that the config does not have itself. */
async function writtenOf(name: string, options: NewOptions, context: CommandContext): Promise<JsonObject> {
  const file = configFile(context, options.config);
  const written = writtenSource((await readPresent(file)) ?? "", name);
  if (written !== undefined) return written;
  throw new UsageError("E_USAGE", `${file} has no source ${name} of its own`, {
    hint: "for a source of a recipe, begin with that recipe: channel-router recipes show NAME --yaml",
  });
}

async function writeNew(path: string, text: string): Promise<void> {
  await writeChange({ path, before: undefined, text });
}

/** Runs the tests, and adds the token limits to them. */
async function testedDraft(
  file: string,
  draft: RecipeDraft,
  license: string | undefined,
  context: CommandContext,
): Promise<{ readonly suite: SuiteResult; readonly tokens: number | undefined }> {
  const options = {
    env: context.env,
    update: false,
    recorded: async () => {
      throw new UsageError("E_USAGE", "a test of a recipe cannot use a stored event");
    },
  };
  const first = await runSuite(file, options);
  if (!isPassed(first)) return { suite: first, tokens: undefined };
  const tests = draft.tests.map((test, index) => {
    const cost = first.tests[index]?.delivered[0]?.tokens;
    return cost === undefined ? test : { ...test, tokens: Math.ceil((cost + 5) / 10) * 10 };
  });
  const text = recipeText({ ...draft, tests }, license);
  await writeChange({ path: file, before: recipeText(draft, license), text });
  const suite = await runSuite(file, options);
  const costs = suite.tests.flatMap(({ delivered }) => delivered.map(({ tokens }) => tokens));
  return { suite, tokens: costs.length === 0 ? undefined : Math.max(...costs) };
}

function isPassed({ problems, tests }: SuiteResult): boolean {
  return problems.length === 0 && tests.every(({ failures }) => failures.length === 0);
}

function printNew(
  made: {
    readonly file: string;
    readonly payloads: readonly string[];
    readonly suite: SuiteResult;
    readonly tokens: number | undefined;
  },
  options: NewOptions,
  context: CommandContext,
): ExitCode {
  const { file, payloads, suite, tokens } = made;
  const isOk = isPassed(suite);
  const named = relative(context.cwd, file) || file;
  const failed = suite.tests.filter(({ failures }) => failures.length > 0).map(({ name }) => name);
  if (options.json) {
    const fixtures = payloads.map((path) => join(dirname(file), path));
    context.print(printedJson({ ok: isOk, file, fixtures, tests: suite.tests.length, failed, tokens }));
    return isOk ? 0 : 1;
  }
  context.print(
    printed(
      line`${colors.bold("new")} ${named}, with ${countOf(payloads.length, "payload")} and ${countOf(suite.tests.length, "test")}`,
      ...(tokens === undefined ? [] : [line`  ~${tokens} tokens per event`]),
      ...suite.problems.map(({ frame }) => frame),
      ...failed.map((one) => line`  ${colors.red("FAIL")} ${one}`),
      line`  names, mail addresses, URLs, ids and tokens in the payloads were replaced; review them before you publish`,
      line`next: edit its title and content, then run  channel-router recipes test ./${named}`,
    ),
  );
  return isOk ? 0 : 1;
}
