// What a recipe is, before it is used: what it says of itself, what it may reach, whether its tests pass, and
// what its events cost.

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
import { type RecipeDetails, readDetails, withInputs } from "./details.ts";

export interface InspectedRecipe {
  readonly details: RecipeDetails;
  readonly suite: SuiteResult;
  readonly tokens: TokensPerEvent | undefined;
}

/** Rejects with a UsageError for a file that is not a valid recipe. */
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

/** The same for one that was fetched: its files are in a folder of their own while `work` runs. */
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
      hint: "ask its author to; only a recipe of your own project, written as ./FILE.yaml, may leave them out",
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

/** One sentence for each thing that a recipe declares it may reach, with the values of its inputs. */
export function capabilityLines(
  { capabilities, inputs }: Pick<RecipeDetails, "capabilities" | "inputs">,
  values: Readonly<Record<string, Json>> = {},
): string[] {
  const declared = capabilities ?? {};
  const listed = (value: Json | undefined): string[] =>
    Array.isArray(value) ? value.map((one) => withInputs(String(one), inputs, values)) : [];
  return [
    ...reachWords.flatMap(([key, words]) => listed(declared[key]).map((one) => `${words} ${one}`)),
    ...Object.entries(asObject(declared.secrets)).flatMap(([input, places]) =>
      listed(places).map((place) =>
        place === "verify"
          ? `checks callers with the secret ${input}`
          : `sends the secret ${input} to ${place}`,
      ),
    ),
  ];
}

export function tokensLine({ median, least, most, events }: TokensPerEvent): SafeText {
  const range = least === most ? "" : `, ${least} to ${most}`;
  return line`~${median} tokens per event (${events} in its tests${range})`;
}

/** For a user who decides whether to use it. `from`: where it was fetched. */
export function inspectedLines(
  { details, suite, tokens }: InspectedRecipe,
  from: string,
  values: Readonly<Record<string, Json>> = {},
): SafeText[] {
  const { recipe, version, title, description, inputs, setup } = details;
  const failed = failedTests(suite);
  const reaches = capabilityLines(details, values);
  const indent = line`  `;
  return [
    line`${colors.bold(recipe)} ${version}: ${title}`,
    line`  from ${from}`,
    line``,
    marked(description, indent),
    line``,
    ...(inputs.length === 0 ? [] : [line`${colors.bold("Inputs")}`]),
    ...inputs.flatMap(({ name, type, secret, description: what, default: fallback }) => [
      line`  ${name} (${secret ? "secret" : type}, ${fallback === undefined ? "needed" : `default ${JSON.stringify(fallback)}`})`,
      marked(what, line`      `),
    ]),
    line`${colors.bold("Capabilities")}`,
    ...(reaches.length === 0
      ? [line`  it reaches nothing outside`]
      : reaches.map((one) => line`  - ${safeLine(one)}`)),
    line`${colors.bold("Costs")}`,
    tokens === undefined ? line`  unknown: its tests deliver nothing` : line`  ${tokensLine(tokens)}`,
    line`${colors.bold("Tests")}`,
    line`  ${suite.tests.length - failed.length} of ${suite.tests.length} passed`,
    ...failed.map((name) => line`  ${colors.red("FAIL")} ${name}`),
    ...(setup === undefined
      ? []
      : [line`${colors.bold("To set it up")}`, marked(withInputs(setup, inputs, values), indent)]),
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
