import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { discordMarkdown, type Markup, plain, slackMrkdwn, telegramHtml } from "../../src/chat/markup.ts";
import { demandText, type PartLimit, splitMessage, splitText } from "../../src/chat/split-message.ts";

const characters = (max: number): PartLimit => ({ max, unit: "characters", counts: "markup" });
const markupOf = (text: string, markup: Markup, max = 4_000) =>
  splitMessage(text, markup, characters(max)).map((part) => part.markup);

describe("a message within the limit", () => {
  it("is one part", () => {
    expect(markupOf("Hello.", plain)).toEqual(["Hello."]);
    expect(markupOf("", plain)).toEqual([""]);
  });

  it("in Telegram's HTML", () => {
    expect(
      markupOf(
        '# Build **3**\n\nIt _failed_ in `a<b` ~~twice~~, see [log](https://x.example/?a=1&b="2").\n\n- one\n- two\n  1. deep\n\n> said\n> he\n\n```ts\nif (a < b) c();\n```',
        telegramHtml,
      ),
    ).toEqual([
      `<b>Build <b>3</b></b>

It <i>failed</i> in <code>a&lt;b</code> <s>twice</s>, see <a href="https://x.example/?a=1&amp;b=&quot;2&quot;">log</a>.

• one
• two
  1. deep

<blockquote>said
he</blockquote>

<pre><code class="language-ts">if (a &lt; b) c();</code></pre>`,
    ]);
  });

  it("in Discord's Markdown", () => {
    expect(
      markupOf(
        "**bold _it_** and snake_case, [log](https://x.example) <@41>\n\n> said\n> he\n\n`a``b`",
        discordMarkdown,
      ),
    ).toEqual([
      "**bold *it*** and snake\\_case, [log](<https://x.example>) \\<@41\\>\n\n> said\n> he\n\n``` a``b ```",
    ]);
  });

  it("in Slack's mrkdwn", () => {
    const [text] = markupOf(
      "**bold** 2*3 [log](https://x.example) <!channel> & more\n\n```js\na\n```",
      slackMrkdwn,
    );
    expect(text?.replaceAll("\u200B", "")).toBe(
      "*bold* 2*3 <https://x.example|log> &lt;!channel&gt; &amp; more\n\n```\na\n```",
    );
  });

  it("without any markup", () => {
    expect(markupOf("**bold** [log](https://x.example), https://y.example", plain)).toEqual([
      "bold log (https://x.example), https://y.example",
    ]);
  });

  it("shows a table in columns", () => {
    expect(markupOf("| a | long |\n|---|---|\n| 1 | 2 |", telegramHtml)).toEqual([
      "<pre>a  long\n-  ----\n1  2</pre>",
    ]);
  });

  it("shows HTML as it was written", () => {
    expect(markupOf("see <b>this</b> <script>x</script>", telegramHtml)).toEqual([
      "see &lt;b&gt;this&lt;/b&gt; &lt;script&gt;x&lt;/script&gt;",
    ]);
  });

  it("shows tasks as boxes", () => {
    expect(markupOf("- [x] done\n- [ ] open", plain)).toEqual(["☑ done\n☐ open"]);
  });
});

describe("a message over the limit", () => {
  it("is cut between paragraphs, else lines, else words", () => {
    expect(markupOf("aaaa aaaa\n\nbbbb bbbb", plain, 14)).toEqual(["aaaa aaaa", "bbbb bbbb"]);
    expect(markupOf("aaaa aaaa\nbbbb bbbb", plain, 14)).toEqual(["aaaa aaaa", "bbbb bbbb"]);
    expect(markupOf("aaaa aaaa bbbb", plain, 12)).toEqual(["aaaa aaaa", "bbbb"]);
    expect(markupOf("aaaaaaaaaaaa", plain, 5)).toEqual(["aaaaa", "aaaaa", "aa"]);
  });

  it("closes a block of code and opens it again", () => {
    expect(markupOf("```py\nfirst = 1\nsecond = 2\n```", discordMarkdown, 24)).toEqual([
      "```py\nfirst = 1\n```",
      "```py\nsecond = 2\n```",
    ]);
  });

  it("closes bold and opens it again", () => {
    expect(markupOf("**aaaa bbbb**", telegramHtml, 12)).toEqual(["<b>aaaa</b>", "<b>bbbb</b>"]);
  });

  it("is never cut within a character", () => {
    expect(splitText("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", { max: 15, unit: "characters" })).toEqual(["👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"]);
  });

  it("can be counted in bytes", () => {
    expect(splitText("ääää ääää", { max: 10, unit: "bytes" })).toEqual(["ääää", "ääää"]);
  });

  it("counts what is read alone where the platform does", () => {
    const limit: PartLimit = { max: 5, unit: "characters", counts: "text" };
    expect(splitMessage("**a<b**", telegramHtml, limit)).toEqual([{ markup: "<b>a&lt;b</b>", plain: "a<b" }]);
  });
});

