// Text that came from outside, on its way to a terminal: no control character may move the cursor or forge a line.

const control = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** One line. */
export function safeLine(text: string): string {
  return text.replace(/\s*[\n\t]\s*/g, " ").replace(control, "");
}
