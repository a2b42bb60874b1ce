// Renders runs of text as a platform's markup. A platform defines how a mark begins and ends and how text is
// escaped; this file makes sure that marks are closed, in the right order.

import type { InlineStyle, Run } from "./markdown.ts";

export interface Markup {
  /**
   * The text before and after the `text` under this mark; two empty texts where the platform has no such
   * mark.
   */
  around(mark: InlineStyle, text: string): readonly [before: string, after: string];
  /** Escapes everything that could be read as markup. */
  escape(text: string, marks: readonly InlineStyle[]): string;
  /** Which of the marks the platform can combine. Default: all. */
  keep?(marks: readonly InlineStyle[]): readonly InlineStyle[];
}

export function writeMarkup(runs: readonly Run[], markup: Markup): string {
  const kept = runs.map(({ text, marks }) => ({ text, marks: markup.keep?.(marks) ?? marks }));
  const open: { readonly mark: InlineStyle; readonly after: string }[] = [];
  let written = "";
  for (const [index, { text, marks }] of kept.entries()) {
    let shared = 0;
    while (shared < open.length && open[shared]?.mark === marks[shared]) shared += 1;
    for (const { after } of open.splice(shared).reverse()) written += after;
    for (const mark of marks.slice(shared)) {
      const [before, after] = markup.around(mark, stretch(kept, index, mark));
      written += before;
      open.push({ mark, after });
    }
    written += markup.escape(text, marks);
  }
  for (const { after } of open.reverse()) written += after;
  return written;
}

/** The whole text under a mark that begins at this run. */
function stretch(runs: readonly Run[], from: number, mark: InlineStyle): string {
  let text = "";
  for (let index = from; runs[index]?.marks.includes(mark) === true; index += 1) text += runs[index]?.text;
  return text;
}

/** No marks: quotes and code are their text, and a link that does not show its address is followed by it. */
export const plain: Markup = {
  around: (mark) => ["", mark.kind === "link" && !mark.bare ? ` (${mark.href})` : ""],
  escape: (text) => text,
};

const htmlTags = { bold: "b", italic: "i", strike: "s", code: "code", quote: "blockquote" } as const;

/**
 * The HTML of Telegram's Bot API ("Formatting options"): code and links contain no other mark and are not in
 * a quote.
 */
export const telegramHtml: Markup = {
  keep(marks) {
    const alone = marks.find(({ kind }) => kind === "code" || kind === "pre");
    if (alone !== undefined) return [alone];
    const quotes = marks.some(({ kind }) => kind === "quote");
    return quotes ? marks.filter(({ kind }) => kind !== "link") : marks;
  },
  around(mark) {
    if (mark.kind === "link")
      return [`<a href="${escapeHtml(mark.href).replaceAll('"', "&quot;")}">`, "</a>"];
    if (mark.kind !== "pre") return [`<${htmlTags[mark.kind]}>`, `</${htmlTags[mark.kind]}>`];
    if (mark.language === "") return ["<pre>", "</pre>"];
    return [`<pre><code class="language-${mark.language}">`, "</code></pre>"];
  },
  escape: escapeHtml,
};

/** Discord's Markdown ("Markdown Text 101"). */
export const discordMarkdown: Markup = {
  keep: (marks) => leafAlone(marks, ["quote"]),
  around(mark, text) {
    switch (mark.kind) {
      case "bold":
        return ["**", "**"];
      case "italic":
        return ["*", "*"];
      case "strike":
        return ["~~", "~~"];
      case "quote":
        return ["> ", ""];
      case "code":
        return fencedInline(text);
      case "pre":
        return [`\`\`\`${mark.language}\n`, "\n```"];
      case "link":
        return mark.bare || !isWeb(mark.href) ? ["", ""] : ["[", `](<${encodeEnd(mark.href)}>)`];
    }
  },
  escape(text, marks) {
    const leaf = marks.at(-1);
    if (leaf?.kind === "pre") return inLines(breakFences(text), marks);
    if (leaf?.kind === "code") return text;
    if (leaf?.kind === "link" && leaf.bare) return text;
    return inLines(text.replace(/[\\*_~`|<[\]#>]/g, "\\$&").replace(/^([-+])(?=\s)/gm, "\\$1"), marks);
  },
};

/**
 * Slack's mrkdwn ("Formatting text for app surfaces"): it has no escape, so special characters are separated.
 */
export const slackMrkdwn: Markup = {
  keep: (marks) => leafAlone(marks, ["quote"]),
  around(mark, text) {
    switch (mark.kind) {
      case "bold":
        return [`${apart}*`, `*${apart}`];
      case "italic":
        return [`${apart}_`, `_${apart}`];
      case "strike":
        return [`${apart}~`, `~${apart}`];
      case "quote":
        return ["> ", ""];
      case "code":
        return [`${apart}\``, `\`${apart}`];
      case "pre":
        return ["```\n", "\n```"];
      case "link":
        if (!isWeb(mark.href)) return ["", ""];
        if (mark.bare) return mark.href === text ? ["<", ">"] : ["", ""];
        return [`<${escapeHtml(mark.href).replaceAll("|", "%7C")}|`, ">"];
    }
  },
  escape(text, marks) {
    const leaf = marks.at(-1);
    const safe = escapeHtml(text);
    if (leaf?.kind === "pre") return inLines(breakFences(safe), marks);
    if (leaf?.kind === "code") return safe.replaceAll("`", "ˋ");
    if (leaf?.kind === "link") return safe.replaceAll("|", "¦");
    return inLines(safe.replace(/[*_~`]/g, `${apart}$&`).replace(/^(&gt;)/gm, `${apart}$1`), marks);
  },
};

/**
 * Zero width: between a word and a sign it keeps Slack from reading the sign as part of the word, or as
 * markup.
 */
const apart = "\u200B";

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Code contains no other mark; of the surrounding ones only these stay. */
function leafAlone(
  marks: readonly InlineStyle[],
  around: readonly InlineStyle["kind"][],
): readonly InlineStyle[] {
  const leaf = marks.find(({ kind }) => kind === "code" || kind === "pre");
  return leaf === undefined ? marks : marks.filter((mark) => mark === leaf || around.includes(mark.kind));
}

/** In a quote, each line of the text needs the mark. */
function inLines(text: string, marks: readonly InlineStyle[]): string {
  return marks.some(({ kind }) => kind === "quote") ? text.replaceAll("\n", "\n> ") : text;
}

function fencedInline(text: string): readonly [string, string] {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((ticks) => ticks.length));
  if (longest === 0) return ["`", "`"];
  const fence = "`".repeat(longest + 1);
  return [`${fence} `, ` ${fence}`];
}

/** A fence inside a block of code would end it: three and more ticks are separated. */
function breakFences(text: string): string {
  return text.replaceAll(/``(?=`)/g, `\`\`${apart}`);
}

function isWeb(href: string): boolean {
  return /^(https?:\/\/|mailto:)\S+$/.test(href);
}

function encodeEnd(href: string): string {
  return href.replaceAll(">", "%3E").replaceAll("<", "%3C");
}
