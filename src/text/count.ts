// Numbers with their noun.

/** `1 event`, `3 events`. */
export function countOf(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
