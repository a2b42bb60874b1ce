// Shows text by a model to an approver: nothing of it is hidden, and nothing changes the appearance of the
// rest. Invisible characters are written as their code points rather than dropped, since they are part of the
// call.

const lineEnd = /\r\n?|[\v\f\u0085\u2028\u2029]/g;
const hidden = /[^\P{C}\n\t]|[\p{Default_Ignorable_Code_Point}\u2800]/gu;
/** Further accents on one letter reach into the lines above and below. */
const stacked = /(\p{M}{3})(\p{M}+)/gu;

export function visible(text: string): string {
  const unix = text.toWellFormed().replaceAll(lineEnd, "\n");
  return (
    unix
      .replaceAll(hidden, (one, at: number) => (isPartOfEmoji(unix, one, at) ? one : codePoint(one)))
      .replaceAll(stacked, (_, few: string, more: string) => few + [...more].map(codePoint).join(""))
      .replaceAll("\t", "  ")
      // Blank lines and spaces could push the rest out of sight.
      .replaceAll(/\n\s*\n/g, "\n")
      .replaceAll(/[^\S\n]{8,}/g, (blanks) => ` ⋯ ${blanks.length} blanks ⋯ `)
      .trim()
  );
}

/** On one line, and at most `max` UTF-16 units: text is cut in the middle, with a note. */
export function visibleLine(text: string, max: number): string {
  const line = visible(text).replaceAll(/\s+/g, " ");
  if (line.length <= max) return line;
  const note = (count: number) => ` ⋯ ${count} characters left out ⋯ `;
  const kept = Math.max(2, max - note(line.length).length);
  const start = wellCut(line, 0, Math.ceil(kept * 0.7));
  const end = wellCut(line, line.length - Math.floor(kept * 0.3), line.length);
  return `${start}${note(line.length - start.length - end.length)}${end}`;
}

function wellCut(text: string, from: number, to: number): string {
  return text
    .slice(from, to)
    .toWellFormed()
    .replaceAll(/^\uFFFD|\uFFFD$/g, "");
}

function codePoint(character: string): string {
  return `\\u{${(character.codePointAt(0) as number).toString(16).toUpperCase()}}`;
}

/** The selector and the joiner of emoji. */
function isPartOfEmoji(text: string, one: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 2), at);
  if (one === "\uFE0F") return /\p{Extended_Pictographic}$/u.test(before);
  if (one !== "\u200D") return false;
  return (
    /(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\uFE0F)$/u.test(before) &&
    /^\p{Extended_Pictographic}/u.test(text.slice(at + 1, at + 3))
  );
}
