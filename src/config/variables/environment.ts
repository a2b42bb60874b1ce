// The variables for `${NAME}`: the real environment, then `.env` of the state root, then `.env` next to the
// config file. The first with the name wins. Records every lookup for reloads; never logs.

import { dirname, join } from "node:path";
import { isWithin } from "../../within.ts";
import { type EnvironmentVariables, isUnexpanded, projectFolder, realPath, stateRoot } from "../paths.ts";
import { absent, readBounded } from "../yaml/bounded-file.ts";
import { type DotenvLineProblem, parseDotenv } from "./dotenv.ts";
import type { OfProject } from "./project-variables.ts";

const maxDotenvBytes = 256 * 1024;

export interface Environment {
  /** The value, which may be empty, and its layer; undefined when no layer has the name. */
  lookup(name: string): FoundVariable | undefined;
  /** All names of all layers, for "did you mean". */
  names(): readonly string[];
  /** Every name that was looked up so far, found or not. */
  asked(): readonly string[];
}

/**
 * The process's own environment, the `.env` of the state root, what the project's files for Claude Code put into the environment, and
 * the `.env` beside the config.
 */
export type EnvironmentLayer = "process" | "state" | "settings" | "project";

interface FoundVariable extends Pick<LayeredVariables, "layer" | "linkedTo"> {
  readonly value: string;
}

export interface LayeredVariables {
  readonly layer: EnvironmentLayer;
  /** Of a project's `.env` that is a link out of the project: the real path of the file. */
  readonly linkedTo?: string;
  readonly variables: EnvironmentVariables;
}

/** The first layer that has a name wins. */
export function layerEnvironment(layers: readonly LayeredVariables[]): Environment {
  const asked = new Set<string>();
  const valueIn = (variables: EnvironmentVariables, name: string): string | undefined => {
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return value === undefined || isUnexpanded(value) ? undefined : value;
  };
  return {
    lookup(name) {
      asked.add(name);
      for (const { variables, ...from } of layers) {
        const value = valueIn(variables, name);
        if (value !== undefined) return { value, ...from };
      }
      return undefined;
    },
    names: () => [...new Set(layers.flatMap(({ variables }) => Object.keys(variables)))],
    asked: () => [...asked].sort(),
  };
}

/**
 * The process's own environment, and the files. Variables that the project set come after those that the user
 * wrote down.
 */
export function withProcess(
  env: EnvironmentVariables,
  dotenv: readonly LayeredVariables[],
  isOfProject: OfProject,
): LayeredVariables[] {
  const own: Record<string, string | undefined> = {};
  const set: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(env)) (isOfProject(name) ? set : own)[name] = value;
  const ofUser = dotenv.filter(({ layer }) => layer === "state");
  const ofProject = dotenv.filter(({ layer }) => layer !== "state");
  return [
    { layer: "process", variables: own },
    ...ofUser,
    { layer: "settings", variables: set },
    ...ofProject,
  ];
}

/** An invalid line of a `.env` file. Never quotes the file. */
export interface DotenvProblem extends Omit<DotenvLineProblem, "hint"> {
  readonly path: string;
  readonly hint?: string;
}

/**
 * The `.env` files of a config, highest precedence first; valid lines of one are used even when another is
 * broken.
 */
export function readDotenvFiles(
  env: EnvironmentVariables,
  folder: string,
): {
  readonly layers: readonly LayeredVariables[];
  readonly paths: readonly string[];
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  readonly problems: readonly DotenvProblem[];
} {
  const ofState = join(stateRoot(env), ".env");
  const paths = [...new Set([ofState, join(folder, ".env")])];
  const layers: LayeredVariables[] = [];
  const files: { path: string; sha256: string }[] = [];
  const problems: DotenvProblem[] = [];
  for (const path of paths) {
    const reading = readBounded(path, maxDotenvBytes);
    if (reading.ok) {
      const dotenv = parseDotenv(reading.bytes.toString("utf8"));
      const layer = path === ofState && !isInProject(path, folder, env) ? "state" : "project";
      const real = realPath(path);
      const isLinkedOut = layer === "project" && !isWithin(real, projectFolder(folder, env));
      layers.push({ layer, ...(isLinkedOut ? { linkedTo: real } : {}), variables: dotenv.variables });
      problems.push(...dotenv.problems.map((problem) => ({ path, ...problem })));
      files.push({ path, sha256: reading.sha256 });
    } else {
      files.push({ path, sha256: absent });
      if (!reading.missing) problems.push({ path, line: 1, message: `the .env file ${reading.problem}` });
    }
  }
  return { layers, paths, files, problems };
}

/**
 * The author of the project's files also writes this one, whatever its name; next to the user's own config it
 * is the user's.
 */
function isInProject(dotenv: string, folder: string, env: EnvironmentVariables): boolean {
  const place = dirname(realPath(dotenv));
  return place !== realPath(folder) && isWithin(place, projectFolder(folder, env));
}
