// Literal text inside a template: values that were put there by `${...}` and must come out as they went in. The five
// characters a template gives meaning to are swapped, one for one, for Unicode noncharacters, which no real text holds;
// rendering swaps them back. A backslash or a `{{"{{"}}` could not do it: both depend on what stands next to them.

const meaningful = ["{", "}", "\\", '"', "'"] as const;
const firstSentinel = 0xfdd0;

const meaningfulPattern = /[{}\\"'\0\uFDD0-\uFDD4]/g;
const sentinelPattern = /[\uFDD0-\uFDD4]/g;

/** Template text that renders as exactly `literal`, whatever stands around it. A NUL or U+FDD0..4 becomes U+FFFD. */
export function escapeForTemplate(literal: string): string {
  return literal.replace(meaningfulPattern, (character) => {
    const index = (meaningful as readonly string[]).indexOf(character);
    return index === -1 ? "\uFFFD" : String.fromCharCode(firstSentinel + index);
  });
}

/** What `escapeForTemplate` was given, for text that a template writes or compares literally. */
export function restoreLiteral(text: string): string {
  return text.replace(
    sentinelPattern,
    (sentinel) => meaningful[sentinel.charCodeAt(0) - firstSentinel] as string,
  );
}
