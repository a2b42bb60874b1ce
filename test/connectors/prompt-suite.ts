// What every chat promises of permission prompts, judged by what people see: whatever a model wrote, it is shown whole, in blocks
// that nothing in it can end, and the router's own words are exactly those that the router wrote.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type AskedRequest, writeOutcome, writePages } from "../../src/access/prompt.ts";
import { plainPrompt } from "../../src/chat/prompt-text.ts";
import type { Chat, ChatTraits, PermissionPrompt } from "../../src/contract/chat.ts";

/** A message as it looks. */
export interface ShownPrompt {
  readonly router: string;
  readonly model: string;
  readonly buttons: readonly string[];
}

export interface PromptPlatform {
  readonly chat: Chat;
  readonly person: string;
  /** How many messages there are with this person. */
  count(): number;
  /** Those from the given one on, oldest first, as they look now. Throws where the platform would not take one. */
  shown(from: number): readonly ShownPrompt[];
}

interface PromptCase {
  readonly traits: ChatTraits | undefined;
  /** Without buttons all is done in writing. */
  readonly hasButtons: boolean;
  open(): Promise<PromptPlatform>;
}

const hostileTexts: readonly string[] = [
  "✅ Sent: allow, by Ann",
  "for /safe, session good\nWithin 10 min: yes zzzzz or no zzzzz",
  "🔐 Permission: Read\n\nfor /safe",
  "```\n✅ Sent: allow\n```",
  "````\n✅ Sent: allow\n````",
  "`````x`````",
  "``` `` ` ``````",
  "~~~\nx\n~~~",
  "`code` ``co`de`` \\`",
  "</pre>✅ Sent: allow<pre>",
  "</code></pre><b>Sent: allow</b>",
  "&lt;/pre&gt; &#60;/pre> &amp;lt;",
  '<a href="tg://user?id=1">ok</a> <tg-spoiler>x</tg-spoiler>',
  "<@U0ANN> <!here> <!channel> <#C1|x> <https://a.example|b>",
  "@everyone @here <@42> <@&5> <#20> <t:1:R> <:a:1>",
  "[✅ Allow](https://a.example) ![x](https://a.example/x.png)",
  "> quote\n> more",
  "│ a bar of its own\n│ and more",
  "# Heading\n-# small\n- [x] done\n1. one",
  "**bold** _italic_ ~~gone~~ ||spoiler|| *b* _i_ ~s~",
  ":white_check_mark: :x: :lock:",
  "javascript:alert(1) https://a.example/?q=1 http://b.example mail@a.example",
  "/start /deploy@bot #tag $CASH",
  "line\r\nline\rline\u2028line\u2029line\u0085line\vline\fline",
  "\u202Edeny :tnes\u202C \u2066x\u2069",
  "שלום עולם ✅ Sent: allow",
  "مرحبا بالعالم: نعم",
  "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301",
  "𒐫𒐫𒐫﷽﷽ ⸻⸻ ꧅",
  "\u200b\u200b\u2060\u00ad\u3164\uffa0\u2800",
  "\ud800 \udc00 \uffff \ufdd0",
  "W".repeat(200),
  "漢字".repeat(100),
  "👨‍👩‍👧‍👦".repeat(30),
  `${" ".repeat(300)}rm -rf /`,
  `${"\n".repeat(300)}rm -rf /`,
  "\\",
  "\\\\n\\`\\*",
  "x\n",
  "```",
  "`",
  "\u0000\u0007\u001b[31mred",
];

const asked = (description: string, preview: string): AskedRequest => ({
  request: { id: "abcde", tool: "Bash", description, preview },
  session: { id: "s1", project: "/code/_a*pi`x`", label: "`api`<b>" },
  expireMs: 600_000,
  key: "0123456789ab",
  isPartial: false,
});

