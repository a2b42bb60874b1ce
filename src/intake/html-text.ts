// HTML as plain text. For reading only: the result is not sanitised markup. Linear time.

import { decodeHTML } from "entities";

/** Elements that do not separate the text around them. */
const inline = new Set(
  "a abbr b big cite code del em font i ins kbd mark q s samp small span strike strong sub sup tt u var wbr".split(
    " ",
  ),
);
const parting = new Set(
  (
    "address article aside audio blockquote body br button canvas caption center col colgroup dd details div dl dt embed fieldset " +
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html iframe img input label li link main map meta nav object ol " +
    "option p param picture pre section select source summary svg table tbody td textarea tfoot th thead time title tr track ul video"
  ).split(" "),
);
/** HTML's own elements only: `Vec<String>` in a title is not markup. */
const tag = new RegExp(`<\\/?(${[...inline, ...parting].join("|")})(?:[\\s/][^<>]*)?>`, "gi");

/** A bound for `lineText`, which is enough for any summary. */
const maxMarkup = 8_192;

/** On one line and at most this many characters, including an ellipsis. */
export function lineText(html: string, maxCharacters: number): string {
  // A tag that the bound cuts is not a tag.
  const bounded = html.length <= maxMarkup ? html : html.slice(0, maxMarkup).replace(/<[^<>]*$/, "");
  const untagged = bounded
    .replace(/<!--.*?(-->|$)/gs, " ")
    .replace(/<(script|style)\b.*?(<\/\1\s*>|$)/gis, " ")
    .replace(tag, (_, name: string) => (inline.has(name.toLowerCase()) ? "" : " "));
  return cutWords(decodeHTML(untagged).replaceAll("\ufffd", "").replace(/\s+/g, " ").trim(), maxCharacters);
}

/** At a word boundary, where one is near. */
export function cutWords(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const start = text.slice(0, maxCharacters - 1);
  const word = start.lastIndexOf(" ");
  return `${(word > maxCharacters / 2 ? start.slice(0, word) : start).toWellFormed().replace(/\uFFFD$/, "")}…`;
}

/** A tag of any name, a comment or a declaration; one that is not closed is text. */
const markup = /<(?:!--|[!?][^<>]*>|\/?([a-z][a-z0-9:-]*)(?:[\s/][^<>]*)?>)/gi;
/** Elements whose content is not shown. */
const unshown = new Set(
  "head script style template title noscript object svg math select textarea".split(" "),
);
/** Elements without content, and thus without an end tag. */
const empty = new Set("area base br col embed hr img input link meta param source track wbr".split(" "));
/** Elements that the next of their kind ends. */
const selfClosing = new Set("p li dt dd".split(" "));
const hiding =
  /\shidden(?=[\s>/=])|\sstyle\s*=\s*(?:"[^"]*|'[^']*)(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?![.\d]*[1-9]))/i;
/** Before and after them, the text begins a new line. */
const lineBreaking = new Set(
  "address article aside blockquote br caption center dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section summary table tr ul".split(
    " ",
  ),
);

/**
 * With its lines, as a mail is read: without what its reader does not see, such as comments, styles, and elements that are hidden in the
 * usual ways. `html` is bounded by the caller.
 */
export function linesText(html: string): string {
  const pieces: string[] = [];
  /** The element whose content is left out, and how many elements of this name are open in it. */
  let left: { readonly name: string; depth: number } | undefined;
  let done = 0;
  const find = new RegExp(markup.source, "gi");
  for (let found = find.exec(html); found !== null; found = find.exec(html)) {
    if (left === undefined) pieces.push(collapse(html.slice(done, found.index)));
    const [whole, written] = found;
    if (whole === "<!--") {
      const end = html.indexOf("-->", find.lastIndex);
      if (end === -1) return tidyLines(pieces);
      find.lastIndex = end + 3;
    }
    done = find.lastIndex;
    const name = written?.toLowerCase();
    if (name === undefined) continue;
    const isEnd = whole.startsWith("</");
    // The next paragraph ends this one.
    if (left?.name === name && !isEnd && selfClosing.has(name)) left = undefined;
    if (left !== undefined) {
      if (name !== left.name) continue;
      left.depth += isEnd ? -1 : 1;
      if (left.depth === 0) left = undefined;
      continue;
    }
    if (!isEnd && !empty.has(name) && !whole.endsWith("/>") && (unshown.has(name) || hiding.test(whole)))
      left = { name, depth: 1 };
    if (lineBreaking.has(name)) pieces.push("\n");
    else if (!inline.has(name) && parting.has(name)) pieces.push(" ");
  }
  if (left === undefined) pieces.push(collapse(html.slice(done)));
  return tidyLines(pieces);
}

function collapse(text: string): string {
  return decodeHTML(text.replace(/\s+/g, " "));
}

/** No blanks at the ends of lines, and at most one empty line. */
function tidyLines(pieces: readonly string[]): string {
  return pieces
    .join("")
    .replaceAll("\ufffd", "")
    .replace(/[^\S\n]+/g, " ")
    .split("\n")
    .map((line) => line.trim())
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
