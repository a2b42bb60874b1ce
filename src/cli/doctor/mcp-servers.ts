// What Claude Code is configured to start: the entries of ./.mcp.json and of ~/.claude.json that start this
// program. Best effort: neither file is ours.

import { stat } from "node:fs/promises";
import { basename, isAbsolute, join, resolve } from "node:path";
import { homeFolder, setVariable } from "../../config/paths.ts";
import { isObject } from "../../json.ts";
import { readRegular } from "../../regular-file.ts";
import type { CheckInput } from "./check.ts";

export interface McpServer {
  readonly name: string;
  /** The file of the entry. */
  readonly file: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The script that node should run, absolute; undefined when something else is started. */
  readonly script: string | undefined;
  readonly scriptExists: boolean;
}

type Where = Pick<CheckInput, "env" | "project">;

export async function findServers(where: Where): Promise<McpServer[]> {
  const { env, project } = where;
  const mcpFile = join(project, ".mcp.json");
  // With CLAUDE_CONFIG_DIR the client keeps its own file in there.
  const own = join(setVariable(env, "CLAUDE_CONFIG_DIR") ?? homeFolder(env), ".claude.json");
  const [shared, personal] = await Promise.all([readObject(mcpFile), readObject(own)]);
  const projects = asObject(personal.projects);
  const entries = [
    ...Object.entries(asObject(asObject(projects[project]).mcpServers)).map((one) => ({ one, file: own })),
    ...Object.entries(asObject(shared.mcpServers)).map((one) => ({ one, file: mcpFile })),
    ...Object.entries(asObject(personal.mcpServers)).map((one) => ({ one, file: own })),
  ];
  const servers = await Promise.all(
    entries.map(({ one: [name, entry], file }) => readServer(name, asObject(entry), file, where)),
  );
  return servers.filter((server) => server !== undefined);
}

async function readServer(
  name: string,
  entry: Record<string, unknown>,
  file: string,
  { env, project }: Where,
): Promise<McpServer | undefined> {
  const around = { ...env, CLAUDE_PROJECT_DIR: project };
  const expand = (word: unknown) => (typeof word === "string" ? expandVariables(word, around) : "");
  const command = expand(entry.command);
  const args = Array.isArray(entry.args) ? entry.args.map(expand) : [];
  if (![command, ...args].some((word) => /(^|[/\\@])channel-router(\.[cm]?js)?(@|$)/.test(word)))
    return undefined;
  const written = /^(node|bun|deno)(\.exe)?$/.test(basename(command))
    ? args.find((word) => /\.[cm]?js$/.test(word))
    : isAbsolute(command)
      ? command
      : undefined;
  const script = written === undefined ? undefined : resolve(project, written);
  const exists =
    script !== undefined &&
    (await stat(script).then(
      (found) => found.isFile(),
      () => false,
    ));
  return { name, file, command, args, script, scriptExists: exists };
}

/**
 * As the client does in .mcp.json: `${NAME}` and `${NAME:-default}`; unset variables are left as they are.
 */
function expandVariables(text: string, env: NodeJS.ProcessEnv): string {
  return text.replace(
    /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g,
    (whole, name: string, other?: string) => env[name] ?? other ?? whole,
  );
}

/** An object without a prototype's names; anything else counts as empty. */
export function asObject(value: unknown): Record<string, unknown> {
  return isObject(value) ? Object.assign(Object.create(null), value) : {};
}

/** The file's object; empty when there is none or it is unreadable. */
export async function readObject(file: string): Promise<Record<string, unknown>> {
  try {
    return asObject(JSON.parse((await readRegular(file)).toString("utf8")));
  } catch {
    return {}; // Not our file: an unreadable one counts as empty.
  }
}
