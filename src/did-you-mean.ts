// "Did you mean": the one known word that a mistyped word most likely stands for, or nothing when none is near enough.
// A wrong suggestion costs more than none, so the threshold grows slowly with the length of the word.

const maxWord = 64;

/** The nearest of `known`, or undefined. Ties go to the first. Case, `-` and `_` count for nothing when all else agrees. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > maxWord) return undefined;
  const plain = bare(word);
  let best: string | undefined;
  let bestScore = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    if (candidate === word || candidate.length > maxWord) continue;
    const score = scoreOf(plain, bare(candidate));
    if (score < bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}

/** `did you mean "match"?`, or undefined: ready to be a hint. */
export function didYouMeanHint(word: string, known: Iterable<string>): string | undefined {
  const suggestion = didYouMean(word, known);
  return suggestion === undefined ? undefined : `did you mean "${suggestion}"?`;
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
    Math.abs(word.length - candidate.length) > allowed ? Number.POSITIVE_INFINITY : distance(word, candidate);
  if (edits <= allowed) return edits;
  return isPrefix ? allowed + 1 : Number.POSITIVE_INFINITY;
}

/** Damerau-Levenshtein with adjacent swaps (optimal string alignment), three rows at a time. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