const pieces = fc.constantFrom(
  "word",
  " ",
  "\n",
  "\n\n",
  "**",
  "_",
  "~~",
  "`",
  "```",
  "\n```js\n",
  "\n```\n",
  "# ",
  "> ",
  "- ",
  "1. ",
  "[l](https://x.example)",
  "<b>",
  "&",
  "*",
  "|a|b|\n|-|-|\n|1|2|\n",
  "😀",
  "é",
  "\\",
  "@everyone",
  "https://y.example/a_b",
);
const markdown = fc.oneof(
  fc.array(pieces, { maxLength: 80 }).map((parts) => parts.join("")),
  fc.string({ unit: "grapheme", maxLength: 300 }),
);
const platforms = { plain, telegramHtml, discordMarkdown, slackMrkdwn };

describe.each(Object.entries(platforms))("whatever the text, in %s", (_, markup) => {
  it("each part is within the limit, and says something unless the text does not", () => {
    fc.assert(
      fc.property(
        markdown,
        fc.integer({ min: 70, max: 200 }),
        fc.constantFrom("characters", "bytes"),
        (text, max, unit) => {
          const parts = splitMessage(text, markup, { max, unit: unit as "characters", counts: "markup" });
          const size = (one: string) => (unit === "bytes" ? Buffer.byteLength(one) : one.length);
          for (const part of parts) {
            expect(size(part.markup)).toBeLessThanOrEqual(max);
            expect(size(part.plain)).toBeLessThanOrEqual(max);
            expect(part.plain.isWellFormed() || !text.isWellFormed()).toBe(true);
            if (parts.length > 1) expect(part.plain.trim()).not.toBe("");
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("nothing but space is lost at a cut", () => {
    const bare = (text: string) => text.replaceAll(/\s/g, "");
    // A link that is cut has its address twice.
    const noLinks = markdown.map((text) => text.replaceAll(/https:|\]\(|!\[/g, ""));
    fc.assert(
      fc.property(noLinks, fc.integer({ min: 70, max: 120 }), (text, max) => {
        const whole = splitMessage(text, markup, characters(1_000_000));
        const parts = splitMessage(text, markup, characters(max));
        expect(bare(parts.map((part) => part.plain).join(""))).toBe(
          bare(whole.map((part) => part.plain).join("")),
        );
      }),
      { numRuns: 300 },
    );
  });
});

/** What a parser that takes only the tags we write would show; throws on anything else. */
function shownBy(html: string): string {
  const open: string[] = [];
  return html.replaceAll(
    /<(\/?)([a-z]+)([^>]*)>|&(amp|lt|gt|quot);|[<>&]/g,
    (all, slash, tag, rest, entity) => {
      if (entity !== undefined) return { amp: "&", lt: "<", gt: ">", quot: '"' }[entity as string] as string;
      if (tag === undefined) throw new Error(`a bare ${all}`);
      if (!["b", "i", "s", "code", "pre", "a", "blockquote"].includes(tag)) throw new Error(`a tag ${all}`);
      if (slash === "") {
        if (!/^( href="[^"]*"| class="language-[\w+#.-]+")?$/.test(rest))
          throw new Error(`attributes ${rest}`);
        open.push(tag);
      } else if (open.pop() !== tag) throw new Error(`${all} closes nothing`);
      return "";
    },
  );
}

it("Telegram's HTML is well formed and shows the text, whatever it is", () => {
  fc.assert(
    fc.property(markdown, fc.integer({ min: 70, max: 300 }), (text, max) => {
      for (const part of splitMessage(text, telegramHtml, characters(max))) {
        const shown = shownBy(part.markup);
        // A link's address is in its tag.
        expect(part.plain.replaceAll(/ \((https|mailto):[^)]*\)/g, "")).toBe(
          shown.replaceAll(/ \((https|mailto):[^)]*\)/g, ""),
        );
      }
    }),
    { numRuns: 500 },
  );
});

it("Slack's mrkdwn pings nobody and leaves no sign of its own in the text", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("<", "!", ">", "@", "&", "|", "a", " ", "*", "`"), maxLength: 60 }),
      (text) => {
        for (const { markup } of splitMessage(text, slackMrkdwn, characters(500)))
          expect(markup).not.toMatch(/<[!@#]/);
      },
    ),
  );
});

it("takes text of any depth and length in short time", () => {
  const deep = ">".repeat(20_000);
  expect(splitMessage(deep, plain, characters(4_000)).length).toBeGreaterThan(0);
  const long = "A paragraph of **some** words.\n\n".repeat(3_000);
  const startedMs = performance.now();
  expect(splitMessage(long, discordMarkdown, characters(2_000)).length).toBeGreaterThan(40);
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});

describe("a text of which nothing is shown", () => {
  const limit: PartLimit = { max: 500, unit: "characters", counts: "markup" };

  it.each(["", " \n", "\u200b", "<!-- nothing -->", "\u2060\ufeff\n"])("%j is not sent", (text) => {
    const parts = splitMessage(text, plain, limit);
    if (parts.every((part) => part.plain.replaceAll(/[\s\u200b\u2060\ufeff]/g, "") === ""))
      expect(() => demandText(parts)).toThrow("nothing to send");
    else demandText(parts);
  });

  it("is the only one that is refused", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parts = splitMessage(`${text} x`, telegramHtml, limit);
        expect(() => demandText(parts)).not.toThrow();
      }),
    );
  });
});
