// The entries of a feed in one shape, whatever its format: RSS, Atom, RDF or JSON Feed.

import type { AnyFeed, AtomFeed, JsonFeed, RdfFeed, RssFeed } from "feedsmith";
import { cut, plainText } from "./plain-text.ts";

/** What an event's `data` is. What the feed does not say is absent. */
export type Entry = {
  id: string;
  title?: string;
  link?: string;
  author?: string;
  /** RFC 3339 in UTC; as the feed has it when it cannot be read. */
  published?: string;
  summary?: string;
};

const longest = { title: 300, author: 100, summary: 500 };

/** Before it is put in order: HTML and relative links. */
interface Raw {
  readonly id?: string | undefined;
  readonly title?: string | undefined;
  readonly link?: string | undefined;
  readonly author?: string | undefined;
  readonly published?: string | undefined;
  readonly html?: string | undefined;
  /** The title is text, whatever looks like markup in it. */
  readonly isTitleText?: boolean;
  /** What a relative link begins at (xml:base), the outermost first; each may be relative itself. */
  readonly bases?: readonly (string | undefined)[];
}

/** Oldest first: by date where each entry has one, else the feed turned round, since feeds begin with the newest. */
export function entriesOf(feed: AnyFeed, feedUrl: string): Entry[] {
  const entries = rawEntries(feed)
    .map((raw) => tidy(raw, feedUrl))
    .filter((entry) => entry !== undefined)
    .reverse();
  const times = new Map(entries.map((entry) => [entry, Date.parse(entry.published ?? "")]));
  if ([...times.values()].some(Number.isNaN)) return entries;
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
  const { guid, dc } = item;
  const isLink = guid?.isPermaLink !== false && /^https?:/.test(guid?.value ?? "");
  return {
    id: guid?.value,
    title: item.title,
    link: item.link ?? (isLink ? guid?.value : undefined),
    author: item.authors?.[0]?.name ?? dc?.creators?.[0] ?? item.authors?.[0]?.email,
    published: item.pubDate ?? dc?.dates?.[0],
    html: item.description ?? item.content?.encoded,
  };
}

function atomEntry(entry: AtomFeed.Entry<string>, feed: AtomFeed.Feed<string>): Raw {
  const links = entry.links ?? [];
  const link = links.find(({ rel = "alternate" }) => rel === "alternate") ?? links[0];
  return {
    id: entry.id,
    title: entry.title?.value,
    // RFC 4287 section 3.1.1: text unless it says otherwise.
    isTitleText: (entry.title?.type ?? "text") === "text",
    link: link?.href,
    bases: [feed.xml?.base, entry.xml?.base],
    author: entry.authors?.[0]?.name ?? feed.authors?.[0]?.name,
    published: entry.published ?? entry.updated,
    html: entry.summary?.value ?? entry.content?.value ?? entry.media?.groups?.[0]?.description?.value,
  };
}

function rdfEntry(item: RdfFeed.Item<string>): Raw {
  return {
    id: item.rdf?.about,
    title: item.title,
    link: item.link,
    author: item.dc?.creators?.[0],
    published: item.dc?.dates?.[0],
    html: item.description ?? item.content?.encoded,
  };
}

function jsonEntry(item: JsonFeed.Item<string>): Raw {
  return {
    id: item.id,
    title: item.title,
    link: item.url ?? item.external_url,
    author: item.authors?.[0]?.name,
    published: item.date_published ?? item.date_modified,
    html: item.summary ?? item.content_text ?? item.content_html,
  };
}

/** Undefined for an entry that says nothing at all. */
function tidy(raw: Raw, feedUrl: string): Entry | undefined {
  const link = linkOf(raw.link, (raw.bases ?? []).reduce(baseAfter, feedUrl));
  const title = raw.isTitleText === true ? oneLine(raw.title) : short(raw.title, longest.title);
  const summary = short(raw.html, longest.summary);
  const id = raw.id?.trim() || link || [title, raw.published, summary].filter(Boolean).join(" ");
  if (id === "") return undefined;
  const author = short(raw.author, longest.author);
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

function short(html: string | undefined, maxCharacters: number): string | undefined {
  return plainText(html ?? "", maxCharacters) || undefined;
}

function oneLine(text = ""): string | undefined {
  return cut(text.replace(/\s+/g, " ").trim(), longest.title) || undefined;
}

function baseAfter(outer: string, inner: string | undefined): string {
  return inner !== undefined && URL.canParse(inner.trim(), outer) ? new URL(inner.trim(), outer).href : outer;
}

/** Absolute; nothing but a web address is taken for a link. */
function linkOf(link: string | undefined, feedUrl: string): string | undefined {
  if (link === undefined || !URL.canParse(link.trim(), feedUrl)) return undefined;
  const url = new URL(link.trim(), feedUrl);
  return /^https?:$/.test(url.protocol) ? url.href : undefined;
}

function dateOf(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? "";
  if (trimmed === "") return undefined;
  // Without a zone a time would be another one on each machine.
  const hasZone = !trimmed.includes(":") || /(?:[a-z]|[+-]\d\d:?\d\d)$/i.test(trimmed);
  const ms = Date.parse(hasZone ? trimmed : `${trimmed}${trimmed.includes("T") ? "Z" : " UTC"}`);
  return Number.isNaN(ms) ? trimmed.slice(0, 60) : new Date(ms).toISOString();
}
