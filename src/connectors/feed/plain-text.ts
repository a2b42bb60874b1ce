// HTML as a short plain text. For reading only: the result is not sanitised markup.

import { decodeHTML } from "entities";

/** The rest is ignored: this is enough for any summary, and bounds the work. */
const maxMarkup = 8_192;

/** Inline elements; all others separate the text around them. */
const inline = new Set(
  "a abbr b big cite code del em font i ins kbd mark q s samp small span strike strong sub sup tt u var wbr".split(
    " ",
  ),
);
const parting =
  "address article aside audio blockquote body br button canvas caption center col colgroup dd details div dl dt embed fieldset " +
  "figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html iframe img input label li link main map meta nav object ol " +
  "option p param picture pre section select source summary svg table tbody td textarea tfoot th thead time title tr track ul video";
/** HTML's own elements only: `Vec<String>` in a title is not markup. */
const tag = new RegExp(
  `<\\/?(${[...inline].join("|")}|${parting.replaceAll(" ", "|")})(?:[\\s/][^<>]*)?>`,
  "gi",
);

/** On one line and at most this many characters, including an ellipsis. */
export function plainText(html: string, maxCharacters: number): string {
  // A tag that the bound cuts is not a tag.
  const bounded = html.length <= maxMarkup ? html : html.slice(0, maxMarkup).replace(/<[^<>]*$/, "");
  const untagged = bounded
    .replace(/<!--.*?(-->|$)/gs, " ")
    .replace(/<(script|style)\b.*?(<\/\1\s*>|$)/gis, " ")
    .replace(tag, (_, name: string) => (inline.has(name.toLowerCase()) ? "" : " "));
  const text = decodeHTML(untagged).replaceAll("\ufffd", "").replace(/\s+/g, " ").trim();
  return cut(text, maxCharacters);
}

/** At a word boundary, where one is near. */
export function cut(text: string, maxCharacters: number): string {
  if (text.length <= maxCharacters) return text;
  const start = text.slice(0, maxCharacters - 1);
  const word = start.lastIndexOf(" ");
  return `${(word > maxCharacters / 2 ? start.slice(0, word) : start).toWellFormed().replace(/\uFFFD$/, "")}…`;
}
