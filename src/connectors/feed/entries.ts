// The entries of a feed in one shape, whatever its format: RSS, Atom, RDF or JSON Feed.

import type { AnyFeed, AtomFeed, JsonFeed, RdfFeed, RssFeed } from "feedsmith";
import { readDate } from "../../dates.ts";
import { cutWords, lineText } from "../../intake/html-text.ts";

/** The `data` of an event. Fields that the feed omits are absent. */
export type Entry = {
  id: string;
  title?: string;
  link?: string;
  author?: string;
  /** RFC 3339 in UTC; the original text when it cannot be parsed. */
  published?: string;
  summary?: string;
};

const longest = { title: 300, author: 100, summary: 500 };

/** Text of a feed, and whether its markup is markup or part of the text. */
interface Prose {
  readonly value: string | undefined;
  readonly type: "text" | "html";
}

/** Raw values: markup, relative links and dates as the feed has them. */
interface Raw {
  readonly id?: string | undefined;
  readonly title?: Prose | undefined;
  readonly link?: string | undefined;
  readonly author?: string | undefined;
  readonly published?: string | undefined;
  readonly summary?: Prose | undefined;
  /** The bases of a relative link (xml:base), outermost first; each may be relative itself. */
  readonly bases?: readonly (string | undefined)[];
}

/**
 * Oldest first: by date when each entry has one, else the reversed feed, since feeds begin with the newest.
 */
export function entriesOf(feed: AnyFeed, feedUrl: string): Entry[] {
  const entries = rawEntries(feed)
    .map((raw) => tidy(raw, feedUrl))
    .filter((entry) => entry !== undefined)
    .reverse();
  const times = new Map(entries.map((entry) => [entry, readDate(entry.published ?? "")]));
  if ([...times.values()].includes(undefined)) return entries;
  return entries.sort((a, b) => (times.get(a) ?? 0) - (times.get(b) ?? 0));
}

function rawEntries({ format, feed }: AnyFeed): Raw[] {
  switch (format) {
    case "rss":
      return (feed.items ?? []).map((item) => rssEntry(item as RssFeed.Item<string>));
    case "atom":
      return (feed.entries ?? []).map((entry) =>
        atomEntry(entry as AtomFeed.Entry<string>, feed as AtomFeed.Feed<string>),
      );
    case "rdf":
      return (feed.items ?? []).map((item) => rdfEntry(item as RdfFeed.Item<string>));
    case "json":
      return (feed.items ?? []).map((item) => jsonEntry(item as JsonFeed.Item<string>));
  }
}

function rssEntry(item: RssFeed.Item<string>): Raw {
  const { guid, atom, dc, dcterms, itunes, media } = item;
  return {
    id: guid?.value ?? atom?.id,
    title: html(
      item.title ??
        dc?.titles?.[0] ??
        dcterms?.titles?.[0] ??
        itunes?.title ??
        media?.title?.value ??
        media?.groups?.[0]?.title?.value,
    ),
    link:
      item.link ||
      alternateOf(atom?.links) ||
      (guid?.isPermaLink === false ? undefined : addressIn(guid?.value)) ||
      anyOf(atom?.links) ||
      addressIn(atom?.id) ||
      item.enclosures?.[0]?.url,
    author:
      item.authors?.[0]?.name ??
      dc?.creators?.[0] ??
      dcterms?.creators?.[0] ??
      atom?.authors?.[0]?.name ??
      itunes?.author ??
      item.authors?.[0]?.email,
    published:
      item.pubDate ??
      dc?.dates?.[0] ??
      dcterms?.issued?.[0] ??
      dcterms?.created?.[0] ??
      dcterms?.dates?.[0] ??
      atom?.published ??
      atom?.updated ??
      dcterms?.modified?.[0],
    summary: html(
      item.description ??
        item.content?.encoded ??
        dc?.descriptions?.[0] ??
        itunes?.summary ??
        itunes?.subtitle ??
        media?.description?.value ??
        media?.groups?.[0]?.description?.value,
    ),
  };
}

function atomEntry(entry: AtomFeed.Entry<string>, feed: AtomFeed.Feed<string>): Raw {
  const { dc, media } = entry;
  return {
    id: entry.id,
    title:
      construct(entry.title) ??
      html(dc?.titles?.[0] ?? media?.title?.value ?? media?.groups?.[0]?.title?.value),
    link: alternateOf(entry.links) || anyOf(entry.links) || addressIn(entry.id),
    bases: [feed.xml?.base, entry.xml?.base],
    author: entry.authors?.[0]?.name ?? dc?.creators?.[0] ?? feed.authors?.[0]?.name,
    published: entry.published ?? entry.updated ?? dc?.dates?.[0],
    summary:
      construct(entry.summary) ??
      construct(entry.content) ??
      html(media?.groups?.[0]?.description?.value ?? media?.description?.value),
  };
}

