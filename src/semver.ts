// Versions and ranges of versions, as npm has them: https://semver.org, and the ranges of
// https://docs.npmjs.com/cli/configuring-npm/package-json#dependencies. A pre-release is in a range when its
// precedence is.

export interface Version {
  readonly numbers: readonly [major: number, minor: number, patch: number];
  readonly prerelease: readonly string[];
}

const part = "(?:0|[1-9]\\d{0,14})";
const identifiers = "[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*";

/** As a pattern of JSON Schema. */
export const versionPattern = `^${part}\\.${part}\\.${part}(?:-${identifiers})?(?:\\+${identifiers})?$`;

const whole = new RegExp(`^(${part})\\.(${part})\\.(${part})(?:-(${identifiers}))?(?:\\+${identifiers})?$`);

/** Undefined for a text that is not a version. A `v` before it is ignored. */
export function parseVersion(text: string): Version | undefined {
  const found = whole.exec(text.trim().replace(/^v/, ""));
  if (found === null) return undefined;
  const prerelease = found[4]?.split(".") ?? [];
  if (prerelease.some((one) => /^0\d+$/.test(one))) return undefined;
  return { numbers: [Number(found[1]), Number(found[2]), Number(found[3])], prerelease };
}

/** Negative when `a` is older. */
export function compareVersions(a: Version, b: Version): number {
  for (const index of [0, 1, 2] as const) {
    const difference = a.numbers[index] - b.numbers[index];
    if (difference !== 0) return difference;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0)
    return b.prerelease.length - a.prerelease.length;
  for (let index = 0; index < Math.min(a.prerelease.length, b.prerelease.length); index++) {
    const difference = compareIdentifiers(a.prerelease[index] as string, b.prerelease[index] as string);
    if (difference !== 0) return difference;
  }
  return a.prerelease.length - b.prerelease.length;
}

function compareIdentifiers(a: string, b: string): number {
  const [isNumberA, isNumberB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumberA && isNumberB) return Number(a) - Number(b);
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

export type VersionRange = (version: Version) => boolean;

type Comparator = VersionRange;

const maxLength = 200;

/** Undefined for a text that is not a range. */
export function parseRange(text: string): VersionRange | undefined {
  if (text.length > maxLength) return undefined;
  const alternatives = text.split("||").map(alternative);
  if (alternatives.includes(undefined)) return undefined;
  return (version) => alternatives.some((one) => one?.every((fits) => fits(version)));
}

function alternative(text: string): readonly Comparator[] | undefined {
  const between = /^\s*(\S+)\s+-\s+(\S+)\s*$/.exec(text);
  const words =
    between === null
      ? text
          .trim()
          .replace(/([<>=~^])\s+/g, "$1")
          .split(/\s+/)
      : [`>=${between[1]}`, `<=${between[2]}`];
  const comparators = words.map(comparator);
  return comparators.includes(undefined) ? undefined : (comparators as Comparator[]);
}

const word = new RegExp(
  `^(\\^|~|>=|<=|>|<|=)?v?(${part}|[xX*])?(?:\\.(${part}|[xX*]))?(?:\\.(${part}|[xX*]))?(?:-(${identifiers}))?(?:\\+${identifiers})?$`,
);

function comparator(text: string): Comparator | undefined {
  const found = word.exec(text);
  if (found === null) return undefined;
  const operator = found[1] ?? "";
  const written = [found[2], found[3], found[4]].map((one) =>
    /^\d/.test(one ?? "") ? Number(one) : undefined,
  );
  const length = written.includes(undefined) ? written.indexOf(undefined) : 3;
  // `1.x.3` has a number after a wildcard, `>` has no version at all.
  if (written.slice(length).some((one) => one !== undefined)) return undefined;
  if (length === 0)
    return operator === "" || (operator.endsWith("=") && found[2] !== undefined) ? () => true : undefined;
  if (found[5] !== undefined && length < 3) return undefined;
  const numbers = [written[0] ?? 0, written[1] ?? 0, written[2] ?? 0] as const;
  const from: Version = { numbers, prerelease: found[5]?.split(".") ?? [] };
  /** The first version, pre-releases included, in which the number at `index` is raised. */
  const raised = (index: number): Version => ({
    numbers: [0, 1, 2].map((at) =>
      at < index ? numbers[at] : at === index ? (numbers[at] ?? 0) + 1 : 0,
    ) as never,
    prerelease: ["0"],
  });
  const least = (version: Version) => compareVersions(version, from) >= 0;
  const before = (limit: Version) => (version: Version) => compareVersions(version, limit) < 0;
  const next = before(raised(length - 1));
  switch (operator) {
    case ">=":
      return least;
    case "<":
      return before(from);
    case ">":
      return length === 3
        ? (version) => compareVersions(version, from) > 0
        : (version) => !next(version) && compareVersions(version, raised(length - 1)) >= 0;
    case "<=":
      return length === 3 ? (version) => compareVersions(version, from) <= 0 : next;
    case "~":
      return both(least, before(raised(Math.min(1, length - 1))));
    case "^": {
      const first = numbers.findIndex((one) => one > 0);
      return both(least, before(raised(first < 0 || first >= length ? length - 1 : first)));
    }
    default:
      return length === 3 ? (version) => compareVersions(version, from) === 0 : both(least, next);
  }
}

function both(one: Comparator, other: Comparator): Comparator {
  return (version) => one(version) && other(version);
}
