// Checks of a telegram source that the schema cannot express, its consent items, and the sample arrival of a
// payload.

import type { Message, Update } from "grammy/types";
import type { Reach } from "../../contract/power.ts";
import type { Arrival, OptionIssue, Surroundings } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import { isObject } from "../../json.ts";
import { readMessage } from "./message.ts";
import type { TelegramOptions } from "./options.ts";

export function checkOptions({ webhook }: TelegramOptions, { publicUrl }: Surroundings): OptionIssue[] {
  if (webhook === undefined) return [];
  if (publicUrl === undefined) {
    return [
      {
        path: ["webhook"],
        message: "needs public_url: the address at which Telegram reaches the listener",
        hint: "write  public_url: https://...  at the top of the file, or remove webhook: the bot then polls",
      },
    ];
  }
  if (publicUrl.startsWith("https://")) return [];
  return [
    {
      path: ["webhook"],
      message: "needs a public_url that begins with https://: Telegram posts to no other",
    },
  ];
}

/**
 * The URL contains the bot's token. Anybody who knows the secret of a webhook can post in any user's name, an
 * approver's too: it admits users as `allow` does.
 */
export function reachesOf({ apiRoot, webhook }: Pick<TelegramOptions, "apiRoot" | "webhook">): Reach[] {
  return [
    { to: "host", url: apiRoot },
    ...(webhook === undefined
      ? []
      : [{ to: "people" as const, who: `anyone who knows the secret of ${webhook.path}` }]),
  ];
}

/** The payload is an update or a message of the Bot API, or else the text of a message to the bot. */
export function sampleArrival(_options: TelegramOptions, payload: string): Arrival {
  const value = parsed(payload);
  const given = typeof value === "object" ? value : undefined;
  const text = typeof value === "string" ? value : payload;
  const message =
    given?.message ?? given?.edited_message ?? (given?.chat === undefined ? written(text) : given);
  try {
    const read = readMessage(
      [message as Message],
      { id: 1, username: "bot" },
      given?.edited_message !== undefined,
    );
    if (read !== undefined) return read.arrival;
  } catch {
    // It lacks the mandatory fields of a message.
  }
  throw new UsageError("E_USAGE", "this is not a message of a user", {
    hint: "give the text of a message, or an update of the Bot API",
  });
}

function parsed(payload: string): (Partial<Message> & Partial<Update>) | string | undefined {
  try {
    const value: unknown = JSON.parse(payload);
    if (typeof value === "string") return value;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function written(text: string): Partial<Message> {
  return {
    message_id: 1,
    text,
    from: { id: 1, is_bot: false, first_name: "Somebody" },
    chat: { id: 1, type: "private", first_name: "Somebody" },
  };
}
