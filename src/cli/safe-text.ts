// Text that came from outside, on its way to a terminal: no control character may move the cursor or forge a line.

const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** One line. */
export function safeLine(text: string): string {
  return text.replace(/\s*[\n\t]\s*/g, " ").replace(control, "");
}