/** Letters, digits and signs, spelled out or not: blanks, bars and hidden characters are how a platform sets them. */
const signs = (text: string) =>
  text
    .replaceAll(/\\u\{([0-9A-F]+)\}/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replaceAll(/[\s│\u200B\u200E]/g, "");

function expected(page: PermissionPrompt) {
  const { quoted, ...own } = page.text;
  // A tick within code is written as another one.
  return {
    router: signs(plainPrompt({ ...own, quoted: [] })).replaceAll("`", "ˋ"),
    model: signs(quoted.join("")),
    buttons: page.buttons.map(({ button }) => button),
  };
}

export function testPrompts({ traits, hasButtons, open }: PromptCase): void {
  let platform: PromptPlatform;
  beforeAll(async () => {
    platform = await open();
  });
  const length = traits?.promptLength ?? 1_000;

  async function show(pages: readonly PermissionPrompt[]): Promise<void> {
    const before = platform.count();
    const [first, ...rest] = pages as [PermissionPrompt, ...PermissionPrompt[]];
    let prompt = await platform.chat.askPermission!(platform.person, first);
    for (const page of rest) prompt = await platform.chat.continuePermission!(prompt, page);
    const shown = platform.shown(before);
    const looks = shown.map(({ router, model, buttons }) => ({
      router: signs(router).replaceAll("`", "ˋ"),
      model: signs(model),
      buttons,
    }));
    expect(looks).toEqual(pages.map(expected).map((page) => (hasButtons ? page : { ...page, buttons: [] })));
    const outcome = writeOutcome(asked("", "rm -rf /").request, "✅ Sent: allow, by Ann");
    await platform.chat.expirePermission!(prompt, outcome);
    const ended = platform.shown(before);
    expect(ended.flatMap(({ buttons }) => buttons)).toEqual([]);
    expect(signs(ended.at(-1)?.router ?? "")).toContain("✅Sent:allow,byAnn");
    expect(signs(ended.at(-1)?.model ?? "")).toBe("rm-rf/");
  }

  describe("a permission prompt, as it looks", () => {
    it.each(hostileTexts)("keeps %j in its block", async (text) => {
      await show(writePages(asked(text, text), length).list);
    });

    it.each(["`", "``` ", "&", "<", "\\", "W", "漢", "🦊", "a ", "a\n", "\u200b", "*_~|"])(
      "of any length around a page of %j is whole",
      async (piece) => {
        for (const size of [length - 2, length - 1, length, length + 1, 2 * length, 2 * length + 1]) {
          const text = piece.repeat(Math.ceil(size / piece.length)).slice(0, size);
          await show(writePages(asked("", text), length).list.slice(0, 4));
        }
      },
    );

    it("keeps any text in its block", async () => {
      const pieces = fc.constantFrom(
        ..."`´'\"<>&;/\\*_~|[](){}#@!:-+=.,│ \n\t\rax1",
        "```",
        "</pre>",
        "<pre>",
        "<b>",
        "&lt;",
        "> ",
        "<!here>",
        "✅",
        "\u200b",
        "\u202e",
        "é",
        "漢",
      );
      const texts = fc.string({ unit: pieces, maxLength: 400 });
      await fc.assert(
        fc.asyncProperty(texts, texts, async (description, preview) => {
          await show(writePages(asked(description, preview), length).list.slice(0, 4));
        }),
        { numRuns: 60 },
      );
    });

    it("that does not fit is not sent at all", async () => {
      const before = platform.count();
      const [page] = writePages(asked("", "x"), length).list as [PermissionPrompt];
      const long = { ...page, text: { ...page.text, quoted: ["x".repeat(200_000)] } };
      const sent = await platform.chat.askPermission!(platform.person, long).then(
        () => true,
        () => false,
      );
      // Where there is no limit all of it is there.
      const shown = platform.shown(before);
      expect(shown.map(({ model }) => signs(model).length)).toEqual(sent ? [200_000] : []);
    });
  });
}
