// Feeds of every format from a server that the test runs, good and broken.

import type { AnyFeed } from "feedsmith";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { entriesOf } from "../../../src/connectors/feed/entries.ts";
import { checkOptions, feed } from "../../../src/connectors/feed/index.ts";
import type { JsonObject, SourceType } from "../../../src/contract.ts";
import { lineText } from "../../../src/intake/html-text.ts";
import {
  type FarSide,
  farSide,
  type RunningSource,
  type RunOptions,
  runSource,
} from "../../support/far-side.ts";

let server: FarSide;
const running: RunningSource[] = [];
beforeEach(async () => {
  server = await farSide();
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  await server.close();
});

async function start(options: JsonObject = {}, more: RunOptions = {}): Promise<RunningSource> {
  const one = await runSource(
    feed as SourceType<never>,
    { url: `${server.url}/blog/feed.xml`, ...options },
    more,
  );
  running.push(one);
  return one;
}

function content(
  body: string | Buffer,
  type = "application/xml",
  headers: Record<string, string> = {},
): FarSide["answer"] {
  return (response) => response.writeHead(200, { "content-type": type, ...headers }).end(body);
}

const rss = (
  items: string,
) => `<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>News</title><link>https://news.example</link>${items}</channel></rss>`;
const item = (n: number, more = "") =>
  `<item><title>Item ${n}</title><link>https://news.example/${n}</link><guid isPermaLink="false">g${n}</guid>${more}</item>`;
const many = (from: number, to: number) =>
  rss(Array.from({ length: to - from + 1 }, (_, index) => item(to - index)).join(""));
const titles = (source: RunningSource) => source.data().map((data) => (data as JsonObject).title);

describe("each format becomes the same data", () => {
  const link = "https://news.example/1";
  const common = {
    title: "Fish & chips",
    author: "Ada",
    published: "2026-01-05T08:00:00.000Z",
    summary: "Hot and good.",
  };
  const formats: [string, string, object][] = [
    [
      "RSS",
      rss(
        `<item><title>Fish &amp; chips</title><link>${link}</link><guid isPermaLink="false">g1</guid><dc:creator>Ada</dc:creator>
         <pubDate>Mon, 05 Jan 2026 09:00:00 +0100</pubDate><description><![CDATA[<p>Hot <b>and</b> good.</p>]]></description></item>`,
      ),
      { ...common, id: "g1", link },
    ],
    [
      "Atom",
      `<feed xmlns="http://www.w3.org/2005/Atom"><title>N</title><id>urn:n</id><updated>2026-01-05T08:00:00Z</updated>
       <entry><id>urn:1</id><title>Fish &amp; chips</title><link rel="self" href="/x"/><link href="../1"/><author><name>Ada</name></author>
       <updated>2026-01-05T08:00:00Z</updated><content type="html">&lt;p&gt;Hot and&lt;br/&gt;good.&lt;/p&gt;</content></entry></feed>`,
      { ...common, id: "urn:1", link: "LOCAL/1" },
    ],
    [
      "RDF",
      `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
       <channel><title>N</title></channel><item rdf:about="${link}"><title>Fish &amp; chips</title><link>${link}</link>
       <dc:creator>Ada</dc:creator><dc:date>2026-01-05T08:00:00Z</dc:date><description>Hot and good.</description></item></rdf:RDF>`,
      { ...common, id: link, link },
    ],
    [
      "JSON Feed",
      JSON.stringify({
        version: "https://jsonfeed.org/version/1.1",
        title: "N",
        items: [
          {
            id: 1,
            url: link,
            title: "Fish & chips",
            authors: [{ name: "Ada" }],
            date_published: "2026-01-05T08:00:00Z",
            content_html: "<p>Hot and good.</p>",
          },
        ],
      }),
      { ...common, id: "1", link },
    ],
  ];
  test("JSON Feed keeps the digits of a number as id", async () => {
    server.answer = content(
      '{"version":"https://jsonfeed.org/version/1.1","title":"N","items":[{"id":9007199254740993,"content_text":"a"}]}',
    );
    const source = await start({ backfill: 1 });
    await source.rested();
    expect(source.data()).toEqual([{ id: "9007199254740993", summary: "a" }]);
  });

  test.each(formats)("%s", async (_, body, data) => {
    server.answer = content(body);
    const source = await start({ backfill: 1 });
    await source.rested();
    expect(source.told).toEqual([]);
    expect(JSON.parse(JSON.stringify(source.data()).replaceAll(server.url, "LOCAL"))).toEqual([data]);
    expect(source.arrivals[0]?.text).toMatch(/^Fish & chips\nHot and good\.\nhttp/);
    expect(source.arrivals[0]?.trust).toBe("local");
  });
});

