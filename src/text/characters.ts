// Cuts by characters, that is by code points: never half of a surrogate pair.

/** The first characters. Scans only as far as necessary. */
export function firstCharacters(text: string, count: number): string {
  if (text.length <= count) return text;
  let end = 0;
  for (let taken = 0; taken < count && end < text.length; taken++) {
    end += (text.codePointAt(end) as number) > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}

/** The last characters. */
export function lastCharacters(text: string, count: number): string {
  let start = text.length;
  for (let taken = 0; taken < count && start > 0; taken++) {
    start -= start > 1 && (text.codePointAt(start - 2) as number) > 0xffff ? 2 : 1;
  }
  return text.slice(start);
}
