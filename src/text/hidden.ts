// Characters that are invisible, or control a terminal, and how they are removed. Linear time.

/** The common case. */
const plain = /^[\x20-\x7e]*$/;

/**
 * A colour sequence is removed as a whole; of any other only the control characters, so that its words stay
 * visible.
 */
export const colour = /\x1b\[[\d;:]{0,40}m/g;

/**
 * Control characters but tab and line feed; everything that Unicode marks as ignorable in display (zero
 * width, bidi controls, soft hyphen, fillers, variation selectors, tag characters); the other format
 * characters without a shape; and noncharacters. Joiners and selectors are removed even inside emoji: no
 * channel for a hidden message remains.
 */
export const invisible =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB\u{13430}-\u{1343F}\p{Noncharacter_Code_Point}]/gu;

/** The same without characters that end a line in a terminal, an editor or a log viewer. */
const invisibleInLine =
  /[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB\u{13430}-\u{1343F}\p{Noncharacter_Code_Point}]/gu;

/** Emoji selectors and joiners: they are invisible by themselves where emoji are expected. */
const inEmoji =
  /(?<=\p{Extended_Pictographic})[\uFE0E\uFE0F]|(?<=\p{Extended_Pictographic}\uFE0F?)\u200D(?=\p{Extended_Pictographic})/gu;

const lineEnd = /\r\n|[\r\v\f\x85\u2028\u2029]/g;

/** The replacement of each invisible character: nothing, or a visible character. */
type Trace = "" | "\uFFFD";

/** False for a text of which nothing is seen: empty, blank, or of characters that show nothing. */
export function isVisible(text: string): boolean {
  return text.replaceAll(invisible, "").trim() !== "";
}

/** On one line: line ends and tabs, with the surrounding blanks, become one blank each. */
export function withoutHidden(raw: string, trace: Trace = ""): string {
  if (plain.test(raw)) return raw;
  const shown = withoutHiddenInLines(raw, trace);
  const parts = shown.split(/[\n\t]+/);
  if (parts.length === 1) return shown;
  return parts
    .map((part, index) =>
      index === 0 ? part.trimEnd() : index === parts.length - 1 ? part.trimStart() : part.trim(),
    )
    .filter((part, index) => part !== "" || index === 0)
    .join(" ");
}

/** With its line ends, each as `\n`. */
export function withoutHiddenInLines(raw: string, trace: Trace = ""): string {
  if (plain.test(raw)) return raw;
  return (
    raw
      // Surrogates first: a removal must not join two halves to a new character.
      .toWellFormed()
      .replace(colour, trace)
      .replace(inEmoji, "")
      // Before the line ends: a removal must not make one of two halves either.
      .replace(invisibleInLine, trace)
      .replace(lineEnd, "\n")
  );
}
