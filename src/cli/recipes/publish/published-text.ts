// Reads a file as it was last published: at the latest tag, else in the last commit.

import { execFile } from "node:child_process";
import { relative, sep } from "node:path";
import { compareVersions, parseVersion, type Version } from "../../../semver.ts";

export interface PublishedText {
  /** `v1.2.0`, or `the last commit`. */
  readonly ref: string;
  readonly text: string;
}

/** Undefined outside a repository, or if the file is new. */
export async function publishedText(
  file: string,
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<PublishedText | undefined> {
  const path = relative(folder, file).split(sep).join("/");
  const tag = (await git(["describe", "--tags", "--abbrev=0"], folder, env))?.trim();
  for (const [ref, name] of [
    ...(tag === undefined || tag === "" ? [] : [[tag, tag] as const]),
    ["HEAD", "the last commit"] as const,
  ]) {
    // Reads an object, so that no filter or program of the repository runs.
    const text = await git(["cat-file", "blob", `${ref}:./${path}`], folder, env);
    if (text !== undefined) return { ref: name, text };
  }
  return undefined;
}

/** The next tag of the repository, for an index with this text; undefined when the latest tag has it already. */
export async function suggestedTag(
  versions: readonly string[],
  index: { readonly name: string; readonly text: string },
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const tag = (await git(["describe", "--tags", "--abbrev=0"], folder, env))?.trim() ?? "";
  if (tag !== "" && (await git(["cat-file", "blob", `${tag}:./${index.name}`], folder, env)) === index.text)
    return undefined;
  const tags = (await git(["tag", "--list"], folder, env))?.split("\n") ?? [];
  const newestOf = (texts: readonly string[]) =>
    texts
      .flatMap((text) => parseVersion(text) ?? [])
      .sort(compareVersions)
      .at(-1);
  const highest = newestOf(versions);
  const newest = newestOf(tags);
  if (highest === undefined) return undefined;
  if (newest === undefined || compareVersions(highest, newest) > 0) return `v${written(highest)}`;
  const [major, minor, patch] = newest.numbers;
  return `v${written({ numbers: [major, minor, patch + 1], prerelease: [] })}`;
}

function written({ numbers, prerelease }: Version): string {
  return `${numbers.join(".")}${prerelease.length === 0 ? "" : `-${prerelease.join(".")}`}`;
}

function git(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      "git",
      args,
      {
        cwd,
        // Does not fetch missing objects: the repository's settings could name a program for that.
        env: { ...env, GIT_OPTIONAL_LOCKS: "0", GIT_NO_LAZY_FETCH: "1", GIT_ALLOW_PROTOCOL: "none" },
        shell: false,
        timeout: 10_000,
        maxBuffer: 4 * 1024 * 1024,
      },
      (error, stdout) => resolve(error === null ? stdout : undefined),
    );
  });
}
