// Characters that look like a space, or like nothing, and are letters to YAML: pasted from web pages and chat
// programs.

import type { LikelyMistake } from "./problem.ts";

const spaces = "\\u0085\\u00a0\\u1680\\u180e\\u2000-\\u200b\\u2028\\u2029\\u202f\\u205f\\u2060\\u3000\\ufeff";
const anySpace = new RegExp(`[${spaces}]`, "u");
const names: Readonly<Record<string, string>> = {
  "\u00a0": "a no-break space",
  "\u200b": "a zero-width space",
  "\u202f": "a narrow no-break space",
  "\u3000": "an ideographic space",
  "\ufeff": "a byte order mark",
};

/** At the edges of a line of a value, after its "-" or "key:", before its "#". A key contains none at all. */
const misplaced = new RegExp(
  [
    `^[ \\t]*[${spaces}]`,
    `[${spaces}][ \\t\\r]*$`,
    `(?<=^[ \\t]*-)[${spaces}]`,
    `(?<=^[ \\t]*[\\w.-]+:)[${spaces}]`,
    `[${spaces}](?=#)`,
  ].join("|"),
  "mu",
);

/** In a plain value or key of the file, whose source begins at `start`. */
export function strangeSpace(
  source: string,
  start: number,
  what: "value" | "key" = "value",
): LikelyMistake | undefined {
  const match = (what === "key" ? anySpace : misplaced).exec(source);
  if (match === null) return undefined;
  return suspicionAt(start + match.index + Math.max(0, match[0].search(anySpace)), match[0], what);
}

/** In the indentation of a block text. In some languages an ideographic space there begins a paragraph. */
export function strangeSpaceInText(
  range: readonly [number, number, ...number[]],
  text: string,
): LikelyMistake | undefined {
  const source = text.slice(range[0], range[1]);
  const match = new RegExp(`\\n[ \\t]*(?!\\u3000)[${spaces}]`, "u").exec(source);
  if (match === null) return undefined;
  return suspicionAt(range[0] + match.index + match[0].length - 1, match[0], "indentation");
}

/** In a line that YAML cannot read; undefined without one. */
export function strangeSpaceInLine(
  line: string,
): { readonly index: number; readonly words: Omit<LikelyMistake, "at"> } | undefined {
  const bare = line.replace(/"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'/g, (quote) => " ".repeat(quote.length));
  const match = misplaced.exec(bare);
  if (match === null) return undefined;
  const { at, ...words } = suspicionAt(
    match.index + Math.max(0, match[0].search(anySpace)),
    match[0],
    "line",
  );
  return { index: at, words };
}

function suspicionAt(at: number, matched: string, what: string): LikelyMistake {
  const character = anySpace.exec(matched)?.[0] ?? "";
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  return {
    at,
    message: `${names[character] ?? "a special space"} (${code}) in this ${what}: YAML reads it as a letter`,
    hint: "type a plain space; quote the value if the character is meant",
  };
}