function rdfEntry(item: RdfFeed.Item<string>): Raw {
  const { dc, dcterms } = item;
  return {
    id: item.rdf?.about,
    title: html(item.title ?? dc?.titles?.[0]),
    link: item.link || alternateOf(item.atom?.links) || anyOf(item.atom?.links) || addressIn(item.rdf?.about),
    author: dc?.creators?.[0] ?? dcterms?.creators?.[0],
    published: dc?.dates?.[0] ?? dcterms?.issued?.[0] ?? dcterms?.modified?.[0],
    summary: html(item.description ?? item.content?.encoded ?? dc?.descriptions?.[0]),
  };
}

/** JSON Feed 1.1: all but content_html is plain text. */
function jsonEntry(item: JsonFeed.Item<string>): Raw {
  const plain = item.summary ?? item.content_text;
  return {
    id: item.id,
    title: text(item.title),
    link: item.url || item.external_url || addressIn(item.id) || item.attachments?.[0]?.url,
    author: item.authors?.[0]?.name,
    published: item.date_published ?? item.date_modified,
    summary: plain === undefined ? html(item.content_html) : text(plain),
  };
}

function text(value: string | undefined): Prose {
  return { value, type: "text" };
}

function html(value: string | undefined): Prose {
  return { value, type: "html" };
}

/** RFC 4287 section 3.1.1: text unless declared otherwise; a media type in `content` is read as that type. */
function construct(
  one: { readonly value?: string | undefined; readonly type?: string | undefined } | undefined,
): Prose | undefined {
  if (one?.value === undefined) return undefined;
  return /html|xml/i.test(one.type ?? "text") ? html(one.value) : text(one.value);
}

type Links = readonly { readonly href?: string | undefined; readonly rel?: string | undefined }[];

function alternateOf(links: Links = []): string | undefined {
  return links.find(({ href, rel = "alternate" }) => rel === "alternate" && href)?.href;
}

/** The entry itself comes before its subject and its parts. */
const relations = ["self", "via", "related", "enclosure"];

function anyOf(links: Links = []): string | undefined {
  const known = relations.map((wanted) => links.find(({ href, rel }) => rel === wanted && href)?.href);
  return known.find((href) => href !== undefined) ?? links.find(({ href }) => href)?.href;
}

/** An id is often the address of the entry. */
function addressIn(id: string | undefined): string | undefined {
  return /^\s*https?:\/\//i.test(id ?? "") ? id : undefined;
}

/** Undefined for an empty entry. */
function tidy(raw: Raw, feedUrl: string): Entry | undefined {
  const link = linkOf(raw.link, (raw.bases ?? []).reduce(baseAfter, feedUrl));
  const title = proseText(raw.title, longest.title);
  const summary = proseText(raw.summary, longest.summary);
  const id = raw.id?.trim() || link || [title, raw.published, summary].filter(Boolean).join(" ");
  if (id === "") return undefined;
  const author = proseText(html(raw.author), longest.author);
  const published = dateOf(raw.published);
  return {
    id,
    ...(title === undefined ? {} : { title }),
    ...(link === undefined ? {} : { link }),
    ...(author === undefined ? {} : { author }),
    ...(published === undefined ? {} : { published }),
    ...(summary === undefined ? {} : { summary }),
  };
}

function proseText({ value = "", type }: Prose = text(""), maxCharacters: number): string | undefined {
  const words = type === "html" ? lineText(value, maxCharacters) : cutWords(oneLine(value), maxCharacters);
  return words || undefined;
}

function oneLine(words: string): string {
  return words.replace(/\s+/g, " ").trim();
}

function baseAfter(outer: string, inner: string | undefined): string {
  return inner !== undefined && URL.canParse(inner.trim(), outer) ? new URL(inner.trim(), outer).href : outer;
}

/** Absolute; only web addresses are accepted as links. */
function linkOf(link: string | undefined, feedUrl: string): string | undefined {
  if (link === undefined || !URL.canParse(link.trim(), feedUrl)) return undefined;
  const url = new URL(link.trim(), feedUrl);
  return /^https?:$/.test(url.protocol) ? url.href : undefined;
}

function dateOf(written: string | undefined): string | undefined {
  const trimmed = written?.trim() ?? "";
  if (trimmed === "") return undefined;
  const ms = readDate(trimmed);
  return ms === undefined ? trimmed.slice(0, 60) : new Date(ms).toISOString();
}
