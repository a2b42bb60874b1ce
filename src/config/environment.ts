// The variables that `${NAME}` can name: the real environment, then `.env` of the state root, then `.env` beside the
// config file. The first that has a name wins. Remembers what was asked for, because a reload hangs on it; never logs.

import { join } from "node:path";
import { parseEnv } from "node:util";
import { absent, readBounded } from "./bounded-file.ts";
import { type EnvironmentVariables, isUnexpanded, stateRoot } from "./places.ts";

const maxDotenvBytes = 256 * 1024;

export interface Environment {
  /** The value, which may be empty; undefined when no layer has the name. */
  lookup(name: string): string | undefined;
  /** All names of all layers, for "did you mean". */
  names(): readonly string[];
  /** Every name that was looked up so far, found or not. */
  asked(): readonly string[];
}

export function layerEnvironment(layers: readonly EnvironmentVariables[]): Environment {
  const asked = new Set<string>();
  const valueIn = (layer: EnvironmentVariables, name: string): string | undefined => {
    const value = Object.hasOwn(layer, name) ? layer[name] : undefined;
    return value === undefined || isUnexpanded(value) ? undefined : value;
  };
  return {
    lookup(name) {
      asked.add(name);
      for (const layer of layers) {
        const value = valueIn(layer, name);
        if (value !== undefined) return value;
      }
      return undefined;
    },
    names: () => [...new Set(layers.flatMap((layer) => Object.keys(layer)))],
    asked: () => [...asked].sort(),
  };
}

/** Something in a `.env` file that could not be read. Never quotes the file: a bad line may be half of a secret. */
export interface DotenvProblem {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
  readonly hint?: string;
}

/** The `.env` files of a config, first the one that wins; the lines of one that could be read count, whatever the others are. */
export function readDotenvFiles(
  env: EnvironmentVariables,
  folder: string,
): {
  readonly layers: readonly EnvironmentVariables[];
  readonly paths: readonly string[];
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  readonly problems: readonly DotenvProblem[];
} {
  const paths = [...new Set([join(stateRoot(env), ".env"), join(folder, ".env")])];
  const layers: EnvironmentVariables[] = [];
  const files: { path: string; sha256: string }[] = [];
  const problems: DotenvProblem[] = [];
  for (const path of paths) {
    const reading = readBounded(path, maxDotenvBytes);
    if (reading.ok) {
      const { text, badLines } = withoutBadLines(reading.bytes.toString("utf8").replace(/^\uFEFF/, ""));
      layers.push(parseEnv(text));
      problems.push(
        ...badLines.map((line) => ({
          path,
          line,
          message: "this line of the .env file has no name and =",
          hint: "write NAME=value, or begin the line with # to make it a comment",
        })),
      );
      files.push({ path, sha256: reading.sha256 });
    } else {
      files.push({ path, sha256: absent });
      if (!reading.missing) problems.push({ path, line: 1, message: `the .env file ${reading.problem}` });
    }
  }
  return { layers, paths, files, problems };
}

/**
 * Node's parser takes a line without `=` for the beginning of the next line's name, and so loses a variable without a word.
 * Line numbers count from 1.
 */
function withoutBadLines(text: string): { readonly text: string; readonly badLines: readonly number[] } {
  const lines = text.split(/\r?\n/);
  const badLines: number[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = (lines[index] as string).trim();
    if (line === "" || line.startsWith("#")) continue;
    const equals = line.indexOf("=");
    if (equals < 1) {
      badLines.push(index + 1);
      lines[index] = "";
      continue;
    }
    const value = line.slice(equals + 1).trimStart();
    const quote = value[0] ?? "";
    if (['"', "'", "`"].includes(quote) && !value.includes(quote, 1)) {
      // A value in quotes may go on over lines; one whose quotes never close is this line alone.
      const end = lines.findIndex((later, at) => at > index && later.includes(quote));
      if (end !== -1) index = end;
    }
  }
  return { text: lines.join("\n"), badLines };
}