describe("what is new", () => {
  test("is no entry of the first answer, and each that comes later, the oldest first", async () => {
    server.answer = content(many(1, 250));
    const source = await start();
    await source.rested();
    server.answer = content(many(4, 253));
    await source.nextRound();
    expect(titles(source)).toEqual(["Item 251", "Item 252", "Item 253"]);
  });

  test("goes by the date where each entry has one, however the feed lists them", async () => {
    server.answer = content(rss(item(0, "<pubDate>Mon, 05 Jan 2026 00:00:00 GMT</pubDate>")));
    const source = await start();
    await source.rested();
    const dated = (n: number, day: number) => item(n, `<pubDate>${day} Jan 2026 00:00:00 GMT</pubDate>`);
    server.answer = content(rss(dated(1, 6) + dated(3, 8) + dated(2, 7)));
    await source.nextRound();
    expect(titles(source)).toEqual(["Item 1", "Item 2", "Item 3"]);
  });

  test("is not an entry whose text was edited", async () => {
    server.answer = content(many(1, 2));
    const source = await start();
    await source.rested();
    server.answer = content(many(1, 2).replace("Item 1", "Item 1, corrected"));
    await source.nextRound();
    expect(source.arrivals).toEqual([]);
  });

  test("is known by its link, or by all that it says, where there is no id", async () => {
    server.answer = content(
      rss("<item><link>https://a.example/1</link></item><item><title>only a title</title></item>"),
    );
    const source = await start({ since: "start" });
    await source.rested();
    await source.nextRound();
    expect(source.data()).toEqual([
      { id: "only a title", title: "only a title" },
      { id: "https://a.example/1", link: "https://a.example/1" },
    ]);
  });

  test("is each of those that share an id, which is none then", async () => {
    const shared = (...ns: number[]) =>
      rss(ns.map((n) => `<item><guid>site</guid><title>Item ${n}</title></item>`).join(""));
    server.answer = content(shared(2, 1));
    const source = await start();
    await source.rested();
    server.answer = content(shared(3, 2, 1));
    await source.nextRound();
    await source.nextRound();
    expect(titles(source)).toEqual(["Item 3"]);
  });

  test("survives a restart, and 304 is no news", async () => {
    server.answer = content(many(1, 3), "application/rss+xml", { etag: '"3"' });
    const first = await start();
    await first.rested();
    server.answer = (response) => response.writeHead(304).end();
    await first.nextRound();
    expect(server.asked[1]?.headers["if-none-match"]).toBe('"3"');
    await first.stop();
    server.answer = content(many(2, 4));
    const second = await start({}, { cursors: first.cursors });
    await second.rested();
    expect(titles(second)).toEqual(["Item 4"]);
    expect(first.told).toEqual([]);
  });

  test("is nothing in a feed without entries", async () => {
    server.answer = content(rss(""));
    const source = await start();
    await source.rested();
    expect(source.told).toEqual([]);
    server.answer = content(many(1, 1));
    await source.nextRound();
    expect(titles(source)).toEqual(["Item 1"]);
  });
});

