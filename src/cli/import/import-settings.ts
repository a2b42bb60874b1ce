// `import`: writes a config from the settings of another program: an official chat plugin of Claude Code, or adnanh/webhook.

import { join, resolve } from "node:path";
import { claudeConfigFolder, stateRoot } from "../../config/paths.ts";
import { parseDotenv } from "../../config/variables/dotenv.ts";
import { parsePlainYaml, printYaml } from "../../config/yaml/plain.ts";
import { UsageError } from "../../errors.ts";
import { readRegular } from "../../regular-file.ts";
import { shellWord } from "../../text/shell.ts";
import { line, type SafeText } from "../../text.ts";
import { isStorable, storeVariables } from "../commands/configure.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { readPresent, shownChange, writeChange } from "../init/files.ts";
import { printed, printedJson } from "../print.ts";
import type { ImportedConfig } from "./imported-config.ts";
import { importPlugin, officialPlugins, type PluginType } from "./official-plugin.ts";
import { importHooks } from "./webhook-hooks.ts";

export interface ImportOptions {
  readonly output: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

type Context = Pick<CommandContext, "env" | "cwd" | "print" | "person" | "underClaude">;

/** `what`: an official plugin, whose folder may be given, or a file of hooks. */
export async function importSettings(
  what: string,
  folder: string | undefined,
  options: ImportOptions,
  context: Context,
): Promise<ExitCode> {
  const { config, secrets, notes } = isPlugin(what)
    ? await readPlugin(what, folder, context)
    : await readHooks(what, folder, context);
  const path = resolve(context.cwd, options.output);
  const text = printYaml(config);
  if (options.dryRun !== true && (await readPresent(path)) !== undefined)
    throw new UsageError("E_USAGE", `${path} is there already`, {
      hint: "name another file with --output, or print it with --dry-run and add it by hand",
    });
  const shown: SafeText[] = shownChange({ path, before: undefined, text });
  const kept: string[] = [];
  if (options.dryRun !== true) {
    kept.push(...(await keepSecrets(secrets, context)));
    await writeChange({ path, before: undefined, text });
  }
  const missing = Object.keys(secrets).filter((name) => !kept.includes(name));
  if (options.json) {
    context.print(printedJson({ file: path, config, variables: kept, missing, notes }));
    return 0;
  }
  context.print(
    printed(
      ...shown,
      ...kept.map((name) => line`${name} written to ${join(stateRoot(context.env), ".env")}`),
      ...missing.map((name) => line`${name} is not written: channel-router configure ${name}`),
      ...(notes.length === 0 ? [] : [line``, line`Not carried over:`]),
      ...notes.map((note) => line`  ${note}`),
      line``,
      line`Next:`,
      ...(what === "telegram" || what === "discord" ? [line`  channel-router add ${what}`] : []),
      line`  channel-router trust ${shellWord(path)}`,
      line`  channel-router init  writes the entry with which Claude Code starts the router, if there is none`,
    ),
  );
  return 0;
}

function isPlugin(what: string): what is PluginType {
  return officialPlugins.some((name) => name === what);
}

async function readPlugin(
  type: PluginType,
  given: string | undefined,
  { env, cwd }: Context,
): Promise<ImportedConfig> {
  const folder = given === undefined ? join(claudeConfigFolder(env), "channels", type) : resolve(cwd, given);
  const [access, dotenv] = await Promise.all(["access.json", ".env"].map((name) => read(join(folder, name))));
  if (access === undefined && dotenv === undefined)
    throw new UsageError("E_USAGE", `${folder} has neither access.json nor .env`, {
      hint: `name the plugin's folder: channel-router import ${type} FOLDER`,
    });
  try {
    return importPlugin(type, { access, env: dotenv });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError("E_USAGE", `${join(folder, "access.json")} is not JSON`);
  }
}

async function readHooks(what: string, more: string | undefined, { cwd }: Context): Promise<ImportedConfig> {
  const hint = `name ${officialPlugins.join(", ")}, or the hooks.json of adnanh/webhook`;
  if (more !== undefined) throw new UsageError("E_USAGE", `${what} is not a plugin`, { hint });
  const file = resolve(cwd, what);
  const written = await read(file);
  if (written === undefined) throw new UsageError("E_USAGE", `there is no file ${file}`, { hint });
  try {
    // JSON is YAML, and adnanh/webhook takes both.
    return importHooks(parsePlainYaml(written));
  } catch (error) {
    throw new UsageError("E_USAGE", `${file} holds no hooks: ${(error as Error).message.split("\n", 1)[0]}`, {
      hint,
    });
  }
}

async function read(path: string): Promise<string | undefined> {
  try {
    return (await readRegular(path)).toString("utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new UsageError("E_USAGE", `${path} cannot be read: ${code ?? String(error)}`);
  }
}

/** The names of those that are there now. What is set already stays; below a Claude process nothing is written. */
async function keepSecrets(
  secrets: ImportedConfig["secrets"],
  { env, underClaude }: Context,
): Promise<string[]> {
  if (underClaude !== undefined) return [];
  const file = join(stateRoot(env), ".env");
  const there = parseDotenv((await read(file)) ?? "").variables;
  const kept = Object.entries(secrets).filter(
    ([name, value]) => there[name] === value || (there[name] === undefined && isStorable(value)),
  );
  const missing = kept.filter(([name]) => there[name] === undefined);
  if (missing.length > 0) await storeVariables(file, new Map(missing));
  return kept.map(([name]) => name);
}
