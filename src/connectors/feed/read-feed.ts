// Parses the bytes of an answer as a feed, and describes what they are when they are not one. The parser is
// loaded with the first feed.

import type { AnyFeed } from "feedsmith";
import { charsetOf, decodeDeclared } from "../../charset.ts";
import type { HttpAnswer } from "../../contract/host.ts";
import { ConnectorError } from "../../errors.ts";
import { found, withinMaxBody } from "../../intake/answer.ts";
import { findJson } from "../../json.ts";

/**
 * Rejects with a ConnectorError: E_HTTP_CONTENT when it is not a feed or a broken one, else as
 * `HttpAnswer.bytes` does.
 */
export async function readFeed(answer: HttpAnswer, maxBytes: number): Promise<AnyFeed> {
  const text = decode(await withinMaxBody(answer.bytes(maxBytes)), answer.headers["content-type"]);
  const { DetectError, parseFeed } = await import("feedsmith");
  try {
    // Parsed here, because the parser would round the numbers of a JSON Feed.
    return parseFeed((/^\s*\{/.test(text) ? findJson(text) : undefined) ?? withHref(text));
  } catch (error) {
    const what = error instanceof DetectError ? "is not a feed" : "is a broken feed";
    throw new ConnectorError("E_HTTP_CONTENT", `the answer ${what}: ${found(answer, text)}`, {
      retryable: true,
      hint: hintFor(text, answer.url),
      cause: error,
    });
  }
}

/** Some Atom feeds write a link like RSS, as the text of the element, which the parser drops. */
function withHref(text: string): string {
  if (!/<feed[\s>]/.test(text.slice(0, 4_096))) return text;
  return text.replace(
    /<link((?:\s[^<>]*)?)>\s*(https?:[^<>\s"]{1,2048})\s*<\/link>/g,
    (whole, attributes: string, href: string) =>
      /\shref\s*=/.test(attributes) ? whole : `<link${attributes} href="${href}"/>`,
  );
}

/**
 * In the charset of a byte order mark, else of the header, else of the XML declaration, else UTF-8 (RFC 7303 section 3.2), unless the bytes
 * are not in it.
 */
function decode(bytes: Uint8Array, contentType: string | undefined): string {
  const start = Buffer.from(bytes.subarray(0, 200)).toString("latin1");
  const written = /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w:.-]+)/.exec(start)?.[1];
  return decodeDeclared(bytes, [charsetOf(contentType), written]);
}

const feedTypes = /type\s*=\s*["']?application\/(rss\+xml|atom\+xml|feed\+json)/i;

/** A page often names its feed: html.spec.whatwg.org, "Link type alternate". */
function hintFor(text: string, url: string): string | undefined {
  if (!/^\s*(<!--.*?-->\s*)?<(!doctype\s+html|html)/is.test(text.slice(0, 2_000))) return undefined;
  for (const [tag] of text.slice(0, 100_000).matchAll(/<link\b[^<>]*>/gi)) {
    const href = /\bhref\s*=\s*["']?([^"'\s>]+)/i.exec(tag)?.[1];
    if (feedTypes.test(tag) && href !== undefined && URL.canParse(href, url))
      return `the page links to a feed: url: ${new URL(href, url).href}`;
  }
  return "it is a web page: a login page, or the address of the site instead of its feed?";
}
