// "Did you mean": the known word that a mistyped word most likely means, or nothing when none is near enough.
// A wrong suggestion costs more than none, so the threshold grows slowly with the length of the word.

const maxWord = 64;

/** The maximum number of compared names. */
const maxKnown = 2_000;
/** How many words get a suggestion from one list of names; far fewer problems of a file are shown. */
const maxAsked = 25;

/**
 * The nearest of `known`, or undefined. Ties go to the first. Case, `-` and `_` are ignored when everything
 * else agrees.
 */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  return nearest(word, withPlain(known));
}

/** A name as it is written, and as it is compared. */
type Candidate = readonly [name: string, plain: string];

function* withPlain(names: Iterable<string>): Generator<Candidate> {
  for (const name of names) yield [name, bare(name)];
}

function nearest(word: string, known: Iterable<Candidate>): string | undefined {
  if (word.length === 0 || word.length > maxWord) return undefined;
  const plain = bare(word);
  let best: string | undefined;
  let bestScore = Number.POSITIVE_INFINITY;
  let compared = 0;
  for (const [candidate, plainCandidate] of known) {
    if (compared++ === maxKnown) break;
    if (candidate === word || candidate.length > maxWord) continue;
    const score = scoreOf(plain, plainCandidate);
    if (score < bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}

/** `did you mean "match"?`, or undefined: ready to be a hint. */
export function didYouMeanHint(word: string, known: Iterable<string>): string | undefined {
  return hintOf(didYouMean(word, known));
}

function hintOf(suggestion: string | undefined): string | undefined {
  return suggestion === undefined ? undefined : `did you mean "${suggestion}"?`;
}

/** The same for many words and one list, which the user wrote: the first 25 words get a suggestion. */
export function createHints(known: readonly string[]): (word: string) => string | undefined {
  let asked = 0;
  let candidates: readonly Candidate[] | undefined;
  return (word) => {
    if (asked++ >= maxAsked) return undefined;
    candidates ??= [...withPlain(known.slice(0, maxKnown))];
    return hintOf(nearest(word, candidates));
  };
}

const maxListed = 20;

/** `a, b, c and 12 more`. */
export function listNames(names: readonly string[]): string {
  const more = names.length - maxListed;
  return more <= 1 ? names.join(", ") : `${names.slice(0, maxListed).join(", ")} and ${more} more`;
}

/** The names that others may refer to. */
export interface Names {
  /** What each of them is the name of. */
  readonly noun: string;
  readonly known: ReadonlySet<string>;
  /** Empty when there is none. */
  readonly listed: string;
  hint(word: string): string | undefined;
}

/** A name that occurs twice is listed once. */
export function namesOf(noun: string, names: readonly string[]): Names {
  const known = new Set(names);
  const all = [...known];
  return { noun, known, listed: listNames(all), hint: createHints(all) };
}

function bare(word: string): string {
  return word.toLowerCase().replace(/[-_ ]/g, "");
}

/** 0 is equal; Infinity is too far. */
function scoreOf(word: string, candidate: string): number {
  if (word === candidate) return 0;
  const shorter = Math.min(word.length, candidate.length);
  const isPrefix = shorter >= 3 && (candidate.startsWith(word) || word.startsWith(candidate));
  const allowed = word.length <= 2 ? 0 : word.length <= 4 ? 1 : word.length <= 8 ? 2 : 3;
  const edits =
    Math.abs(word.length - candidate.length) > allowed
      ? Number.POSITIVE_INFINITY
      : distance(word, candidate, allowed);
  if (edits <= allowed) return edits;
  return isPrefix ? allowed + 1 : Number.POSITIVE_INFINITY;
}

/** Damerau-Levenshtein with adjacent swaps (optimal string alignment), three rows at a time; Infinity beyond `most`. */
function distance(one: string, other: string, most: number): number {
  const [a, b] = withoutCommonEnds(one, other);
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row: number[] = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      // Cells farther from the diagonal than `most` cannot be near enough.
      if (Math.abs(i - j) > most) {
        row.push(Number.POSITIVE_INFINITY);
        continue;
      }
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      }
      row.push(cost);
      least = Math.min(least, cost);
    }
    if (least > most) return Number.POSITIVE_INFINITY;
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/** Names of one list begin and end alike, and what is alike adds nothing to the distance. */
function withoutCommonEnds(a: string, b: string): readonly [string, string] {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start++;
  let end = 0;
  while (end < shorter - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return [a.slice(start, a.length - end), b.slice(start, b.length - end)];
}
