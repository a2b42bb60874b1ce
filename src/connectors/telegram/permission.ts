// A permission prompt: one message with its buttons, what a press on them says, and its end.

import type { RawApi } from "grammy";
import type { CallbackQuery, InlineKeyboardButton } from "grammy/types";
import { splitText } from "../../chat/parts.ts";
import type { ButtonPress, People, PermissionButton, PermissionPrompt } from "../../contract/chat.ts";
import type { Json, JsonObject } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { isRefused, longestText, noPreview } from "./send.ts";

/** Of a notice on a button (answerCallbackQuery). */
const longestNotice = 200;

export async function askPermission(raw: RawApi, person: string, prompt: PermissionPrompt): Promise<Json> {
  const buttons = prompt.buttons.map(({ button, label }) => ({
    text: label,
    callback_data: `permission:${button}:${prompt.id}`,
  }));
  // The id of a group, or the name of a channel, would show it to everybody there.
  if (!/^\d+$/.test(person))
    throw new ConnectorError(
      "E_CHAT",
      `${person.slice(0, 40)} is no id of one person, who could be asked alone`,
    );
  const { message_id: id } = await raw.sendMessage({
    chat_id: person,
    text: cut(prompt.text, longestText),
    ...noPreview,
    reply_markup: { inline_keyboard: [buttons] },
  });
  return { chat_id: person, message_id: id };
}

export async function expirePermission(raw: RawApi, asked: Json, text: string): Promise<void> {
  const { chat_id: chatId, message_id: id } = asked as JsonObject & { chat_id: string; message_id: number };
  const words = { chat_id: chatId, text: cut(text, longestText), ...noPreview };
  try {
    await raw.editMessageText({ ...words, message_id: id });
  } catch (error) {
    if (isRefused(error, /not modified/i)) return;
    // It was deleted, or is too old to be changed.
    if (!isRefused(error, /message/i)) throw error;
    await raw.sendMessage(words);
  }
}

/** Undefined for a button that is none of ours. */
export function pressOf({ data, from }: CallbackQuery): ButtonPress | undefined {
  const [, button, promptId] = /^permission:(more|allow|deny):([a-z0-9]{1,20})$/.exec(data ?? "") ?? [];
  if (button === undefined || promptId === undefined) return undefined;
  const name = from.last_name === undefined ? from.first_name : `${from.first_name} ${from.last_name}`;
  return { sender: { id: String(from.id), name }, promptId, button: button as PermissionButton };
}

/** Rejects as `People.press` does, before anything is shown. What Telegram refuses of the rest is told to `failed`. */
export async function answerPress(
  raw: RawApi,
  query: CallbackQuery,
  people: Pick<People, "press">,
  failed: (error: unknown) => void,
): Promise<void> {
  const press = pressOf(query);
  const answer = press === undefined ? ({ show: "nothing" } as const) : await people.press(press);
  const notice = answer.show === "notice" ? { text: cut(answer.text, longestNotice) } : {};
  // An old press cannot be answered any more, which nobody misses.
  const acknowledged = raw
    .answerCallbackQuery({ callback_query_id: query.id, ...notice })
    .catch(() => undefined);
  if (answer.show === "details" && query.message !== undefined) {
    await raw
      .editMessageText({
        chat_id: query.message.chat.id,
        message_id: query.message.message_id,
        text: cut(answer.text, longestText),
        ...noPreview,
        reply_markup: { inline_keyboard: withoutMore(query) },
      })
      .catch(failed);
  }
  await acknowledged;
}

function withoutMore({ message }: CallbackQuery): InlineKeyboardButton[][] {
  const rows =
    message !== undefined && "reply_markup" in message ? message.reply_markup?.inline_keyboard : undefined;
  return (rows ?? []).map((row) =>
    row.filter(
      (button) => !("callback_data" in button && button.callback_data?.startsWith("permission:more:")),
    ),
  );
}

function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const [first = ""] = splitText(text, { max: max - 1, unit: "characters" });
  return `${first}…`;
}
