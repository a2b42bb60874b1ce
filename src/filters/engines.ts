// Preloads the engines that compiling needs: RE2 only for a config with a regular expression, CEL only for
// one with CEL. Afterwards compiling is synchronous.

import type { Json } from "../contract.ts";
import { type CelCompiler, celNeedsRegex, loadCel } from "./cel/cel.ts";
import { matchNeedsRegex } from "./match.ts";
import { loadRegex, type RegexCompiler } from "./regex.ts";

export interface Engines {
  readonly regex: RegexCompiler;
  readonly cel: CelCompiler;
}

/** Every `match` and every CEL text of the config that will be compiled. */
export interface ToCompile {
  readonly matches: readonly Json[];
  readonly expressions: readonly string[];
  /** Is there a pattern besides those in `match` and CEL? */
  readonly patterns?: boolean;
}

/** Compiling something that was not announced is a bug and throws a plain Error. */
export async function loadEngines({ matches, expressions, patterns = false }: ToCompile): Promise<Engines> {
  const needsRegex = patterns || matches.some(matchNeedsRegex) || expressions.some(celNeedsRegex);
  const regex = needsRegex ? await loadRegex() : notLoaded("a regular expression");
  const cel = expressions.length > 0 ? await loadCel(regex) : { compile: notLoaded("CEL") };
  return { regex, cel };
}

function notLoaded(what: string): () => never {
  return () => {
    throw new Error(`${what} is compiled but was not announced to loadEngines`);
  };
}
