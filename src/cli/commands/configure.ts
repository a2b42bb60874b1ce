// `configure`: stores the credentials of a chat in the `.env` of the state root, where every config finds
// them and nobody else can read them. Never shows a credential.

import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
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
import { withEditLock } from "../init/edit-lock.ts";
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
  context: Pick<CommandContext, "env" | "print" | "person" | "underClaude">,
  registry: readonly SourceTypeEntry[] = connectors,
): Promise<ExitCode> {
  if (context.underClaude !== undefined)
    throw new UsageError(
      "E_CONSENT_INTERACTIVE",
      `only you can set credentials, and ${context.underClaude.sign}`,
      {
        hint: "run this in your own terminal",
      },
    );
  const credentials = await credentialsOf(what, registry);
  const file = join(stateRoot(context.env), ".env");
  if (values.length > credentials.length)
    throw new UsageError(
      "E_USAGE",
      `${what} takes ${credentials.map(({ variable }) => variable).join(", ")}`,
    );
  const changes = new Map<string, string | undefined>();
  for (const [index, credential] of credentials.entries()) {
    const { variable } = credential;
    if (options.clear === true) changes.set(variable, undefined);
    else changes.set(variable, check(credential, await readValue(credential, values[index], context)));
  }
  await storeVariables(file, changes);
  const variables = [...changes.keys()];
  const hidden = variables.filter((variable) => (context.env[variable] ?? "") !== "");
  if (options.json) context.print(printedJson({ file, variables, cleared: options.clear === true, hidden }));
  else {
    context.print(
      text`${variables.join(", ")} ${options.clear === true ? "removed from" : "written to"} ${file}\n`,
    );
    for (const variable of hidden)
      context.print(text`  this shell sets ${variable} too; where it is set, it wins over the file\n`);
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
    entry === undefined ? `unknown type ${what}` : `${what} needs no credentials`,
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
  if (!isStorable(value))
    throw new UsageError("E_USAGE", `${variable} contains characters that are not valid in a credential`);
  if (pattern !== undefined && !new RegExp(pattern).test(value))
    throw new UsageError("E_USAGE", `that does not look like a ${title}`, { hint: "was all of it copied?" });
  return value;
}

/** Whether a `.env` can hold the value as it is. An empty one would be as good as none. */
export function isStorable(value: string): boolean {
  return value !== "" && !/[\p{Cc}']/u.test(value);
}

/** Sets these variables in a `.env`, or removes those that are undefined. Throws a UsageError when the file cannot take them. */
export async function storeVariables(
  file: string,
  changes: ReadonlyMap<string, string | undefined>,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await withEditLock(dirname(file), async () => {
    await writeStateFile(file, changed(await readRegular(file).then(String, onlyIfAbsent), changes));
  });
}

/** The file with these variables set or removed, and everything else unchanged. */
function changed(written: string, changes: ReadonlyMap<string, string | undefined>): string {
  const lines = written.split(/\r?\n/).filter((line) => {
    const name = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/.exec(line)?.[1];
    return name === undefined || !changes.has(name);
  });
  while (lines.at(-1)?.trim() === "") lines.pop();
  // Nothing in single quotes is interpreted.
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
