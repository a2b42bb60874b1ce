// The emoji that a bot may add to a message. Telegram accepts only those of a fixed list (ReactionTypeEmoji
// of the Bot API), of which a chat may allow fewer.

export const allowedReactions: readonly string[] = [
  ..."❤ 👍 👎 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ 🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡".split(
    " ",
  ),
];

/** The nearest match for common emoji that Telegram does not support. */
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

/** Telegram's reaction for an emoji, ignoring skin tones; undefined without a near match. */
export function reactionFor(emoji: string): string | undefined {
  const bare = emoji.trim().replaceAll(/[\uFE0E\uFE0F]|\p{Emoji_Modifier}/gu, "");
  return allowedReactions.includes(bare) ? bare : nearest[bare];
}
