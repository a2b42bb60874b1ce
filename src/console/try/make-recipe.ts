// Makes a recipe of stored events, as `recipes new` does: what they have in common, with tests and payloads without personal values.

import type { SourceValues } from "../../config/values.ts";
import { writtenSource } from "../../config/yaml/written-source.ts";
import type { Json, RouterEvent } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import { isObject, readJson } from "../../json.ts";
import { draftRecipe, sourceOfEvents } from "../../recipes/draft/draft-recipe.ts";
import { canDraft } from "../../recipes/draft/draft-source.ts";
import { hidePersonalValues } from "../../recipes/draft/personal-values.ts";
import { recipeText } from "../../recipes/draft/recipe-text.ts";
import type { MadeRecipe } from "../protocol.ts";

interface RecipeWishes {
  /** Of the source in the config. */
  readonly values: SourceValues | undefined;
  /** The text of the config. */
  readonly text: string;
}

/** Rejects with a UsageError for events of several sources, and for a source that no recipe can have. */
export function makeRecipe(events: readonly RouterEvent[], { values, text }: RecipeWishes): MadeRecipe {
  const sources = [...new Set(events.map(({ source }) => source))];
  const [source = ""] = sources;
  if (sources.length !== 1)
    throw new UsageError("E_USAGE", `the events are of several sources: ${sources.join(", ")}`, {
      hint: "write a recipe for each",
    });
  const taken = events.map((event) => ({
    data: isObject(event.data) || Array.isArray(event.data) ? event.data : event.text,
    text: event.text,
    headers: event.headers ?? {},
    connector: event.connector === "http" || event.method !== undefined ? "http" : event.connector,
  }));
  const connector = taken[0]?.connector ?? "http";
  const written = connector === "http" ? undefined : writtenSource(text, source);
  if (connector !== "http" && (written === undefined || !canDraft(connector)))
    throw new UsageError("E_USAGE", `no recipe can be made of source ${source}, of type ${connector}`, {
      hint: "what such a recipe is about is not in its payloads; begin with a bundled one",
    });
  const hide = hidePersonalValues(taken.map(({ data, headers }) => [data, headers]));
  const name = `${source.replaceAll("_", "-")}-event`;
  const drafted = sourceOfEvents(name, taken, { values, written }, hide);
  const { draft, payloads } = draftRecipe(name, drafted, { taken, skipped: [] }, hide);
  return {
    yaml: recipeText(draft, undefined),
    fixtures: Object.fromEntries([...payloads].map(([path, payload]) => [path, payloadValue(path, payload)])),
  };
}

function payloadValue(path: string, payload: string): Json {
  return path.endsWith(".json") ? readJson(payload) : payload;
}
