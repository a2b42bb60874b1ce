// To whom Claude may write: only to users who may write to Claude. Revoked access applies immediately, also
// to answers to earlier messages.

import type { AccessOptions, ChatAddress } from "../contract/chat.ts";
import type { RouterEvent } from "../contract.ts";
import { UsageError } from "../errors.ts";
import { type AccessRules, rulesOf } from "./rules.ts";
import type { SourceAccess } from "./store.ts";

export interface Outbound {
  /** Throws a UsageError (E_REPLY_NONE) when the event's sender may no longer write there. */
  checkAnswer(event: Pick<RouterEvent, "id" | "data" | "sender">): void;
  /** Throws a UsageError (E_ACCESS_DENIED) for a chat in which nobody may write. */
  addressOf(chatId: string, threadId?: string): ChatAddress;
  /** Would a message of this user in the event's chat be accepted, if it were addressed to the bot? */
  isAdmitted(person: string, event: Pick<RouterEvent, "data">): boolean;
}

export function createOutbound(source: string, options: AccessOptions, added: SourceAccess): Outbound {
  const rules = rulesOf(options, added, () => true);
  const isAdmitted: Outbound["isAdmitted"] = (person, { data }) => {
    if (rules.dm === "disabled") return false;
    const { chat_id, chat_type, parent_id } = (data ?? {}) as Record<string, unknown>;
    if (chat_type !== "group") return rules.isAllowed(person) || rules.isBotAllowed(person);
    const group =
      rules.group(String(chat_id)) ?? (parent_id === undefined ? undefined : rules.group(String(parent_id)));
    return group !== undefined && (group.allow.map(String).includes(person) || rules.isBotAllowed(person));
  };
  return {
    isAdmitted,
    checkAnswer(event) {
      if (event.sender !== undefined && isAdmitted(event.sender.id, event)) return;
      throw new UsageError(
        "E_REPLY_NONE",
        `the sender of ${event.id} may no longer write here, so nothing is sent there`,
      );
    },
    addressOf(chatId, threadId) {
      const thread = threadId === undefined ? {} : { threadId };
      if (rules.dm !== "disabled") {
        const user = Object.entries(added.chats).find(([, chat]) => chat === chatId)?.[0];
        if (user !== undefined && rules.isAllowed(user)) return { chatId, ...thread };
        if (rules.isAllowed(chatId)) return { person: chatId };
        if ((rules.group(chatId)?.allow.length ?? 0) > 0) return { chatId, ...thread };
      }
      throw new UsageError("E_ACCESS_DENIED", `chat ${chatId} of ${source} may not be written to`, {
        hint: `those that may: ${listed(rules, options, added)}; only the user can add one, with channel-router access`,
      });
    },
  };
}

function listed(rules: AccessRules, options: AccessOptions, added: SourceAccess): string {
  if (rules.dm === "disabled") return "none, access is disabled";
  const people = [...options.allow.map(String), ...Object.keys(added.people)];
  const groups = [...Object.keys(options.groups), ...Object.keys(added.groups)];
  const all = [...people, ...groups.filter((chat) => (rules.group(chat)?.allow.length ?? 0) > 0)];
  return all.length === 0 ? "none" : all.slice(0, 20).join(", ");
}
