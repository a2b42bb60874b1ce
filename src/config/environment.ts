// The variables that `${NAME}` can name: the real environment, then `.env` of the state root, then `.env` beside the
// config file. The first that has a name wins. Remembers what was asked for, because a reload hangs on it; never logs.

import { join } from "node:path";
import { absent, readBounded } from "./bounded-file.ts";
import { type DotenvLineProblem, parseDotenv } from "./dotenv.ts";
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

/** Something in a `.env` file that could not be read. Never quotes the file. */
export interface DotenvProblem extends Omit<DotenvLineProblem, "hint"> {
  readonly path: string;
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
      const dotenv = parseDotenv(reading.bytes.toString("utf8"));
      layers.push(dotenv.variables);
      problems.push(...dotenv.problems.map((problem) => ({ path, ...problem })));
      files.push({ path, sha256: reading.sha256 });
    } else {
      files.push({ path, sha256: absent });
      if (!reading.missing) problems.push({ path, line: 1, message: `the .env file ${reading.problem}` });
    }
  }
  return { layers, paths, files, problems };
}
