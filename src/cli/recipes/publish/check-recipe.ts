// Checks a recipe before it is published: what others need to trust, use and update it.

import { existsSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { linkBelow } from "../../../config/recipe/lock.ts";
import { isPortablePath } from "../../../config/recipe/shared-reference.ts";
import { filesOf } from "../../../config/recipe/test-files.ts";
import { sha256Of } from "../../../config/yaml/bounded-file.ts";
import type { Json, JsonObject } from "../../../contract.ts";
import { readConfig } from "../../../daemon/start/load-plan.ts";
import { isRouterError, UsageError } from "../../../errors.ts";
import { asObject, isObject, readJson } from "../../../json.ts";
import { isSecretHeader, leftCredentials, leftValues } from "../../../recipes/draft/left-values.ts";
import type { IndexEntry } from "../../../recipes/recipe-index.ts";
import { readRegular } from "../../../regular-file.ts";
import { compareVersions, parseVersion } from "../../../semver.ts";
import { runSuite, type SuiteResult } from "../../../testing/suite.ts";
import { tokensPerEvent } from "../../../testing/tokens-per-event.ts";
import type { CommandContext } from "../../context.ts";
import { type PublishedText, publishedText } from "./published-text.ts";

export interface PublishProblem {
  /** Absolute. */
  readonly file: string;
  readonly message: string;
  readonly hint: string;
}

export interface CheckedRecipe {
  readonly name: string;
  /** Absent if the file is not a valid recipe. */
  readonly entry?: IndexEntry;
  readonly problems: readonly PublishProblem[];
}

export async function checkRecipe(
  file: string,
  folder: string,
  allowed: readonly string[],
  context: Pick<CommandContext, "env" | "cwd">,
): Promise<CheckedRecipe> {
  const name = basename(file, ".yaml");
  if (linkBelow(folder, relative(folder, file).split(sep).join("/")) !== undefined)
    return {
      name,
      problems: [{ file, message: "leads through a link", hint: "replace the link with the file" }],
    };
  const loaded = await readConfig(file, context.env, {
    recipe: { given: {}, at: ["inputs"] },
    placeholders: true,
  });
  const { recipe, issues } = loaded;
  const [first] = issues;
  if (recipe === undefined || first !== undefined)
    return {
      name,
      problems: [
        {
          file,
          message: first === undefined ? "is not a recipe" : `${first.path}: ${first.message}`,
          hint: `channel-router check ${relative(context.cwd, file)}  shows more`,
        },
      ],
    };
  const suite = await runSuite(file, {
    env: context.env,
    update: false,
    recorded: async () => {
      throw new UsageError("E_USAGE", "a test of a shared recipe cannot use a stored event");
    },
  });
  const text = (await readRegular(file)).toString("utf8");
  const fixtures = filesOf(recipe.tests);
  const problems = [
    ...headerProblems(file, recipe),
    ...testProblems(file, recipe, suite),
    ...(await fixtureProblems(file, fixtures, allowed)),
    ...valueProblems(file, recipe.tests ?? null, allowed),
    ...credentialProblems(file, recipe, allowed),
    ...versionProblems(file, recipe, text, await publishedText(file, folder, context.env)),
  ];
  return { name, problems, entry: entryOf(file, folder, recipe, suite, text) };
}

function headerProblems(file: string, recipe: JsonObject): PublishProblem[] {
  const problem = (message: string, hint: string) => ({ file, message, hint });
  const found: PublishProblem[] = [];
  if (recipe.recipe !== basename(file, ".yaml"))
    found.push(
      problem(
        `the recipe is named ${String(recipe.recipe)}`,
        `rename the file to ${String(recipe.recipe)}.yaml`,
      ),
    );
  if (!isObject(recipe.capabilities))
    found.push(
      problem("capabilities are missing", "declare what the recipe may reach: docs/recipes.md, Capabilities"),
    );
  if (typeof recipe.license !== "string")
    found.push(problem("license is missing", "add one, such as  license: Apache-2.0"));
  if (typeof recipe.setup !== "string" || recipe.setup.trim() === "")
    found.push(problem("setup is missing", "describe the setup at the sender, or say that none is needed"));
  return found;
}

function testProblems(file: string, recipe: JsonObject, { problems, tests }: SuiteResult): PublishProblem[] {
  const found: PublishProblem[] = problems.map(({ issue }) => ({
    file,
    message: `${issue.path}: ${issue.message}`,
    hint: "channel-router recipes test  shows more",
  }));
  for (const { name, failures } of tests)
    if (failures.length > 0)
      found.push({
        file,
        message: `the test "${name}" fails: ${failures[0]?.message}`,
        hint: "channel-router recipes test  shows more",
      });
  const expected = listOf(recipe.tests).flatMap((test) => [asObject(test).expect].flat().map(asObject));
  if (!expected.some(({ none, channel }) => none === undefined && channel !== undefined))
    found.push({
      file,
      message: "no test shows what is delivered",
      hint: "add a test with  expect: { channel: NAME }",
    });
  if (!expected.some(({ none }) => none !== undefined))
    found.push({
      file,
      message: "no test shows what is skipped",
      hint: "add a test with  expect: { none: PATH }",
    });
  return found;
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

async function fixtureProblems(
  file: string,
  fixtures: readonly string[],
  allowed: readonly string[],
): Promise<PublishProblem[]> {
  const found: PublishProblem[] = [];
  for (const fixture of fixtures) {
    const path = join(dirname(file), fixture);
    // The content of a file elsewhere is not shown: a stranger's pull request could name any file, and this is printed in CI.
    if (!isPortablePath(fixture) || linkBelow(dirname(file), fixture) !== undefined) {
      found.push({
        file,
        message: `the payload ${fixture} cannot be shared`,
        hint: "a payload is a file below the folder of the recipe, without links, with a portable name",
      });
      continue;
    }
    if (!existsSync(path)) {
      found.push({
        file,
        message: `the payload ${fixture} does not exist`,
        hint: "write it, or remove its test",
      });
      continue;
    }
    const text = (await readRegular(path)).toString("utf8");
    found.push(...valueProblems(path, path.endsWith(".json") ? parsed(text) : text, allowed));
  }
  return found;
}

function parsed(text: string): Json {
  try {
    return readJson(text);
  } catch (error) {
    if (isRouterError(error)) throw error;
    return text;
  }
}

/** Values that look personal, and in tests also headers with credentials. */
function valueProblems(file: string, payload: Json, allowed: readonly string[]): PublishProblem[] {
  const headers = listOf(payload).flatMap((test) =>
    [asObject(test).send]
      .flat()
      .flatMap((send) => Object.keys(asObject(asObject(send).headers)).filter(isSecretHeader)),
  );
  return [
    ...[...new Set(headers)].map((name) => ({
      file,
      message: `a test sends the header ${name}`,
      hint: "remove it: tests do not check signatures",
    })),
    ...leftValues(payload)
      .filter(({ value }) => !allowed.includes(value))
      .map(({ what, value }) => ({
        file,
        message: `has ${what}: ${value}`,
        hint: "replace it with an example, or add  --allow VALUE  if it is not personal",
      })),
  ];
}

/** Outside of its tests, where an address or a host belongs to the sender. */
function credentialProblems(
  file: string,
  { tests: _, ...rest }: JsonObject,
  allowed: readonly string[],
): PublishProblem[] {
  return leftCredentials(rest)
    .filter(({ value }) => !allowed.includes(value))
    .map(({ what, value }) => ({
      file,
      message: `has ${what}: ${value}`,
      hint: "use a secret input, or add  --allow VALUE  if it is not personal",
    }));
}

function versionProblems(
  file: string,
  recipe: JsonObject,
  text: string,
  published: PublishedText | undefined,
): PublishProblem[] {
  if (published === undefined || published.text === text) return [];
  const before = /^version: *["']?([\w.+-]+)/m.exec(published.text)?.[1];
  const now = String(recipe.version);
  const [then, next] = [parseVersion(before ?? ""), parseVersion(now)];
  if (then === undefined || next === undefined || compareVersions(next, then) > 0) return [];
  return [
    {
      file,
      message: `has changed since ${published.ref}, but its version is ${now === before ? `still ${now}` : `${now}, after ${before}`}`,
      hint: "increase version: patch for fixes, minor for additions, major if users must change their config",
    },
  ];
}

function entryOf(
  file: string,
  folder: string,
  recipe: JsonObject,
  { tests }: SuiteResult,
  text: string,
): IndexEntry {
  const { status } = recipe;
  return {
    name: String(recipe.recipe),
    version: String(recipe.version),
    title: String(recipe.title),
    description: String(recipe.description),
    tokens: tokensPerEvent(tests)?.median ?? null,
    ...(typeof status === "string" ? { status } : {}),
    capabilities: recipe.capabilities ?? {},
    sha256: sha256Of(text),
    path: relative(folder, file).split(sep).join("/"),
  };
}
