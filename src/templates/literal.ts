// Literal text inside a template: values from `${...}` that must be rendered unchanged. The five special
// characters of templates are swapped, one for one, for Unicode noncharacters, which real texts do not
// contain; rendering swaps them back. A backslash or a `{{"{{"}}` would not work: both depend on the adjacent
// characters.

const meaningful = ["{", "}", "\\", '"', "'"] as const;
const firstSentinel = 0xfdd0;

const meaningfulPattern = /[{}\\"'\0\uFDD0-\uFDD4]/g;
const sentinelPattern = /[\uFDD0-\uFDD4]/g;

/** Template text that renders as exactly `literal` in any context. A NUL or U+FDD0..4 becomes U+FFFD. */
export function escapeForTemplate(literal: string): string {
  return literal.replace(meaningfulPattern, (character) => {
    const index = (meaningful as readonly string[]).indexOf(character);
    return index === -1 ? "\uFFFD" : String.fromCharCode(firstSentinel + index);
  });
}

/** The original of `escapeForTemplate`, for text that a template writes or compares literally. */
export function restoreLiteral(text: string): string {
  return text.replace(
    sentinelPattern,
    (sentinel) => meaningful[sentinel.charCodeAt(0) - firstSentinel] as string,
  );
}