describe("several feeds", () => {
  const paths = { "/a.xml": 1, "/b.xml": 11 };
  let isBroken = false;
  function answerAll(response: Parameters<FarSide["answer"]>[0], asked: Parameters<FarSide["answer"]>[1]) {
    const to = paths[asked.url as keyof typeof paths];
    const from = asked.url === "/a.xml" ? 1 : 11;
    if (isBroken && asked.url === "/a.xml") response.writeHead(500).end();
    else content(many(from, to))(response, asked);
  }
  const urls = () => [`${server.url}/a.xml`, `${server.url}/b.xml`];
  beforeEach(() => {
    isBroken = false;
    Object.assign(paths, { "/a.xml": 1, "/b.xml": 11 });
    server.answer = answerAll;
  });

  test("have their own history, and their new entries are events of one source", async () => {
    const source = await start({ url: urls() });
    await source.rested();
    expect(source.arrivals).toEqual([]);
    Object.assign(paths, { "/a.xml": 2, "/b.xml": 12 });
    await source.nextRound();
    expect(titles(source)).toEqual(["Item 2", "Item 12"]);
  });

  test("one that is added later does not make the others forget", async () => {
    const [first = ""] = urls();
    const before = await start({ url: [first] });
    await before.rested();
    await before.stop();
    paths["/a.xml"] = 2;
    const source = await start({ url: urls() }, { cursors: before.cursors });
    await source.rested();
    expect(titles(source)).toEqual(["Item 2"]);
  });

  test("one that fails is retried alone, and does not hold up the others", async () => {
    const source = await start({ url: urls() });
    await source.rested();
    isBroken = true;
    paths["/b.xml"] = 12;
    await source.nextRound();
    expect(titles(source)).toEqual(["Item 12"]);
    expect(source.told).toEqual([expect.stringMatching(/answered 500/)]);
    server.asked.length = 0;
    isBroken = false;
    paths["/a.xml"] = 2;
    await source.nextRound();
    expect(server.asked.map(({ url }) => url)).toEqual(["/a.xml"]);
    expect(titles(source)).toEqual(["Item 12", "Item 2"]);
  });

  test("have the weakest trust among them, and no credential for several hosts", () => {
    const url: [string, string] = ["https://a.example/feed", "http://b.example/feed"];
    const round = { everyMs: 60_000, since: "now", timeoutMs: 30_000, maxBodyBytes: 1_024 } as const;
    expect(feed.trust?.({ url, ...round })).toBe("unverified");
    const auth = { scheme: "bearer", secret: "s3cret-of-a" } as const;
    const sameHost: [string, string] = ["https://a.example/1", "https://a.example/2"];
    expect(checkOptions({ url, auth, ...round })).toMatchObject([{ path: ["auth"] }]);
    expect(checkOptions({ url: sameHost, auth, ...round })).toEqual([]);
    const wrong: [string, string] = ["https://a.example/1", "ftp://a.example/2"];
    expect(checkOptions({ url: wrong, ...round })).toMatchObject([{ path: ["url", 1] }]);
    expect(feed.reaches?.({ url, ...round }, { folder: "/", home: "/" })).toEqual(
      url.map((one) => ({ to: "host", url: one })),
    );
  });
});

test("a default channel says title, summary and link, each once", () => {
  expect(feed).toMatchObject({ content: "text", meta: {} });
  const entry = {
    id: "1",
    title: "Out now",
    link: "https://x.example/1",
    summary: "At last.",
    published: "2026",
  };
  expect(feed.sampleArrival({ url: "https://x.example" } as never, JSON.stringify(entry), {}).text).toBe(
    "Out now\nAt last.\nhttps://x.example/1",
  );
});

test("Atom's titles are text, its links begin at xml:base, and its feed's author is that of its entries", async () => {
  server.answer =
    content(`<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/" xml:base="/base/">
    <author><name>Ada</name></author>
    <entry xml:base="sub/"><id>2</id><title>The &lt;select&gt;
      element</title><link href="post.html"/><media:group><media:description>Seen</media:description></media:group></entry>
    <entry><id>1</id><title type="html">The &lt;b&gt;bold&lt;/b&gt;</title><author><name>Bob</name></author></entry></feed>`);
  const source = await start({ since: "start" });
  await source.rested();
  expect(source.data()).toEqual([
    { id: "1", title: "The bold", author: "Bob" },
    {
      id: "2",
      title: "The <select> element",
      link: `${server.url}/base/sub/post.html`,
      author: "Ada",
      summary: "Seen",
    },
  ]);
});

test("an item of RSS that has its texts only in a media:group has them", async () => {
  server.answer =
    content(`<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>N</title><item><guid isPermaLink="false">1</guid>
    <media:group><media:title>Clip &amp; more</media:title><media:description>Seen</media:description></media:group></item></channel></rss>`);
  const source = await start({ since: "start" });
  await source.rested();
  expect(source.data()).toEqual([{ id: "1", title: "Clip & more", summary: "Seen" }]);
});

test("text is text and markup is markup, as the feed declares it", () => {
  const words = "Use <b>, not <strong>; write &amp;";
  const summaryOf = (feed: AnyFeed) => entriesOf(feed, "")[0]?.summary;
  const atom = (entry: object): AnyFeed => ({ format: "atom", feed: { entries: [{ id: "1", ...entry }] } });
  expect(summaryOf(atom({ summary: { value: words } }))).toBe(words);
  expect(summaryOf(atom({ content: { value: words, type: "text" } }))).toBe(words);
  expect(summaryOf(atom({ content: { value: "a <b>b</b> &amp; c", type: "html" } }))).toBe("a b & c");
  expect(summaryOf(atom({ content: { value: "<div>a &lt;b&gt;</div>", type: "xhtml" } }))).toBe("a <b>");
  const json = (item: object): AnyFeed => ({ format: "json", feed: { items: [{ id: "1", ...item }] } });
  expect(summaryOf(json({ content_text: words }))).toBe(words);
  expect(summaryOf(json({ summary: words, content_html: "<p>other</p>" }))).toBe(words);
  expect(summaryOf(json({ content_html: "<p>a &amp; b</p>" }))).toBe("a & b");
});

