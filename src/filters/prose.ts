// The prose of a Markdown text: what its author wrote, without quotes, code, HTML comments and addresses.
// `prose()` in CEL. One pass over the lines and one over each paragraph, so that its time is proportional to
// the text.

interface Fence {
  readonly letter: string;
  readonly length: number;
}

const listMarkers = /^(?:[ \t]*(?:[-*+]|\d{1,9}[.)])(?=[ \t]))*[ \t]*/;
/** Ends a paragraph without a blank line, and so is not a lazy continuation of a quote. */
const blockStart = /^[ \t]*(?:#{1,6}(?:[ \t]|$)|[-*+][ \t]|\d{1,9}[.)][ \t]|(?:[-_*][ \t]*){3,}$)/;
const rawBlock = /^ {0,3}<(?:(!--)|(pre|script|style|textarea)\b)/i;

/** The text outside quotes, code and HTML comments; a removed part leaves a space or a line break. */
export function proseOf(markdown: string): string {
  const paragraphs: string[] = [];
  let paragraph: string[] = [];
  let fence: Fence | undefined;
  /** Ends a raw block. */
  let rawEnd: string | undefined;
  let isQuoted = false;
  let isInList = false;
  /** Where the text of the last item of the list begins. */
  let itemIndent = 0;
  let isAfterBlank = true;

  const endParagraph = (): void => {
    if (paragraph.length > 0) paragraphs.push(inlineProse(paragraph.join("\n")));
    paragraph = [];
  };

  for (const line of markdown.split(/\r\n|\r|\n/)) {
    if (fence !== undefined) {
      if (closes(line, fence)) fence = undefined;
      continue;
    }
    if (rawEnd !== undefined) {
      if (line.toLowerCase().includes(rawEnd)) rawEnd = undefined;
      continue;
    }
    if (line.trim() === "") {
      endParagraph();
      isQuoted = false;
      isAfterBlank = true;
      continue;
    }
    const markers = listMarkers.exec(line)?.[0] ?? "";
    const hasMarker = markers.trim() !== "";
    const rest = line.slice(markers.length);
    const isIndented = /^(?: {4}|\t)/.test(line);
    if (isAfterBlank && !hasMarker && !/^[ \t]/.test(line)) isInList = false;
    if (hasMarker) itemIndent = columnsOf(markers);
    const codeIndent = (isInList ? itemIndent : 0) + 4;
    const isCode = isIndented && isAfterBlank && !hasMarker && columnsOf(markers) >= codeIndent;
    if (isCode) continue;
    isAfterBlank = false;
    isInList ||= hasMarker;
    fence = opened(rest);
    const raw = fence === undefined && paragraph.length === 0 ? rawBlock.exec(line) : null;
    if (fence !== undefined || raw !== null) {
      endParagraph();
      isQuoted = false;
      if (raw === null) continue;
      const end = raw[1] === undefined ? `</${raw[2]?.toLowerCase()}>` : "-->";
      const at = line.toLowerCase().indexOf(end, raw[0].length - (raw[1] === undefined ? 0 : 2));
      if (at < 0) rawEnd = end;
      else paragraph.push(line.slice(at + end.length));
      continue;
    }
    if (rest.startsWith(">")) {
      endParagraph();
      isQuoted = /[^>\s]/.test(rest);
      continue;
    }
    if (isQuoted && !blockStart.test(line)) continue;
    isQuoted = false;
    paragraph.push(line);
  }
  endParagraph();
  return withoutTags(paragraphs.join("\n\n"));
}

/** A tab goes on to the next column that is a multiple of four. */
function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += character === "\t" ? 4 - (columns % 4) : 1;
  return columns;
}

function opened(rest: string): Fence | undefined {
  const [, marks = "", info = ""] = /^(`{3,}|~{3,})(.*)$/.exec(rest) ?? [];
  if (marks === "" || (marks.startsWith("`") && info.includes("`"))) return undefined;
  return { letter: marks.charAt(0), length: marks.length };
}

function closes(line: string, { letter, length }: Fence): boolean {
  const marks = line.trim();
  return marks.length >= length && marks === letter.repeat(marks.length);
}

/** Without code spans, comments inside a paragraph, and the addresses of links. */
function inlineProse(paragraph: string): string {
  return withoutComments(withoutSpans(paragraph))
    .replace(/\]\([^()\s]*(?:[ \t\n]+(?:"[^"]{0,500}"|'[^']{0,500}')(?=[ \t\n]*\)))?/g, "] ")
    .replace(/(?::\/\/|\bwww\.)\S*/gi, " ");
}

/** A span ends with a run of as many backticks as it begins with; a run without such an end is text. */
function withoutSpans(paragraph: string): string {
  const runs = [...paragraph.matchAll(/`+/g)].map(({ index, 0: { length } }) => ({ index, length }));
  const byLength = new Map<number, number[]>();
  for (const [which, { length }] of runs.entries()) {
    const known = byLength.get(length);
    if (known === undefined) byLength.set(length, [which]);
    else known.push(which);
  }
  for (const known of byLength.values()) known.reverse();
  let prose = "";
  let from = 0;
  for (let which = 0; which < runs.length; which++) {
    const { index, length } = runs[which] as (typeof runs)[number];
    const isEscaped =
      (/\\+$/.exec(paragraph.slice(Math.max(from, index - 64), index))?.[0].length ?? 0) % 2 === 1;
    const wanted = isEscaped ? length - 1 : length;
    const ends = wanted === 0 ? undefined : byLength.get(wanted);
    while (ends !== undefined && ends.length > 0 && (ends.at(-1) as number) <= which) ends.pop();
    const end = ends?.pop();
    if (end === undefined) continue;
    const { index: endIndex } = runs[end] as (typeof runs)[number];
    prose += `${paragraph.slice(from, index)} `;
    from = endIndex + wanted;
    which = end;
  }
  return prose + paragraph.slice(from);
}

function withoutComments(paragraph: string): string {
  let prose = "";
  let from = 0;
  for (;;) {
    const begin = paragraph.indexOf("<!--", from);
    const end = begin < 0 ? -1 : paragraph.indexOf("-->", begin + 2);
    if (end < 0) return prose + paragraph.slice(from);
    prose += `${paragraph.slice(from, begin)} `;
    from = end + 3;
  }
}

/** The name ends where no further letter of it follows, so that a very long one is looked at once. */
const tags = /<(\/?)([a-z][a-z0-9]*)(?![a-z0-9])[^<>]*>/gi;
const code = new Set(["blockquote", "pre", "code", "kbd", "samp", "tt", "var", "q", "script", "style"]);

/** Without HTML tags, and without the content of quotes and code written as HTML. */
function withoutTags(text: string): string {
  let prose = "";
  let from = 0;
  let depth = 0;
  for (const { 0: tag, 1: slash, 2: name = "", index } of text.matchAll(tags)) {
    if (depth === 0) prose += `${text.slice(from, index)} `;
    from = index + tag.length;
    if (code.has(name.toLowerCase())) depth = Math.max(0, depth + (slash === "" ? 1 : -1));
  }
  return depth === 0 ? prose + text.slice(from) : prose;
}
