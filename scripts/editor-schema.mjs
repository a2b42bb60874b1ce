// schema/channels.schema.json: the core schema with every connector's options in place, for editors and for `schema`.
// What the loader takes with nothing under it may be null here. Editors check the text before `${...}` is replaced, so wherever a value is more than free text, text that holds a
// `${` is allowed too.

import { load } from "./validators.mjs";

/** What the router reads in an option's schema and no editor does. */
const ofTheRouter = new Set(["x-inert", "x-credential", "x-shown"]);
/** An address with a port, `:0`, or a socket. What it cannot say, such as the range of a port, `check` does. */
const listenPattern = "^(unix:.+|(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9.-]*):[0-9]{1,5})$";
const { unitFormats } = (await load("src/config/schema/unit-formats.ts")).module;
/** Format name -> the pattern of its text. */
const patterns = Object.fromEntries(Object.entries(unitFormats).map(([name, { source }]) => [name, source]));
const variable = { type: "string", pattern: "\\$\\{" };

export function editorSchema(core, { sources, sinks }, mayBeEmpty, recipes) {
  const schema = structuredClone(core);
  const recipe = schema.properties.use.additionalProperties.properties.recipe;
  const { type, pattern: _p, minLength: _m, examples: _e, ...about } = recipe;
  // A bundled recipe by its name, or a file.
  schema.properties.use.additionalProperties.properties.recipe = {
    ...about,
    anyOf: [{ enum: recipes }, { type, pattern: "^\\.\\.?/|\\$\\{" }],
  };
  schema.properties.listen = { ...schema.properties.listen, pattern: listenPattern };
  const { channels } = schema.properties;
  for (const section of [...mayBeEmpty.map((key) => schema.properties[key]), channels.additionalProperties])
    section.type = [section.type, "null"];
  const defs = {
    ...putInPlace(schema.properties.sources.additionalProperties, sources, (type) => type),
    ...putInPlace(schema.properties.sinks.additionalProperties, sinks, (type) => `${type}_sink`),
  };
  const { $schema: _, $id: __, ...rest } = schema;
  return withVariables({
    $schema: "http://json-schema.org/draft-07/schema#",
    $id: "channels.schema.json",
    ...rest,
    $defs: defs,
  });
}

/** schema/recipe.schema.json: the recipe's own keys, and the sections of a config, which are in the other schema. */
export function recipeEditorSchema(recipe) {
  const { $schema, ...rest } = structuredClone(recipe);
  const section = (name) => ({ $ref: `channels.schema.json#/properties/${name}` });
  const sections = { sources: section("sources"), channels: section("channels"), sinks: section("sinks") };
  return { $schema, $id: "recipe.schema.json", ...rest, properties: { ...rest.properties, ...sections } };
}

/** Makes the entries of a section those of its types; gives the definitions that they then refer to. */
function putInPlace(entry, connectors, nameOf) {
  const common = entry.properties;
  common.type = { ...common.type, enum: connectors.map(({ type }) => type) };
  entry.allOf = connectors.map(({ type }) => ({
    if: { properties: { type: { const: type } } },
    // biome-ignore lint/suspicious/noThenProperty: `then` is JSON Schema's own word.
    then: { $ref: `#/$defs/${nameOf(type)}` },
  }));
  delete entry.additionalProperties;
  return Object.fromEntries(
    connectors.map(({ type, options }) => [
      nameOf(type),
      { ...options, properties: { ...common, ...options.properties }, additionalProperties: false },
    ]),
  );
}

function withVariables(schema) {
  if (Array.isArray(schema)) return schema.map(withVariables);
  if (typeof schema !== "object" || schema === null) return schema;
  const mapped = Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => !ofTheRouter.has(key))
      .map(([key, value]) => [
        key,
        key === "properties" || key === "$defs" || key === "patternProperties"
          ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withVariables(inner)]))
          : ["if", "const", "enum", "default", "examples", "required", "propertyNames"].includes(key)
            ? value
            : withVariables(value),
      ]),
  );
  // Editors know no formats of ours, and show an example that is not a scalar as [object Object].
  const pattern = patterns[mapped.format];
  if (pattern !== undefined) mapped.pattern = pattern;
  if (mapped.examples?.some((one) => JSON.stringify(one).includes('{"'))) delete mapped.examples;
  if (!isNarrowScalar(mapped)) return mapped;
  const { description, default: fallback, ...test } = mapped;
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [test, variable],
  };
}

function isNarrowScalar(schema) {
  if (schema.type === "number" || schema.type === "integer" || schema.type === "boolean") return true;
  return schema.type === "string" && Boolean(schema.enum ?? schema.pattern ?? schema.format);
}
