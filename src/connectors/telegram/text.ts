// The text of a message: without the mention of the bot, with the URLs of its links, and the command for the
// bot. Offsets and lengths of entities count UTF-16 units, as JavaScript strings do.

import type { Message, MessageEntity, User } from "grammy/types";

type Worded = Pick<Message, "text" | "caption" | "entities" | "caption_entities">;
type Self = Pick<User, "id" | "username">;

export function readableText(message: Worded, self: Self): string {
  const { text, entities } = wordsOf(message);
  let readable = text;
  // From the end, so that earlier offsets stay valid.
  for (const entity of [...entities].sort((a, b) => b.offset - a.offset)) {
    const end = entity.offset + entity.length;
    if (isOurMention(entity, text, self)) readable = readable.slice(0, entity.offset) + readable.slice(end);
    else if (entity.type === "text_link" && entity.url !== text.slice(entity.offset, end))
      readable = `${readable.slice(0, end)} (${entity.url})${readable.slice(end)}`;
  }
  return readable.replace(/[ \t]{2,}/g, (spaces) => (entities.length > 0 ? " " : spaces)).trim();
}

export function isMentioned(message: Worded, self: Self): boolean {
  const { text, entities } = wordsOf(message);
  return entities.some((entity) => isOurMention(entity, text, self));
}

/** `start` for `/start` and `/start@ours`. In a group a command without a name may be for any bot. */
export function commandOf(message: Worded, self: Self, isDirect: boolean): string | undefined {
  const { text, entities } = wordsOf(message);
  const first = entities.find(({ type, offset }) => type === "bot_command" && offset === 0);
  if (first === undefined) return undefined;
  const [name = "", bot] = text.slice(1, first.length).split("@");
  const isOurs = bot === undefined ? isDirect : isOurName(bot, self);
  return isOurs ? name.toLowerCase() : undefined;
}

function wordsOf({ text, caption, entities, caption_entities: captionEntities }: Worded): {
  readonly text: string;
  readonly entities: readonly MessageEntity[];
} {
  return text === undefined
    ? { text: caption ?? "", entities: captionEntities ?? [] }
    : { text, entities: entities ?? [] };
}

function isOurMention(entity: MessageEntity, text: string, self: Self): boolean {
  if (entity.type === "text_mention") return entity.user.id === self.id;
  return (
    entity.type === "mention" && isOurName(text.slice(entity.offset + 1, entity.offset + entity.length), self)
  );
}

function isOurName(name: string, { username }: Self): boolean {
  return username !== undefined && name.toLowerCase() === username.toLowerCase();
}
