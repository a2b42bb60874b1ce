// Shortens texts for the model without breaking a character. A cut text ends with "…".

/** At most `maxLength` UTF-16 units. */
export function clipText(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  // Half of a surrogate pair at the end goes too.
  return `${text.slice(0, maxLength - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/** At most `maxBytes` bytes as UTF-8. */
export function clipBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  // Back to the first byte of a character: the others begin with the bits 10.
  let end = maxBytes - Buffer.byteLength("…");
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return `${bytes.toString("utf8", 0, end)}…`;
}

export function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

/** As many of the lines as fit into `maxLength` UTF-16 units, then how many `things` were left out. */
export function clipLines(lines: readonly string[], maxLength: number, things: string): string[] {
  const total = lines.reduce((sum, line) => sum + line.length + 1, 0);
  if (total <= maxLength) return [...lines];
  const kept: string[] = [];
  let free = maxLength - things.length - 20;
  for (const line of lines) {
    free -= line.length + 1;
    if (free < 0) break;
    kept.push(line);
  }
  return [...kept, `... ${lines.length - kept.length} more ${things}`];
}
