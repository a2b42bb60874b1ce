// Inspects a recipe before it is used: its details, its capabilities, whether its tests pass, and the cost of its
// events.

import { writtenReference } from "../../config/recipe/shared-reference.ts";
import type { Json, JsonObject } from "../../contract.ts";
import { isRouterError, UsageError } from "../../errors.ts";
import { asObject } from "../../json.ts";
import { withStaged } from "../../recipes/copies.ts";
import type { FetchedRecipe } from "../../recipes/fetch-recipe.ts";
import { runSuite, type SuiteResult } from "../../testing/suite.ts";
import { type TokensPerEvent, tokensPerEvent } from "../../testing/tokens-per-event.ts";
import { line, marked, type SafeText, safeLine } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext } from "../context.ts";
import { headOf, kindOf, type RecipeDetails, readDetails, withInputs } from "./details.ts";

export interface InspectedRecipe {
  readonly details: RecipeDetails;
  readonly suite: SuiteResult;
  readonly tokens: TokensPerEvent | undefined;
}

/** Rejects with a UsageError if the file is not a valid recipe. */
export async function inspectRecipe(
  file: string,
  context: Pick<CommandContext, "env" | "cwd">,
): Promise<InspectedRecipe> {
  const details = await readDetails(file, context);
  const suite = await runSuite(file, {
    env: context.env,
    update: false,
    recorded: async () => {
      throw new UsageError("E_USAGE", "a test of a shared recipe cannot use a stored event");
    },
  });
  return { details, suite, tokens: tokensPerEvent(suite.tests) };
}

/** The same for a fetched recipe, whose files are in a temporary folder while `work` runs. */
export function inspectFetched<T>(
  fetched: FetchedRecipe,
  context: Pick<CommandContext, "env" | "cwd">,
  work: (inspected: InspectedRecipe, file: string) => Promise<T>,
): Promise<T> {
  return withStaged(fetched, async (file) => {
    const inspected = await inspectRecipe(file, context).catch((error: unknown) => {
      if (!isRouterError(error)) throw error;
      const message = error.message.replaceAll(file, writtenReference(fetched.reference));
      throw new UsageError(error.code, message, {
        hint: "nothing was written; report it to its author",
        cause: error,
      });
    });
    if (inspected.details.capabilities !== undefined) return work(inspected, file);
    const { recipe } = inspected.details;
    throw new UsageError("E_CONFIG_RECIPE", `the recipe ${recipe} does not declare its capabilities`, {
      hint: "ask its author to declare them; only a recipe file in your own project, ./FILE.yaml, may omit them",
    });
  });
}

export function failedTests({ tests }: Pick<SuiteResult, "tests">): string[] {
  return tests.filter(({ failures }) => failures.length > 0).map(({ name }) => name);
}

const reachWords = [
  ["listen", "receives requests on"],
  ["hosts", "connects to"],
  ["files", "reads or writes"],
  ["commands", "runs"],
  ["tools", "gives Claude the tool"],
] as const;

/** One line for each capability, with the values of the inputs. */
export function capabilityLines(
  { capabilities, inputs }: Pick<RecipeDetails, "capabilities" | "inputs">,
  values: Readonly<Record<string, Json>> = {},
): string[] {
  const declared = capabilities ?? {};
  const listed = (value: Json | undefined): string[] =>
    Array.isArray(value) ? value.flatMap((one) => withListed(String(one), inputs, values)) : [];
  const named = (input: string) => {
    const isSecret = inputs.find(({ name }) => name === input)?.secret !== false;
    if (!isSecret) return `the input ${input}`;
    return input === "secret" ? "the secret" : `the secret ${input}`;
  };
  return [
    ...reachWords.flatMap(([key, words]) => listed(declared[key]).map((one) => `${words} ${one}`)),
    ...Object.entries(asObject(declared.secrets)).flatMap(([input, places]) =>
      listed(places).map((place) =>
        place === "verify" ? `verifies callers with ${named(input)}` : `sends ${named(input)} to ${place}`,
      ),
    ),
  ];
}

/** One text for each item of an input that is a list. */
function withListed(
  text: string,
  inputs: RecipeDetails["inputs"],
  values: Readonly<Record<string, Json>>,
): string[] {
  const [, name = ""] = /^\$\{inputs\.(\w+)\}$/.exec(text) ?? [];
  const input = inputs.find((one) => one.name === name);
  const value =
    input === undefined || input.secret ? undefined : (values[name] ?? input.default ?? input.example);
  return Array.isArray(value) && value.length > 0 ? value.map(String) : [withInputs(text, inputs, values)];
}

export function tokensLine({ median, least, most, events }: TokensPerEvent): SafeText {
  const range = least === most ? "" : `, ${least} to ${most}`;
  return line`~${median} tokens per event (${events} in its tests${range})`;
}

/** What it is, before the user is asked for anything. `from`: where it was fetched. */
export function introLines({ details }: Pick<InspectedRecipe, "details">, from: string): SafeText[] {
  return [
    line`${colors.bold(details.recipe)} ${headOf(details)}`,
    line`  from ${from}`,
    line``,
    marked(details.description, line`  `),
    line``,
  ];
}

/** For a user who decides whether to use it. */
export function inspectedLines(
  { details, suite, tokens }: InspectedRecipe,
  values: Readonly<Record<string, Json>> = {},
): SafeText[] {
  const { inputs, setup } = details;
  const failed = failedTests(suite);
  const reaches = capabilityLines(details, values);
  const indent = line`  `;
  return [
    ...(inputs.length === 0 ? [] : [line`${colors.bold("Inputs")}`]),
    ...inputs.flatMap((input) => [
      line`  ${input.name} (${kindOf(input)})`,
      marked(input.description, line`      `),
    ]),
    line`${colors.bold("Capabilities")}`,
    ...(reaches.length === 0 ? [line`  none`] : reaches.map((one) => line`  - ${safeLine(one)}`)),
    line`${colors.bold("Cost")}`,
    tokens === undefined ? line`  unknown: no test delivers an event` : line`  ${tokensLine(tokens)}`,
    line`${colors.bold("Tests")}`,
    line`  ${suite.tests.length - failed.length} of ${suite.tests.length} passed`,
    ...failed.map((name) => line`  ${colors.red("FAIL")} ${name}`),
    ...(setup === undefined
      ? []
      : [line`${colors.bold("Setup")}`, marked(withInputs(setup, inputs, values), indent)]),
  ];
}

/** For `--json`. */
export function inspectedAnswer({ details, suite, tokens }: InspectedRecipe): JsonObject {
  const { recipe, version, title, description, inputs, setup, capabilities } = details;
  const failed = failedTests(suite);
  return {
    recipe,
    version,
    title,
    description,
    inputs: inputs as unknown as Json,
    capabilities: capabilities ?? null,
    tokens: (tokens ?? null) as unknown as Json,
    tests: { passed: suite.tests.length - failed.length, failed },
    ...(setup === undefined ? {} : { setup }),
  };
}
