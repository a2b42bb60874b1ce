// Payloads of tests: in the test itself, or in files below the folder of the test; nothing else is read.

import { realpathSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import type { Json } from "../contract.ts";
import { UsageError } from "../errors.ts";
import { isObject, readJson } from "../json.ts";
import { readRegularSync } from "../regular-file.ts";
import { bundledFolder, packedFixture } from "./recipe/bundled.ts";

export interface Payload {
  /** As sent over the wire. */
  readonly text: string;
  /** Set when the test gives `data`. */
  readonly data?: Json;
}

const maxFixtureBytes = 8 * 1024 * 1024;

export interface Fixtures {
  /**
   * Throws a UsageError for a file that is missing, is outside the folder, or is not JSON although its name
   * says so.
   */
  read(path: string): Payload;
  /** Every file that was read, absolute. */
  files(): readonly string[];
}

/** Reads each file once. */
export function openFixtures(folder: string): Fixtures {
  const known = new Map<string, Payload>();
  const asked = new Set<string>();
  return {
    files: () => [...asked],
    read(path) {
      asked.add(resolve(folder, path));
      const earlier = known.get(path);
      if (earlier !== undefined) return earlier;
      const text = readBelow(folder, path);
      const payload = path.endsWith(".json") ? { text, data: parsed(text, path) } : { text };
      known.set(path, payload);
      return payload;
    },
  };
}

/** What a test sends, as the source would read it. */
export function payloadOf(
  { data, text }: { readonly data?: Json; readonly text?: string },
  fixtures: Fixtures,
): Payload {
  const file = fileOf(data);
  if (file !== undefined) return fixtures.read(file);
  if (data === undefined) return { text: text ?? "{}" };
  return { text: typeof data === "string" ? data : JSON.stringify(data), data };
}

/** Exactly `{file: PATH}`. */
export function fileOf(data: Json | undefined): string | undefined {
  if (!isObject(data)) return undefined;
  const { file, ...others } = data;
  return typeof file === "string" && Object.keys(others).length === 0 ? file : undefined;
}

function readBelow(folder: string, path: string): string {
  const hint = "a payload is a file in the folder of the test or below it";
  const file = resolve(folder, path);
  let real: string;
  try {
    real = realpathSync(file);
  } catch {
    const packed = folder === bundledFolder() ? packedFixture(path) : undefined;
    if (packed !== undefined) return packed;
    throw new UsageError("E_USAGE", `the file ${path} does not exist`, { hint });
  }
  const inside = relative(realpathSync(folder), real);
  if (inside === ".." || inside.startsWith(`..${sep}`) || resolve(inside) === inside)
    throw new UsageError("E_USAGE", `the file ${path} is outside the folder of the test`, { hint });
  const bytes = readAtOnce(real, path);
  if (bytes.length > maxFixtureBytes)
    throw new UsageError("E_USAGE", `the file ${path} is larger than 8 MiB`);
  return bytes.toString("utf8");
}

function readAtOnce(real: string, path: string): Buffer {
  try {
    return readRegularSync(real);
  } catch (error) {
    throw new UsageError("E_USAGE", `the file ${path} cannot be read: ${(error as Error).message}`);
  }
}

function parsed(text: string, path: string): Json {
  try {
    return readJson(text);
  } catch (error) {
    throw new UsageError("E_USAGE", `the file ${path} is not JSON: ${(error as Error).message}`);
  }
}
