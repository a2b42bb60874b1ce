// Which variables of this process the project could have set: Claude Code starts servers with the `env` of
// the project's settings and of its `.mcp.json`. Such a variable is controlled by the project, whatever its
// value. Looks at files, never at values.

import { basename, dirname, join } from "node:path";
import { readBounded } from "../yaml/bounded-file.ts";

/** Answers whether a project's file sets this variable. */
export type OfProject = (name: string) => boolean;

const settings = [".claude/settings.json", ".claude/settings.local.json"];
const servers = ".mcp.json";
const maxBytes = 4 * 1024 * 1024;

/**
 * `folders`: where Claude runs; their parents are included, up to the user's home, whose `.claude` is the
 * user's own.
 */
export function projectVariables(folders: readonly string[], home: string | undefined): OfProject {
  const names = new Set<string>();
  let isUnknown = false;
  const read = (file: string, namesIn: (content: unknown) => readonly string[]) => {
    const reading = readBounded(file, maxBytes);
    if (!reading.ok) {
      // An unreadable file may name any of them.
      isUnknown ||= !reading.missing;
      return;
    }
    const text = reading.bytes.toString("utf8");
    for (const name of namesOf(text, namesIn)) names.add(name);
  };
  for (const folder of new Set(folders.flatMap((one) => upTo(one, home)))) {
    for (const file of settings) read(join(folder, file), ofSettings);
    read(join(folder, servers), ofServers);
  }
  return (name) => isUnknown || names.has(name);
}

function upTo(folder: string, home: string | undefined): string[] {
  const all: string[] = [];
  for (let place = folder; place !== home && basename(place) !== ""; place = dirname(place)) all.push(place);
  return all;
}

/**
 * For a file that is not JSON, for example with comments: each word that could be a name. A more tolerant
 * parser than ours decodes escapes.
 */
function namesOf(text: string, namesIn: (content: unknown) => readonly string[]): readonly string[] {
  try {
    return namesIn(JSON.parse(text));
  } catch {
    const decoded = text.replace(/\\u\{?0*([0-9a-f]{2,4})\}?|\\x([0-9a-f]{2})/gi, (_, unit = "", byte = "") =>
      String.fromCharCode(Number.parseInt(unit || byte, 16)),
    );
    return [text, decoded].flatMap((one) => [...one.matchAll(/[A-Za-z_]\w*/g)].map(([name]) => name));
  }
}

function ofSettings(content: unknown): string[] {
  return Object.keys(objectOf(objectOf(content).env));
}

function ofServers(content: unknown): string[] {
  return Object.values(objectOf(objectOf(content).mcpServers)).flatMap((server) =>
    // `"TOKEN": "${TOKEN}"` passes an existing variable on.
    Object.entries(objectOf(objectOf(server).env)).flatMap(([name, value]) =>
      value === `\${${name}}` ? [] : [name],
    ),
  );
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
