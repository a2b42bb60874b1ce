// `config`: the file as it is on disk, for the editor.

import { constants } from "node:fs";
import { access, lstat } from "node:fs/promises";
import { join } from "node:path";
import { packageFolder } from "../../config/recipe/bundled.ts";
import { sha256Of } from "../../config/yaml/bounded-file.ts";
import type { JsonSchema } from "../../contract.ts";
import { readRegular } from "../../regular-file.ts";
import { ConsoleFailure } from "../failure.ts";
import type { ConsoleHost, ConsoleSettings } from "../host.ts";
import type { ConfigAnswer } from "../protocol.ts";
import type { OwnCommands } from "./own-commands.ts";

export const configCommands: OwnCommands = {
  async config(_args, { host, settings }) {
    const file = host.file();
    const text = await readRegular(file).then(String, () => undefined);
    if (text === undefined)
      throw new ConsoleFailure(404, "E_CONFIG_FILE", `the config file ${file} cannot be read`);
    const shown = host.mask(text);
    const plan = host.state?.used()?.plan;
    const reason = await whyNotEditable(host, settings, text);
    const answer: ConfigAnswer = {
      file,
      text: shown,
      sha256: sha256Of(text),
      schema: await readSchema(),
      channels: plan?.channels.map(({ name }) => name) ?? [],
      sources: plan?.sources.map(({ name }) => name) ?? [],
      editable: reason === undefined,
      ...(reason === undefined ? {} : { not_editable: reason }),
    };
    return answer;
  },
};

/** One line; undefined for a file that may be edited here. `text`: of the file, where it is known. */
export async function whyNotEditable(
  host: ConsoleHost,
  { readOnly }: Pick<ConsoleSettings, "readOnly">,
  text?: string,
): Promise<string | undefined> {
  if (readOnly) return "this console is read-only";
  const file = host.file();
  const read = text ?? (await readRegular(file).then(String, () => ""));
  return host.mask(read) === read
    ? whyNotWritable(file)
    : "the file contains secrets, which do not leave the router: edit it where it is";
}

async function whyNotWritable(file: string): Promise<string | undefined> {
  const found = await lstat(file).catch(() => undefined);
  if (found?.isFile() !== true) return "the config is a link: edit the file that it leads to";
  return access(file, constants.W_OK).then(
    () => undefined,
    () => "the file cannot be written",
  );
}

let schema: Promise<JsonSchema> | undefined;

function readSchema(): Promise<JsonSchema> {
  schema ??= readRegular(join(packageFolder(), "schema", "channels.schema.json")).then(
    (text) => JSON.parse(text.toString()) as JsonSchema,
  );
  schema.catch(() => {
    schema = undefined;
  });
  return schema;
}
