// A permission prompt: one message with its buttons, the verdict of a button press, and its end.

import type { RawApi } from "grammy";
import type { CallbackQuery, InlineKeyboardMarkup } from "grammy/types";
import { telegramHtml, writeMarkup } from "../../chat/markup.ts";
import { plainPrompt, promptRuns, wholePrompt } from "../../chat/prompt-text.ts";
import { splitText } from "../../chat/split-message.ts";
import type {
  AskedPrompt,
  ButtonPress,
  People,
  PermissionButton,
  PermissionPrompt,
  PromptText,
} from "../../contract/chat.ts";
import { ConnectorError } from "../../errors.ts";
import { isRefused, longestText, noPreview } from "./send.ts";

/** Maximum of a notice on a button (answerCallbackQuery). */
const longestNotice = 200;

export async function askPermission(
  raw: RawApi,
  person: string,
  prompt: PermissionPrompt,
): Promise<AskedPrompt> {
  // The id of a group, or the name of a channel, would show it to everybody there.
  if (!/^\d+$/.test(person))
    throw new ConnectorError(
      "E_CHAT",
      `${person.slice(0, 40)} is not the id of a user, who could be asked in private`,
    );
  return continuePermission(raw, { chat_id: person, message_ids: [] }, prompt);
}

/** Never as plain text: without its markup a prompt would not mark text that a model wrote. */
export async function continuePermission(
  raw: RawApi,
  { chat_id, message_ids }: AskedPrompt,
  { id: promptId, text, buttons }: PermissionPrompt,
): Promise<AskedPrompt> {
  const { message_id: id } = await raw.sendMessage({
    chat_id,
    ...words(text),
    ...noPreview,
    ...(buttons.length === 0 ? {} : { reply_markup: keyboard(promptId, buttons) }),
  });
  return { chat_id, message_ids: [...message_ids, String(id)] };
}

function words(text: PromptText): { readonly text: string; readonly parse_mode: "HTML" } {
  // Telegram counts the text without its markup, which is shorter than this form.
  wholePrompt(plainPrompt({ ...text, quoted: [] }) + text.quoted.join("\n"), longestText - 10);
  return { text: writeMarkup(promptRuns(text), telegramHtml), parse_mode: "HTML" };
}

function keyboard(promptId: string, buttons: PermissionPrompt["buttons"]): InlineKeyboardMarkup {
  const row = buttons.map(({ button, label }) => ({
    text: label,
    callback_data: `permission:${button}:${promptId}`,
  }));
  return { inline_keyboard: [row] };
}

export async function expirePermission(raw: RawApi, asked: AskedPrompt, text: PromptText): Promise<void> {
  const { chat_id: chatId, message_ids: ids } = asked;
  for (const [index, id] of ids.entries()) {
    const isLast = index === ids.length - 1;
    const said = { chat_id: chatId, ...words(isLast ? text : { ...text, quoted: [] }), ...noPreview };
    try {
      await raw.editMessageText({ ...said, message_id: Number(id) });
    } catch (error) {
      if (isRefused(error, /not modified/i)) continue;
      // It was deleted, or is too old to be changed.
      if (!isRefused(error, /message/i)) throw error;
      if (isLast) await raw.sendMessage(said);
    }
  }
}

/** Undefined for an unknown button. */
export function pressOf({ data, from }: CallbackQuery): ButtonPress | undefined {
  const [, button, promptId] = /^permission:(more|allow|deny):([a-z0-9]{1,40})$/.exec(data ?? "") ?? [];
  if (button === undefined || promptId === undefined) return undefined;
  const name = from.last_name === undefined ? from.first_name : `${from.first_name} ${from.last_name}`;
  return { sender: { id: String(from.id), name }, promptId, button: button as PermissionButton };
}

/** Rejects as `People.press` does, before anything is shown. */
export async function answerPress(
  raw: RawApi,
  query: CallbackQuery,
  people: Pick<People, "press">,
): Promise<void> {
  const press = pressOf(query);
  const answer = press === undefined ? ({ show: "nothing" } as const) : await people.press(press);
  const notice = answer.show === "notice" ? { text: cut(answer.text, longestNotice) } : {};
  // An old press cannot be answered any more; this does no harm.
  await raw.answerCallbackQuery({ callback_query_id: query.id, ...notice }).catch(() => undefined);
}

function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  const [first = ""] = splitText(text, { max: max - 1, unit: "characters" });
  return `${first}…`;
}
