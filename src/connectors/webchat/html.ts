// The markup of the page: the few tags of chat/markup.ts, all text escaped, links to the web and to mail
// only.

import { type Markup, telegramHtml } from "../../chat/markup.ts";

export const webHtml: Markup = {
  ...telegramHtml,
  around(mark, text) {
    const [before, after] = telegramHtml.around(mark, text);
    if (mark.kind !== "link") return [before, after];
    if (!/^(https?:|mailto:)/i.test(mark.href)) return ["", ""];
    return [before.replace(/^<a /, '<a target="_blank" rel="noreferrer noopener" '), after];
  },
};

/** Line breaks next to a block would be rendered as empty lines. */
export function tidy(html: string): string {
  return html.replaceAll(/\n{1,2}(?=<(?:pre|blockquote)>)|(?<=<\/(?:pre|blockquote)>)\n{1,2}/g, "");
}
