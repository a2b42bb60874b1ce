// Who may write where: combines the config and the user's additions into one set of rules, and applies it to
// one message. Pure. The sender counts, never the chat alone.

import type { AccessOptions, GroupAccess, IncomingMessage } from "../contract/chat.ts";
import type { DmPolicy, SourceAccess } from "./store.ts";

export interface AccessRules {
  readonly dm: DmPolicy;
  isAllowed(person: string): boolean;
  isBotAllowed(bot: string): boolean;
  group(chatId: string): GroupAccess | undefined;
  /** Do the config's patterns match a text that is addressed to the bot? */
  mentionsUs(text: string): boolean;
}

/** Whether a pattern of `mention_patterns` matches in a text. */
export type MentionTest = (text: string) => boolean;

export type AccessDecision =
  | { readonly as: "admitted" }
  /** Will get a pairing code. */
  | { readonly as: "stranger" }
  /** The reason, without anything of the message. */
  | { readonly as: "dropped"; readonly reason: string };

export function rulesOf(options: AccessOptions, added: SourceAccess, mentions: MentionTest): AccessRules {
  const fixed = new Set(options.allow.map(String));
  const bots = new Set(options.bots.map(String));
  return {
    dm: added.dm ?? options.dm,
    isAllowed: (person) => fixed.has(person) || Object.hasOwn(added.people, person),
    isBotAllowed: (bot) => bots.has(bot),
    group: (chatId) => own(options.groups, chatId) ?? own(added.groups, chatId),
    mentionsUs: mentions,
  };
}

export function judge(
  { sender, isBot, chat, text, isForUs }: IncomingMessage,
  rules: AccessRules,
): AccessDecision {
  if (rules.dm === "disabled") return drop("access is disabled");
  if (isBot && !rules.isBotAllowed(sender.id)) return drop(`bot ${sender.id} is not in access.bots`);
  if (chat.kind === "direct") {
    if (isBot || rules.isAllowed(sender.id)) return { as: "admitted" };
    return rules.dm === "pairing" ? { as: "stranger" } : drop(`${sender.id} is not allowed`);
  }
  const group =
    rules.group(chat.id) ?? (chat.parentId === undefined ? undefined : rules.group(chat.parentId));
  if (group === undefined) return drop(`group ${chat.id} is not in access.groups`);
  if (!isBot && !group.allow.map(String).includes(sender.id))
    return drop(`${sender.id} is not allowed in group ${chat.id}`);
  if (group.mention && !isForUs && !rules.mentionsUs(text))
    return drop(`a message in group ${chat.id} that does not mention the bot`);
  return { as: "admitted" };
}

function drop(reason: string): AccessDecision {
  return { as: "dropped", reason };
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
