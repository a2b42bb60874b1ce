// Finds newer versions of a shared recipe among tags or package versions, by semver.

import { compareVersions, parseVersion, type Version } from "../semver.ts";

/** Splits a tag into its version and its prefix (`v`, `ci-failed@`, `ci-failed/v`). */
interface VersionTag {
  readonly tag: string;
  readonly prefix: string;
  readonly version: Version;
}

function readTag(tag: string): VersionTag | undefined {
  const [, prefix, number] = /^((?:.*[/@_-])?v?)(\d+\.\d+\.\d+(?:[-+].*)?)$/.exec(tag) ?? [];
  const version = number === undefined ? undefined : parseVersion(number);
  return version === undefined || prefix === undefined ? undefined : { tag, prefix, version };
}

/**
 * The newest of `tags` that is newer than `current` and has the same prefix; pre-releases count only if `current`
 * is one. Undefined if there is none, or `current` is not a version.
 */
export function newerTag(current: string, tags: readonly string[]): string | undefined {
  const own = readTag(current);
  if (own === undefined) return undefined;
  const newest = newestOf(
    tags,
    ({ prefix, version }) => prefix === own.prefix && isFor(own.version, version),
  );
  return newest !== undefined && compareVersions(newest.version, own.version) > 0 ? newest.tag : undefined;
}

/** The newest tag for a recipe of this name: one with its name as prefix, else one of the repository. */
export function newestTag(tags: readonly string[], recipe: string): string | undefined {
  const isOwn = ({ prefix }: VersionTag) => prefix.replace(/v?$/, "").replace(/[/@_-]$/, "") === recipe;
  const isPlain = ({ prefix }: VersionTag) => prefix === "" || prefix === "v";
  const isStable = ({ version }: VersionTag) => version.prerelease.length === 0;
  const found =
    newestOf(tags, (one) => isOwn(one) && isStable(one)) ??
    newestOf(tags, (one) => isPlain(one) && isStable(one));
  return found?.tag;
}

function isFor(own: Version, other: Version): boolean {
  return other.prerelease.length === 0 || own.prerelease.length > 0;
}

function newestOf(tags: readonly string[], counts: (tag: VersionTag) => boolean): VersionTag | undefined {
  let newest: VersionTag | undefined;
  for (const tag of tags) {
    const one = readTag(tag);
    if (one === undefined || !counts(one)) continue;
    if (newest === undefined || compareVersions(one.version, newest.version) > 0) newest = one;
  }
  return newest;
}
