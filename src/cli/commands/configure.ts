// `configure`: keeps the credentials of a chat in the `.env` of the state folder, where every config finds them and nobody else
// can read them. Shows no credential, ever.

import { join } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { stateRoot } from "../../config/paths.ts";
import { parseDotenv } from "../../config/variables/dotenv.ts";
import { connectors } from "../../connectors/index.ts";
import type { Credential } from "../../contract/chat.ts";
import type { SourceTypeEntry } from "../../contract.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { UsageError } from "../../errors.ts";
import { writeStateFile } from "../../files/state-file.ts";
import { readRegular } from "../../regular-file.ts";
import { line, text } from "../../text.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { printedJson } from "../print.ts";

interface ConfigureOptions {
  readonly clear?: boolean;
  readonly json?: boolean;
}

/** `what`: a chat type, or the name of a variable. `values`: one for each of its credentials; `-` is standard input. */
export async function configure(
  what: string,
  values: readonly string[],
  options: ConfigureOptions,
  world: Pick<CommandContext, "env" | "print" | "person" | "underClaude">,
  registry: readonly SourceTypeEntry[] = connectors,
): Promise<ExitCode> {
  if (world.underClaude !== undefined)
    throw new UsageError(
      "E_CONSENT_INTERACTIVE",
      `only you can set credentials, and ${world.underClaude.sign}`,
      {
        hint: "type this in a terminal of your own",
      },
    );
  const credentials = await credentialsOf(what, registry);
  const file = join(stateRoot(world.env), ".env");
  if (values.length > credentials.length)
    throw new UsageError(
      "E_USAGE",
      `${what} takes ${credentials.map(({ variable }) => variable).join(", ")}`,
    );
  const changes = new Map<string, string | undefined>();
  for (const [index, credential] of credentials.entries()) {
    const { variable } = credential;
    if (options.clear === true) changes.set(variable, undefined);
    else changes.set(variable, check(credential, await readValue(credential, values[index], world)));
  }
  await writeStateFile(file, changed(await readRegular(file).then(String, onlyIfAbsent), changes));
  const variables = [...changes.keys()];
  const hidden = variables.filter((variable) => (world.env[variable] ?? "") !== "");
  if (options.json) world.print(printedJson({ file, variables, cleared: options.clear === true, hidden }));
  else {
    world.print(
      text`${variables.join(", ")} ${options.clear === true ? "removed from" : "written to"} ${file}\n`,
    );
    for (const variable of hidden)
      world.print(text`  this shell sets ${variable} too; where it is set, it wins over the file\n`);
  }
  return 0;
}

async function credentialsOf(
  what: string,
  registry: readonly SourceTypeEntry[],
): Promise<readonly Credential[]> {
  if (/^[A-Z][A-Z0-9_]{1,100}$/.test(what)) return [{ variable: what, title: what }];
  const entry = registry.find(({ type }) => type === what);
  const credentials = (await entry?.load())?.chat?.credentials ?? [];
  if (credentials.length > 0) return credentials;
  throw new UsageError(
    "E_USAGE",
    entry === undefined ? `there is no type ${what}` : `${what} needs no credentials`,
    {
      hint:
        didYouMeanHint(
          what,
          registry.map(({ type }) => type),
        ) ??
        "name a chat type, or a variable in capital letters: channel-router configure GITHUB_WEBHOOK_SECRET VALUE",
    },
  );
}

async function readValue(
  { variable, title }: Credential,
  given: string | undefined,
  { person }: Pick<CommandContext, "person">,
): Promise<string> {
  if (given === "-") return (await readAll(process.stdin)).trim();
  if (given !== undefined) return given.trim();
  if (person !== undefined) return (await person.ask(line`${title}: `)).trim();
  throw new UsageError("E_USAGE", `${variable} is missing`, {
    hint: "pass it after the name, or - to read it from stdin",
  });
}

function check({ variable, title, pattern }: Credential, value: string): string {
  if (value === "") throw new UsageError("E_USAGE", `${variable} is empty`, { hint: "--clear removes it" });
  if (/[\p{Cc}']/u.test(value))
    throw new UsageError("E_USAGE", `${variable} holds characters that no credential has`);
  if (pattern !== undefined && !new RegExp(pattern).test(value))
    throw new UsageError("E_USAGE", `that does not look like a ${title}`, { hint: "was all of it copied?" });
  return value;
}

/** The file with these variables set or taken out, and all else as it was. */
function changed(written: string, changes: ReadonlyMap<string, string | undefined>): string {
  const lines = written.split(/\r?\n/).filter((line) => {
    const name = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/.exec(line)?.[1];
    return name === undefined || !changes.has(name);
  });
  while (lines.at(-1)?.trim() === "") lines.pop();
  // Nothing is read into what stands in single quotes.
  for (const [name, value] of changes) if (value !== undefined) lines.push(`${name}='${value}'`);
  const result = lines.length === 0 ? "" : `${lines.join("\n")}\n`;
  const { variables: read } = parseDotenv(result);
  for (const [name, value] of changes)
    if (read[name] !== value)
      throw new UsageError("E_USAGE", `the .env file cannot take ${name}`, {
        hint: "look at the lines around it",
      });
  return result;
}

function onlyIfAbsent(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return "";
  throw new UsageError("E_USAGE", `the .env file cannot be read: ${error.code}`);
}
