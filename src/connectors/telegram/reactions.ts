// The emoji that a bot may put under a message. Telegram takes only those of a fixed list (ReactionTypeEmoji of the Bot API), of
// which a chat may allow still fewer.

export const allowedReactions: readonly string[] = [
  ..."❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡".split(
    " ",
  ),
];

/** What comes nearest to emoji that people often mean and Telegram does not have. */
const nearest: Readonly<Record<string, string>> = {
  "✅": "👍",
  "☑": "👍",
  "✔": "👍",
  "🆗": "👌",
  "❌": "👎",
  "✖": "👎",
  "🚫": "👎",
  "⛔": "👎",
  "⏳": "👀",
  "⌛": "👀",
  "🔄": "👀",
  "👁": "👀",
  "🔍": "👀",
  "🙂": "😁",
  "😊": "😁",
  "😀": "😁",
  "😄": "😁",
  "😂": "🤣",
  "😅": "😁",
  "🚀": "🔥",
  "⭐": "🤩",
  "🌟": "🤩",
  "✨": "🤩",
  "🥳": "🎉",
  "🎊": "🎉",
  "👋": "🤗",
  "💡": "🤔",
  "❓": "🤔",
  "⚠": "😱",
  "❗": "😱",
  "🐛": "👾",
  "💻": "👨‍💻",
  "🤖": "👾",
  "📝": "✍",
  "🧡": "❤",
  "💛": "❤",
  "💚": "❤",
  "💙": "❤",
  "💜": "❤",
  "🖤": "❤",
  "🙌": "👏",
  "💪": "🏆",
  "😔": "😢",
  "☹": "😢",
  "🙁": "😢",
};

/** The reaction that Telegram has for an emoji, whatever its colour of skin; undefined when none comes near. */
export function reactionFor(emoji: string): string | undefined {
  const bare = emoji.trim().replaceAll(/[\uFE0E\uFE0F]|\p{Emoji_Modifier}/gu, "");
  return allowedReactions.includes(bare) ? bare : nearest[bare];
}
