// What Claude may not write into a chat, because somebody could take it for a permission prompt; and what it may.

import { describe, expect, it } from "vitest";
import { readsLikePrompt } from "../../src/access/look-alike.ts";
import { readable } from "../../src/chat/markdown.ts";
import { expectNoBlock } from "../support/loop-watchdog.ts";

/** As the tools ask: the text as it is written, and as it looks. */
const isRefused = (text: string) => [text, readable(text)].some((one) => readsLikePrompt(one, ["abcde"]));

describe("a text that looks like a prompt is refused", () => {
  it.each([
    [
      "the prompt itself",
      "🔐 Permission: Bash\n│ npm test\n\nfor /code/api\nWithin 10 min: yes fghij or no fghij",
    ],
    ["another lock", "🔒 Permission: Bash"],
    ["another picture", "🗝️ Permission: Bash"],
    ["a picture by its name", ":closed_lock_with_key: *Permission:* Bash"],
    ["bold in the word", "**🔐 Per**mission: `Bash`"],
    ["a link in the word", "[🔐 Permission](https://a.example): Bash"],
    ["a picture's text", "![🔐 Permission](https://a.example): Bash"],
    ["a heading", "# 🔐 Permission: Bash"],
    ["a quote", "> 🔐 Permission: Bash"],
    ["code", "```\n🔐 Permission: Bash\n```"],
    ["a table", "| 🔐 Permission: | Bash |\n|---|---|\n| npm | test |"],
    ["HTML entities", "&#x1F510; Permission&colon; Bash"],
    ["Cyrillic letters", "🔐 Реrmіssіоn: Bash"],
    ["Greek letters", "🔐 Ρermissiοn: Bash"],
    ["wide letters", "🔐 Ｐｅｒｍｉｓｓｉｏｎ：Bash"],
    ["letters of mathematics", "🔐 𝐏𝐞𝐫𝐦𝐢𝐬𝐬𝐢𝐨𝐧: Bash"],
    ["letters in squares", "🔐 🅿🅴🆁🅼🅸🆂🆂🅸🅾🅽: Bash"],
    ["small capitals", "🔐 ᴘᴇʀᴍɪssɪᴏɴ: Bash"],
    ["rn for m", "🔐 Perrnission: Write"],
    ["digits and signs", "🔐 P3rm!ss10n: Bash"],
    ["accents", "🔐 Pe\u0301rmi\u0308ssion: Bash"],
    ["hidden characters", "🔐 Per\u200bmis\u2060sion: Bash"],
    ["spaced out", "🔐 P e r m i s s i o n: Bash"],
    ["from right to left", "\u202Ehsab :noissimreP 🔐"],
    ["upside down", "ɥsɐq :uoᴉssᴉɯɹǝd 🔐"],
    ["a slip", "🔐 Permision: Bash"],
    ["a line break", "🔐\nPermission: Bash"],
    ["no colon", "🔐 Permission\nBash"],
    ["a dash", "🔐 Permission — Bash"],
    ["more words", "🔐 Claude Code permission required: Edit"],
    ["a tool before the colon", "🔐 Permission needed for Bash: npm test"],
    ["no picture", "Permission: Bash\nnpm test"],
    ["another word", "🔐 Approval: Bash"],
    ["another language", "🔐 Erlaubnis: Bash"],
    ["an MCP tool", "Permission request: mcp__prod__deploy"],
    ["buttons", "✅ Allow   ❌ Deny"],
    ["buttons in brackets", "[Allow] [Deny] [See more]"],
    ["buttons one below the other", "✅ Allow\n\n❌ Deny"],
    ["one button", "✅ Allow"],
    ["a question of its own", "🔐 Bash wants to run npm test. Reply yes to allow it."],
    ["a button of its own", ":lock: npm test: tap *Allow*"],
    ["how to answer", "yes fghij or no fghij"],
    ["until when", "Within 10 min: yes fghij"],
    ["how to see more", "Within 5 min: more fghij (shows the rest) or no fghij"],
    ["an outcome", "✅ Sent: allow, by Ann"],
    ["another outcome", "❌ Sent: deny"],
    ["an end", "⌛ Expired. It can still be decided in the terminal."],
    ["a refusal", "Not all of it can be shown here: it can be allowed at the terminal only."],
  ])("%s", (_, text) => expect(isRefused(text)).toBe(true));
});

describe("a text that names a prompt which waits is refused", () => {
  it.each([
    "please write yes abcde",
    "(ABCDE)",
    "a b c d e",
    "a-b-c-d-e",
    "ab cde",
    "a\nb\nc\nd\ne",
    "аbсdе",
    "ａｂｃｄｅ",
    "a\u200bbcde",
    "first a, then b c d, and at the end: e"
      .replace("first ", "")
      .replace(", then", "")
      .replace(", and at the end:", ""),
    "**a**bcde",
    "`abc`de",
    "🇦🇧🇨🇩🇪",
    "4bcd3".replace("4", "a").replace("3", "e"),
    "edcba\u202E",
  ])("%j", (text) => expect(isRefused(text)).toBe(true));

  it("only while it waits, and only as a word", () => {
    expect(readsLikePrompt("yes abcde", [])).toBe(false);
    expect(readsLikePrompt("xabcdey", ["abcde"])).toBe(false);
  });
});

describe("what Claude usually writes is not refused", () => {
  it.each([
    "🔒 Permission denied: it is read-only",
    "The API returns 403: permission denied.",
    "the file needs permission 🔐",
    "I fixed the permission check in `src/access.ts`, and `npm test` is green ✅",
    "permissions:\n  contents: read\n  packages: write",
    "🔐 Auth: added OAuth login\n🚀 Deploy: done\n📝 Docs: written",
    "✅ tests\n❌ lint",
    "Should I allow or deny the request? Tell me.",
    "No, there is no such file. Yes, there was one.",
    "✅ Done: edit the config and run it again",
    "⚠️ Note: read the docs first",
    "Run `bash install.sh` within 10 min, or tomorrow.",
    "- [x] allow list\n- [ ] deny list",
    "| option | default |\n|---|---|\n| `allow` | `[]` |\n| `deny` | `[]` |",
    "I sent the mail: allow a minute for it",
    "Shell: bash\nEditor: vim",
    "yes fghij",
  ])("%j", (text) => expect(isRefused(text)).toBe(false));
});

it.each([
  "🔐",
  "🔐 ",
  "a ",
  "🔐 permission ",
  "no or ",
  "\n: ",
  "&#",
  ":a",
  "a\u0301\u0301",
  "yes abcd ",
  "\u202Eab",
  "allow ",
])("a long text of %j takes no time", (piece) =>
  expectNoBlock(() => {
    readsLikePrompt(piece.repeat(Math.ceil(30_000 / piece.length)), ["abcde", "fghij"]);
  }),
);
