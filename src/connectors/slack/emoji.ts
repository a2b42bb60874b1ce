// Slack names its emoji where others write the character itself.

import { ConnectorError } from "../../errors.ts";

const names: Readonly<Record<string, string>> = {
  "👍": "thumbsup",
  "👎": "thumbsdown",
  "👀": "eyes",
  "✅": "white_check_mark",
  "❌": "x",
  "🎉": "tada",
  "❤": "heart",
  "🔥": "fire",
  "🙏": "pray",
  "👏": "clap",
  "😂": "joy",
  "🤔": "thinking_face",
  "😱": "scream",
  "😢": "cry",
  "🚀": "rocket",
  "⏳": "hourglass_flowing_sand",
  "⚠": "warning",
  "💯": "100",
  "👌": "ok_hand",
  "🐛": "bug",
  "🛠": "hammer_and_wrench",
  "🟢": "large_green_circle",
  "🔴": "red_circle",
};

/** `👀` -> `eyes`, `:shipit:` -> `shipit`. Throws a ConnectorError for an emoji without a name here. */
export function emojiName(emoji: string): string {
  const plain = emoji.replaceAll("\uFE0F", "");
  const known = names[plain];
  if (known !== undefined) return known;
  const name = /^:?([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):?$/.exec(plain)?.[1];
  if (name !== undefined) return name;
  throw new ConnectorError("E_CHAT", `${emoji} has no name here`, {
    hint: `use Slack's own name, such as eyes, or one of ${Object.keys(names).join(" ")}`,
  });
}
