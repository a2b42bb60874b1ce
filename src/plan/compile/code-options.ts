// Compiles the options of a component that are code. An option that fails to compile is an issue, and missing
// in the result.

import type { CodeOption, IssueDraft } from "../../config/values.ts";
import type { CodeRoots, CompiledOptions, Pattern } from "../../contract/host.ts";
import type { Json, JsonObject, View } from "../../contract.ts";
import { compileGlob } from "../../filters/glob.ts";
import { isObject } from "../../json.ts";
import type { DialectMark } from "../../templates/dialect.ts";
import { readWholePath } from "../../templates/plain.ts";
import { proven } from "../proven.ts";
import type { Engine } from "./channel.ts";

type Compiled = {
  readonly cel: Map<string, (roots: CodeRoots) => Json>;
  readonly template: Map<string, (roots: CodeRoots) => string>;
  readonly value: Map<string, (roots: CodeRoots) => Json | undefined>;
  readonly regex: Map<string, Pattern>;
  readonly glob: Map<string, (text: string) => boolean>;
};

const codeOf = {
  cel: "E_CONFIG_CEL",
  template: "E_CONFIG_TEMPLATE",
  regex: "E_CONFIG_REGEX",
  glob: "E_CONFIG_VALUE",
} as const;

export function compileOptions(
  code: readonly CodeOption[],
  at: readonly (string | number)[],
  engine: Engine,
  issues: IssueDraft[],
  inputs: JsonObject = {},
): CompiledOptions {
  const compiled: Compiled = {
    cel: new Map(),
    template: new Map(),
    value: new Map(),
    regex: new Map(),
    glob: new Map(),
  };
  for (const option of code) {
    const path = [...at, ...option.path];
    proven({ path, code: codeOf[option.kind], issues }, () => compileOne(option, engine, compiled, inputs));
  }
  return {
    cel: (path) => compiled.cel.get(path),
    template: (path) => compiled.template.get(path),
    value: (path) => compiled.value.get(path),
    regex: (path) => compiled.regex.get(path),
    glob: (path) => compiled.glob.get(path),
  };
}

function compileOne(
  { key, kind, text, mark }: CodeOption,
  engine: Engine,
  compiled: Compiled,
  inputs: JsonObject,
): void {
  /** The mandatory roots exist, whatever was passed. */
  const viewOf = (roots: CodeRoots): View => ({
    data: null,
    text: "",
    id: "",
    source: "",
    connector: "",
    time: "",
    vars: {},
    inputs,
    ...roots,
  });
  switch (kind) {
    case "cel": {
      const program = engine.cel.compile(text, { purpose: mark === "condition" ? "condition" : "value" });
      compiled.cel.set(key, (roots) => program.evaluate(viewOf(roots)));
      break;
    }
    case "template": {
      const template = engine.dialect(markOf(mark)).compile(text);
      compiled.template.set(key, (roots) => template.render(viewOf(roots)));
      const value = readWholePath(text);
      if (value !== undefined) compiled.value.set(key, (roots) => value(viewOf(roots)) as Json | undefined);
      break;
    }
    case "regex": {
      const regex = engine.regex(text);
      compiled.regex.set(key, {
        test(tested) {
          regex.begin();
          return regex.test(tested);
        },
        groups: (tested) => regex.groups(tested),
      });
      break;
    }
    case "glob":
      compiled.glob.set(key, compileGlob(text));
  }
}

export function markOf(mark: Json): DialectMark {
  return isObject(mark) ? (mark as DialectMark) : {};
}
