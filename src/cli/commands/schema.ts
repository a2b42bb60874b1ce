// `schema`: the JSON Schema of channels.yaml, or of a recipe: the same text as in the folder schema/.

import { join } from "node:path";
import { packageFolder } from "../../config/recipe/bundled.ts";
import type { Json, JsonObject } from "../../contract.ts";
import { asObject, isObject } from "../../json.ts";
import { readRegular } from "../../regular-file.ts";
import type { ExitCode } from "../exit.ts";
import { printedJson } from "../print.ts";
import { toStdout } from "../terminal.ts";

export async function schema(options: { readonly recipe?: boolean } = {}): Promise<ExitCode> {
  const channels = await readSchema("channels.schema.json");
  toStdout(
    printedJson(
      options.recipe === true ? joined(await readSchema("recipe.schema.json"), channels) : channels,
    ),
  );
  return 0;
}

async function readSchema(name: string): Promise<JsonObject> {
  const text = await readRegular(join(packageFolder(), "schema", name));
  return JSON.parse(text.toString("utf8")) as JsonObject;
}

/** One file: the schema of recipes refers to that of configs, which is beside it only where both are published. */
function joined(recipe: JsonObject, { $id: _, $schema: __, ...channels }: JsonObject): JsonObject {
  const within = (value: Json, prefix: string): Json => {
    if (Array.isArray(value)) return value.map((one) => within(one, prefix));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [
        key,
        key === "$ref" && typeof one === "string"
          ? one.replace(/^(?:channels\.schema\.json)?#/, (start) =>
              start === "#" ? `#${prefix}` : `#${place}`,
            )
          : within(one as Json, prefix),
      ]),
    );
  };
  return {
    ...(within(recipe, "") as JsonObject),
    definitions: {
      ...(within(asObject(recipe.definitions), "") as JsonObject),
      channels: within(channels, place),
    },
  };
}

const place = "/definitions/channels";
