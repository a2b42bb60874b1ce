// Splits texts into pages of a length without losing anything: between lines, else between words, else within
// a word, never within a character.

/** At least one page; each text of a page belongs to one of the texts. `length`: UTF-16 units. */
export function paginate(texts: readonly string[], length: number): string[][] {
  const pages: string[][] = [[]];
  let left = length;
  for (const text of texts) {
    let rest = text;
    while (rest !== "") {
      if (rest.length > left && left < length / 4) {
        pages.push([]);
        left = length;
      }
      const end = cutAt(rest, left);
      pages.at(-1)?.push(rest.slice(0, end));
      left -= end;
      rest = rest.slice(end);
      if (rest !== "") {
        pages.push([]);
        left = length;
      }
    }
  }
  return pages;
}

/** End of the first part of at most `max` units; contains at least one character. */
function cutAt(text: string, max: number): number {
  if (text.length <= max) return text.length;
  const half = Math.floor(max / 2);
  for (const gap of ["\n", " "]) {
    const at = text.lastIndexOf(gap, max - 1);
    if (at >= half) return at + 1;
  }
  let best = 0;
  const from = Math.max(0, max - 64);
  for (const { index } of new Intl.Segmenter().segment(text.slice(from, max + 64))) {
    if (from + index > max) break;
    if (index > 0) best = from + index;
  }
  if (best > 0) return best;
  return /[\uDC00-\uDFFF]/.test(text[max] ?? "") && max > 1 ? max - 1 : max;
}
