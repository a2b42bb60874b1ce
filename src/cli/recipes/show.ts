// `recipes show`: prints a recipe's inputs, capabilities, parts and setup.

import { maxFileBytes } from "../../config/read.ts";
import { packedRecipe } from "../../config/recipe/bundled.ts";
import { readRegular } from "../../regular-file.ts";
import { line, marked, ownWords, type SafeText, safeLine } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { printed, printedJson } from "../print.ts";
import { headOf, kindOf, type RecipeDetails, readDetails, withInputs } from "./details.ts";
import { capabilityLines } from "./inspect.ts";
import { findUsed } from "./pinned.ts";

export async function showRecipe(
  name: string,
  options: { readonly yaml?: boolean; readonly json?: boolean },
  context: CommandContext,
): Promise<ExitCode> {
  const { file, written } = await findUsed(name, context);
  const details = await readDetails(file, context, written);
  if (options.yaml) {
    const bytes = packedRecipe(details.file)?.bytes ?? (await readRegular(details.file));
    context.print(ownWords(bytes.toString("utf8"), maxFileBytes));
    return 0;
  }
  const { setup, inputs } = details;
  const answer = setup === undefined ? details : { ...details, setup: withInputs(setup, inputs) };
  context.print(options.json ? printedJson(answer) : printed(...detailLines(details)));
  return 0;
}

function detailLines(details: RecipeDetails): SafeText[] {
  const { recipe, description, setup, inputs, sources, channels, sinks, tests, use } = details;
  const { author, license, homepage } = details;
  const origin = [author === undefined ? undefined : `by ${author}`, license, homepage].filter(
    (one) => one !== undefined,
  );
  const names = (noun: string, list: readonly string[]) =>
    list.length === 0 ? [] : [line`  ${noun}: ${list.join(", ")}`];
  const indent = line`  `;
  const reaches = details.capabilities === undefined ? ["not declared"] : capabilityLines(details);
  return [
    line`${colors.bold(recipe)} ${headOf(details)}`,
    safeLine(description),
    ...(origin.length === 0 ? [] : [line`  ${origin.join(", ")}`]),
    line``,
    marked(use, indent),
    line``,
    line`${colors.bold("Inputs")}`,
    ...inputs.flatMap((input) => [
      line`  ${input.name} (${kindOf(input)})`,
      marked(input.description, line`      `),
    ]),
    line``,
    line`${colors.bold("Capabilities")}`,
    ...(reaches.length === 0 ? ["none"] : reaches).map((one) => line`  ${one}`),
    line``,
    line`${colors.bold("Provides")}`,
    ...names(
      "sources",
      sources.map(({ name, type }) => `${name} (${type})`),
    ),
    ...names("channels", channels),
    ...names("sinks", sinks),
    line`  tests: ${tests}`,
    ...(setup === undefined
      ? []
      : [line``, line`${colors.bold("Setup")}`, marked(withInputs(setup, inputs), indent)]),
  ];
}
