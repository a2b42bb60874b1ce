// HTML as the Bot API reads it ("HTML style"): a few tags, each closed in order, four named entities, and nothing else.

const tags = new Set([
  "b",
  "strong",
  "i",
  "em",
  "u",
  "ins",
  "s",
  "strike",
  "del",
  "a",
  "code",
  "pre",
  "blockquote",
  "tg-spoiler",
]);
const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"' };

/** The text without its markup, or why it cannot be read. */
export function readHtml(html: string): string | Error {
  const parts = readHtmlParts(html);
  return parts instanceof Error ? parts : parts.map(({ text }) => text).join("");
}

/** Each character or entity with the tags that are open around it. */
export function readHtmlParts(
  html: string,
): readonly { readonly text: string; readonly tags: readonly string[] }[] | Error {
  const open: string[] = [];
  const parts: { text: string; tags: readonly string[] }[] = [];
  for (let index = 0; index < html.length; ) {
    const rest = html.slice(index);
    if (rest.startsWith("<")) {
      const tag = /^<(\/?)([a-z-]+)((?:\s+[a-z-]+="[^"<>]*")*)\s*>/.exec(rest);
      if (tag === null) return new Error(`Unsupported start tag at byte offset ${index}`);
      const [whole, slash, name = ""] = tag;
      if (!tags.has(name)) return new Error(`Unsupported start tag "${name}" at byte offset ${index}`);
      if (slash === "") open.push(name);
      else if (open.pop() !== name) return new Error(`Unmatched end tag at byte offset ${index}`);
      index += whole.length;
      continue;
    }
    const entity = /^&(?:#(\d+)|([a-z]+));/.exec(rest);
    if (entity !== null && (entity[1] !== undefined || entities[entity[2] ?? ""] !== undefined)) {
      const text =
        entity[1] === undefined ? entities[entity[2] ?? ""] : String.fromCodePoint(Number(entity[1]));
      parts.push({ text: text ?? "", tags: [...open] });
      index += entity[0].length;
      continue;
    }
    parts.push({ text: html[index] ?? "", tags: [...open] });
    index += 1;
  }
  return open.length === 0
    ? parts
    : new Error(`Can't find end tag corresponding to start tag "${open.at(-1)}"`);
}
