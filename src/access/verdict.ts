// The words that answer a permission prompt: `yes abcde`. The alphabet of ids has no l (Claude Code's channels reference).

export type Behavior = "allow" | "deny";

const verdictPattern = /^\s*(y|yes|n|no)\s+([a-km-z]{5})\s*$/i;

export function isPromptId(id: string): boolean {
  return /^[a-km-z]{5}$/.test(id);
}

/** Undefined for a text that is anything else. */
export function readVerdict(text: string): { readonly id: string; readonly behavior: Behavior } | undefined {
  const [, word, id] = verdictPattern.exec(text) ?? [];
  if (word === undefined || id === undefined) return undefined;
  return { id: id.toLowerCase(), behavior: word.toLowerCase().startsWith("y") ? "allow" : "deny" };
}

/** Is the id in the text, as a word? */
export function namesPrompt(text: string, id: string): boolean {
  return new RegExp(`(^|[^a-z])${id}([^a-z]|$)`, "i").test(text);
}
