// Maps problems in the values of a config to issues in its files: each is shown where it was written, and one
// in a recipe also with the location in the config that uses it.

import type { Issue } from "../../contract.ts";
import { countOf } from "../../text/clip.ts";
import type { Expansion, FileProblem } from "../recipe/expand.ts";
import { type Instance, useOf } from "../recipe/instance.ts";
import type { IssueDraft } from "../values.ts";
import type { ResolvedVariable } from "../variables/variables.ts";
import type { FrameSource } from "./caret-frame.ts";
import type { FilePath, YamlFile } from "./file.ts";
import { dotted, type Path, pathKey } from "./problem.ts";

export interface IssueLocations {
  /** `original`: offsets of the draft refer to the scalar before `${}` was replaced. */
  issueOf(draft: IssueDraft, original?: "original"): Issue;
  /** The same for a problem whose file is known; `draft.path` is a path in that file. */
  issueIn(problem: FileProblem): Issue;
  /** True for a placeholder at or above this path. */
  isPlaceholder(path: Path): boolean;
}

export function locateIssues({ pathOf }: Expansion, resolved: readonly ResolvedVariable[]): IssueLocations {
  const byPath = new Map(resolved.map((one) => [pathKey(one.path), one]));

  /** The replaced scalar at or above a path. */
  function replacedAt(path: Path): ResolvedVariable | undefined {
    for (let length = path.length; length > 0; length--) {
      const found = byPath.get(pathKey(path.slice(0, length)));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  function causeOf(instance: Instance | undefined, inputs: readonly string[]): Issue["cause"] {
    if (instance === undefined) return undefined;
    const given = inputs.map((name) => instance.inputs.get(name)?.given).find((path) => path !== undefined);
    const path: FilePath | undefined =
      given === undefined ? useOf(instance) : { yaml: instance.user, path: given };
    if (path === undefined) return undefined;
    const at = path.yaml.locator.originalOffsetOf({ path: path.path });
    return { ...lineAndColumn(path.yaml, at), path: dotted(path.path) };
  }

  function issueAt(
    yaml: YamlFile,
    at: number,
    path: Path,
    words: Pick<IssueDraft, "code" | "message" | "hint">,
    cause: Issue["cause"],
  ): Issue {
    return {
      ...lineAndColumn(yaml, at),
      path: dotted(path),
      code: words.code,
      message: words.message,
      ...(words.hint === undefined ? {} : { hint: words.hint }),
      ...(cause === undefined || cause.file === yaml.file ? {} : { cause }),
    };
  }

  return {
    issueOf(draft, original) {
      const { yaml, path, instance } = pathOf(draft.path);
      const { locator } = yaml;
      const inFile = { ...draft, path };
      const at = original === undefined ? locator.offsetOf(inFile) : locator.originalOffsetOf(inFile);
      const inputs = replacedAt(draft.path)?.replacements.flatMap(({ input }) => input ?? []) ?? [];
      return issueAt(yaml, at, path, draft, causeOf(yaml === instance?.yaml ? instance : undefined, inputs));
    },
    issueIn(problem) {
      const { yaml, path, instance, at } = problem;
      return issueAt(yaml, at ?? yaml.locator.offsetOf(problem), path, problem, causeOf(instance, []));
    },
    isPlaceholder(path) {
      const found = replacedAt(path);
      if (found === undefined) return false;
      const { instance } = pathOf(found.path);
      return found.replacements.some(
        ({ placeholder, input }) =>
          placeholder === true || (input !== undefined && instance?.inputs.get(input)?.placeholder === true),
      );
    },
  };
}

/** Limit per file. Users correct a few and check again; thousands would fill a log with megabytes. */
const maxListed = 25;

/**
 * Issues of the config first, then file by file; each once. The first 25 of a file are listed, and one more
 * counts the rest. Its own result may be passed again with further issues.
 */
export function inOrder(issues: readonly Issue[], config: string): Issue[] {
  const seen = new Set<string>();
  const rank = ({ file }: Issue) => (file === config ? "" : file);
  const ordered = issues
    .toSorted((a, b) => compare(rank(a), rank(b)) || a.line - b.line || a.column - b.column)
    .filter(({ file, line, column, message }) => {
      const key = `${file}:${line}:${column}:${message}`;
      return !seen.has(key) && seen.add(key);
    });
  const byFile = new Map<string, Issue[]>();
  for (const issue of ordered) {
    const ofFile = byFile.get(issue.file);
    if (ofFile === undefined) byFile.set(issue.file, [issue]);
    else ofFile.push(issue);
  }
  return [...byFile.values()].flatMap(listed);
}

/** The number of problems, including those that are only counted. */
export function countIssues(issues: readonly Issue[]): number {
  return issues.reduce((sum, { more = 1 }) => sum + more, 0);
}

function listed(ofFile: readonly Issue[]): readonly Issue[] {
  const named = ofFile.filter(({ more }) => more === undefined);
  const kept = named.slice(0, maxListed);
  const more = countIssues(ofFile) - kept.length;
  const [first = ofFile.find((issue) => issue.more !== undefined)] = named.slice(maxListed);
  if (more === 0 || first === undefined) return ofFile;
  const { file, line, column } = first;
  const noun = first.code.startsWith("W_") ? "warning" : "problem";
  const message = `and ${countOf(more, `more ${noun}`)} of this file`;
  return [...kept, { file, line, column, path: "", code: "E_CONFIG_MORE", message, more }];
}

/** Offsets as line and column, both from 1. */
function lineAndColumn({ file, parsed }: YamlFile, at: number) {
  const { line, col } = parsed.lines.linePos(at);
  return { file, line: Math.max(1, line), column: Math.max(1, col) };
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export function frameSourceOf({ file, parsed, lines }: YamlFile, masks: FrameSource["masks"]): FrameSource {
  return {
    file,
    lines,
    lineStarts: parsed.lines.lineStarts,
    masks,
    broken: parsed.document === undefined,
  };
}
