// What the last start computed from the same files and environment, so that the next one can answer its
// client before it has parsed anything. Only a hint: it is used only when every input is byte for byte the
// same.

import { createHash } from "node:crypto";
import { readStateFile, writeStateFile } from "../../files/state-file.ts";
import { readRegular, readRegularSync } from "../../regular-file.ts";

export interface StartInputs {
  /** What the user agreed to. */
  readonly consent: string;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  readonly environment: readonly string[];
}

interface Entry {
  readonly version: string;
  readonly consent: string;
  readonly files: StartInputs["files"];
  readonly environment: Readonly<Record<string, string>>;
  readonly value: unknown;
}

const unset = "unset";

/** The cached value, or undefined when there is none or any input changed. */
export async function readStartCache(
  path: string,
  version: string,
  env: NodeJS.ProcessEnv,
  consent: string,
): Promise<unknown> {
  const entry = entryOf(await readStateFile(path));
  if (entry?.version !== version || entry.consent !== consent) return undefined;
  for (const [name, digest] of Object.entries(entry.environment)) {
    if (environmentDigest(env[name]) !== digest) return undefined;
  }
  const current = await Promise.all(entry.files.map((file) => fileDigest(file.path)));
  return current.every((digest, index) => digest === entry.files[index]?.sha256) ? entry.value : undefined;
}

/**
 * Names that had a value at the last cached start, and have none in this environment. Empty when nothing is
 * known.
 */
export function missingVariables(path: string, env: NodeJS.ProcessEnv): string[] {
  let entry: Entry | undefined;
  try {
    entry = entryOf(JSON.parse(readRegularSync(path).toString("utf8")));
  } catch {
    return []; // No start was cached, or the cache is unreadable: then no difference is known.
  }
  return Object.entries(entry?.environment ?? {})
    .filter(([name, digest]) => digest !== unset && env[name] === undefined)
    .map(([name]) => name);
}

/** Undefined for content that no start has written. */
function entryOf(content: unknown): Entry | undefined {
  const { files, environment } = (content ?? {}) as Partial<Entry>;
  const isWhole =
    Array.isArray(files) &&
    files.every((file) => typeof file?.path === "string" && typeof file.sha256 === "string") &&
    typeof environment === "object" &&
    environment !== null &&
    !Array.isArray(environment);
  return isWhole ? (content as Entry) : undefined;
}

/** Rejects when the state folder cannot be written. */
export async function writeStartCache(
  path: string,
  version: string,
  env: NodeJS.ProcessEnv,
  inputs: StartInputs,
  value: unknown,
): Promise<void> {
  const environment = Object.fromEntries(
    inputs.environment.map((name) => [name, environmentDigest(env[name])]),
  );
  const { files, consent } = inputs;
  const text = `${JSON.stringify({ version, consent, files, environment, value } satisfies Entry)}\n`;
  await writeStateFile(path, text);
}

/** Only a digest of a digest's input is stored: the cache must not contain secrets. */
function environmentDigest(value: string | undefined): string {
  return value === undefined ? unset : sha256(`channel-router:${value}`).slice(0, 16);
}

async function fileDigest(path: string): Promise<string> {
  return readRegular(path).then(sha256, () => "absent");
}

function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
