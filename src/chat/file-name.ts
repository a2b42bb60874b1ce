// Makes a foreign file name safe for a folder, for a meta value and for display.

const maxLength = 100;

/** Never empty, never with a folder in it, never hidden; the extension stays. */
export function safeFileName(name: string): string {
  const last = name.normalize("NFC").split(/[\\/]/).at(-1) ?? "";
  const clean = last
    // Control, format (bidi, zero-width), private and unassigned characters; special characters of tags,
    // lists and shells.
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "")
    .replaceAll(/[<>[\]{}()"'`;:,|&$*?!#%=~^]/g, "_")
    .replaceAll(/\s+/g, " ")
    .replace(/^[.\s-]+/, "")
    .trim();
  if (clean === "") return "file";
  if (clean.length <= maxLength) return clean;
  const ending = /\.[A-Za-z0-9]{1,10}$/.exec(clean)?.[0] ?? "";
  return `${cut(clean, maxLength - ending.length)}${ending}`;
}

function cut(text: string, length: number): string {
  return text
    .slice(0, length)
    .toWellFormed()
    .replace(/\uFFFD$/, "");
}