test("the extensions that feed readers read fill in what RSS lacks", async () => {
  server.answer =
    content(`<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"
    xmlns:atom="http://www.w3.org/2005/Atom" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:media="http://search.yahoo.com/mrss/">
    <channel><title>T</title>
    <item><guid isPermaLink="false">a</guid><dc:title>Dublin</dc:title><dcterms:created>2026-01-01</dcterms:created>
      <atom:link rel="self" href="https://x.example/self"/><atom:link href="https://x.example/a"/><atom:author><atom:name>Ann</atom:name></atom:author></item>
    <item><guid isPermaLink="false">b</guid><itunes:title>Pod</itunes:title><itunes:author>Ivy</itunes:author><itunes:summary>Talk</itunes:summary><atom:updated>2026-01-02T00:00:00Z</atom:updated></item>
    <item><guid isPermaLink="false">c</guid><media:title>Clip</media:title><media:description>Film</media:description><dc:date>2026-01-03</dc:date></item>
    </channel></rss>`);
  const source = await start({ since: "start" });
  await source.rested();
  expect(source.data()).toEqual([
    {
      id: "a",
      title: "Dublin",
      link: "https://x.example/a",
      author: "Ann",
      published: "2026-01-01T00:00:00.000Z",
    },
    { id: "b", title: "Pod", author: "Ivy", published: "2026-01-02T00:00:00.000Z", summary: "Talk" },
    { id: "c", title: "Clip", published: "2026-01-03T00:00:00.000Z", summary: "Film" },
  ]);
});

test("a date that is not read stays in the feed's own words, and the order of the feed with it", () => {
  const feed = (dates: readonly string[]): AnyFeed => ({
    format: "rss",
    feed: { items: dates.map((pubDate, index) => ({ title: String(index), pubDate })) },
  });
  const published = (date: string) => entriesOf(feed([date]), "")[0]?.published;
  expect(published("Jan  5 10:00:00")).toBe("Jan  5 10:00:00");
  expect(published("01/02/2026")).toBe("01/02/2026");
  expect(entriesOf(feed(["01/02/2026", "2026-01-01"]), "").map(({ title }) => title)).toEqual(["1", "0"]);
});

test("a time without a zone is the same on each machine", () => {
  const published = (text: string) =>
    entriesOf({ format: "rss", feed: { items: [{ title: "x", pubDate: text }] } }, "")[0]?.published;
  const before = process.env.TZ;
  process.env.TZ = "Asia/Tokyo";
  try {
    expect(published("2002-10-02 13:00:00")).toBe("2002-10-02T13:00:00.000Z");
    expect(published("2002-10-02T13:00:00.5")).toBe("2002-10-02T13:00:00.500Z");
    expect(published("Wed, 02 Oct 2002 13:00")).toBe("2002-10-02T13:00:00.000Z");
    expect(published("Wed, 02 Oct 2002 13:00:00 +0900")).toBe("2002-10-02T04:00:00.000Z");
    expect(published("2002-10-02")).toBe("2002-10-02T00:00:00.000Z");
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
});

describe("the charset", () => {
  const text = rss("<item><title>Grüße</title></item>");
  const latin = (declared: string) =>
    Buffer.from(text.replace('"1.0"', `"1.0" encoding="${declared}"`), "latin1");
  test.each<[string, FarSide["answer"]]>([
    ["of the header", content(Buffer.from(text, "latin1"), "text/xml; charset=ISO-8859-1")],
    ["of the XML declaration", content(latin("iso-8859-1"))],
    [
      "of a byte order mark",
      content(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")])),
    ],
    [
      "of a byte order mark, whatever the header says",
      content(
        Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]),
        "text/xml; charset=utf-8",
      ),
    ],
    ["that nobody knows: UTF-8", content(text, "text/xml; charset=none-such")],
  ])("%s is read", async (_, answer) => {
    server.answer = answer;
    const source = await start({ backfill: 1 });
    await source.rested();
    expect(titles(source)).toEqual(["Grüße"]);
  });
});

