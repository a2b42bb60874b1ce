// Pairs `*`, `_` and `~` (CommonMark 0.31.2, "An algorithm for parsing nested emphasis and links"). A closer
// without an opener is remembered, so that no search goes further back than the previous one.

export interface Delimiter {
  readonly sign: "*" | "_" | "~";
  readonly canOpen: boolean;
  readonly canClose: boolean;
  /** The node that contains the delimiters. */
  readonly node: number;
  /** Unused delimiters. */
  count: number;
  /** As written. */
  readonly length: number;
}

type Kind = "bold" | "italic" | "strike";

/** The length of the run of one character that begins here. */
export function runOf(text: string, at: number): number {
  let end = at + 1;
  while (text[end] === text[at]) end += 1;
  return end - at;
}

/** Calls `matched` for each pair, inner ones first; the rest in `count` is text. */
export function matchDelimiters(
  all: readonly Delimiter[],
  matched: (opener: Delimiter, closer: Delimiter, kind: Kind) => void,
): void {
  /** Open openers, by their index in `all`. */
  const open: number[] = [];
  /** By kind of closer: no opener at or below this index in `open` matches it. */
  const bottoms: number[] = [];

  for (const [index, closer] of all.entries()) {
    while (closer.canClose && closer.count > 0) {
      const kind = kindOf(closer);
      const bottom = Math.min(bottoms[kind] ?? 0, open.length);
      let found = open.length - 1;
      while (found >= bottom && !belong(all[open[found] as number] as Delimiter, closer)) found -= 1;
      if (found < bottom) {
        bottoms[kind] = open.length;
        break;
      }
      const opener = all[open[found] as number] as Delimiter;
      // Delimiters between the two stay unmatched.
      open.length = found + 1;
      for (let other = 0; other < kinds; other++)
        if ((bottoms[other] ?? 0) > open.length) bottoms[other] = open.length;
      const used = closer.sign === "~" ? closer.count : Math.min(2, opener.count, closer.count);
      matched(opener, closer, closer.sign === "~" ? "strike" : used === 2 ? "bold" : "italic");
      opener.count -= used;
      closer.count -= used;
      if (opener.count === 0) open.pop();
    }
    if (closer.canOpen && closer.count > 0) open.push(index);
  }
}

const kinds = 18;

/** Closers of one kind match the same openers. */
function kindOf({ sign, canOpen, length }: Delimiter): number {
  return "*_~".indexOf(sign) * 6 + (canOpen ? 3 : 0) + (length % 3);
}

function belong(opener: Delimiter, closer: Delimiter): boolean {
  if (opener.sign !== closer.sign) return false;
  if (opener.sign === "~") return opener.count === closer.count;
  // Rules 9 and 10: where one of them can both open and close, some sums of lengths are excluded.
  if (!opener.canClose && !closer.canOpen) return true;
  return (opener.length + closer.length) % 3 !== 0 || (opener.length % 3 === 0 && closer.length % 3 === 0);
}
