// The words that answer a permission prompt: `yes abcde`, `more abcde`. The alphabet of ids has no l (Claude
// Code's channels reference).

export type Behavior = "allow" | "deny";

const verdictPattern = /^\s*(y|yes|n|no)\s+([a-km-z]{5})\s*$/i;

export function isPromptId(id: string): boolean {
  return /^[a-km-z]{5}$/.test(id);
}

/** Undefined for any other text. */
export function readVerdict(text: string): { readonly id: string; readonly behavior: Behavior } | undefined {
  const [, word, id] = verdictPattern.exec(text) ?? [];
  if (word === undefined || id === undefined) return undefined;
  return { id: id.toLowerCase(), behavior: word.toLowerCase().startsWith("y") ? "allow" : "deny" };
}

/** The id of the prompt whose next pages are requested: `more abcde`. */
export function readMore(text: string): string | undefined {
  return /^\s*more\s+([a-km-z]{5})\s*$/i.exec(text)?.[1]?.toLowerCase();
}