describe("what is not a feed is told in words, and what was known stays known", () => {
  const page = (head: string) => `<!DOCTYPE html>\n<html><head>${head}</head><body>Sign in</body></html>`;
  test.each<[string, FarSide["answer"], RegExp]>([
    [
      "a web page",
      content(page(""), "text/html"),
      /is not a feed: text\/html that begins "<!DOCTYPE html>.*it is a web page/,
    ],
    [
      "a web page that names its feed",
      content(page('<link rel="alternate" type="application/atom+xml" href="/atom.xml">'), "text/html"),
      /the page links to a feed: url: http:\/\/127\.0\.0\.1:\d+\/atom\.xml/,
    ],
    [
      "other JSON",
      content('{"message":"no"}', "application/json"),
      /is not a feed: application\/json that begins/,
    ],
    ["nothing", content("", "text/xml"), /is not a feed: text\/xml and empty/],
    ["a feed that breaks off", content(many(1, 9).slice(0, 300)), /is a broken feed/],
    ["404", (response) => response.writeHead(404).end(), /answered 404 \(not found\)/],
  ])("%s", async (_, answer, words) => {
    server.answer = content(many(1, 3));
    const source = await start();
    await source.rested();
    server.answer = answer;
    await source.nextRound();
    expect(source.told).toEqual([expect.stringMatching(words)]);
    server.answer = content(many(1, 4));
    await source.nextRound();
    expect(titles(source)).toEqual(["Item 4"]);
  });
});

describe("a summary", () => {
  test.each([
    ["<p>One</p><p>two &amp; three&hellip;</p>", "One two & three…"],
    ["a<b>b</b>c <i class='x'>d</i>", "abc d"],
    ["Vec<String> &lt;tag&gt;", "Vec<String> <tag>"],
    ["x<script>alert(1 < 2)</script><style>p{}</style><!-- note -->y", "x y"],
    ["caf&eacute; &rarr; &hearts; &pound;5 &times; &#150;", "café → ♥ £5 × –"],
    ["&#x1F600;&#128512;&#0;&unknown;", "😀😀&unknown;"],
    ["  line\n\tline\u00a0 ", "line line"],
  ])("of %s is %s", (html, text) => {
    expect(lineText(html, 500)).toBe(text);
  });

  test("ends at a word, and is never long, nor long in the making", () => {
    expect(lineText("word ".repeat(500), 24)).toBe("word word word word…");
    for (const hostile of ["<", "<a ", "<!--", "<script", "&#", "</"]) {
      const text = lineText(hostile.repeat(2_000_000), 100);
      expect(text.length).toBeLessThanOrEqual(100);
    }
  });
});

test("explain takes an entry, and says so when it gets something else", () => {
  const options = { url: "https://news.example/feed" } as never;
  expect(feed.sampleArrival(options, '{"title":"T","link":"https://l"}', {})).toMatchObject({
    data: { title: "T" },
    text: "T\nhttps://l",
    trust: "verified",
  });
  expect(() => feed.sampleArrival(options, "<rss/>", {})).toThrow(/give one as/);
});

test("an entry without an alternate link has another one, or the address that its id is", async () => {
  const linksOf = async (body: string, type?: string) => {
    server.answer = content(body, type);
    const source = await start({ since: "start" });
    await source.rested();
    return source.data().map((entry) => (entry as { link?: string }).link);
  };
  const atom = (entry: string) =>
    `<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>t</title>${entry}</entry></feed>`;
  expect(await linksOf(atom("<id>https://x.example/1</id>"))).toEqual(["https://x.example/1"]);
  expect(await linksOf(atom("<id>urn:1</id><link>https://x.example/1?a=1&amp;b=2</link>"))).toEqual([
    "https://x.example/1?a=1&b=2",
  ]);
  expect(
    await linksOf(
      atom('<id>urn:1</id><link/><link rel="enclosure" href="/1.mp3"/><link rel="self" href="/1"/>'),
    ),
  ).toEqual([`${server.url}/1`]);
  expect(await linksOf(atom("<id>urn:1</id><link/>"))).toEqual([undefined]);
  expect(
    await linksOf(
      JSON.stringify({
        version: "https://jsonfeed.org/version/1.1",
        title: "t",
        items: [
          { id: "https://x.example/1", content_text: "a" },
          { id: "2", content_text: "b" },
        ],
      }),
      "application/feed+json",
    ),
  ).toEqual([undefined, "https://x.example/1"]);
  expect(await linksOf(rss('<item><guid isPermaLink="true">https://x.example/g</guid></item>'))).toEqual([
    "https://x.example/g",
  ]);
});
