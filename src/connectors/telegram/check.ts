// What a schema cannot say of a telegram source, what it asks a person for, and the arrival that a payload would make.

import type { Message, Update } from "grammy/types";
import type { Reach } from "../../contract/power.ts";
import type { Arrival, OptionIssue, Surroundings } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import { readMessage } from "./message.ts";
import type { TelegramOptions } from "./options.ts";

export function checkOptions({ webhook }: TelegramOptions, { publicUrl }: Surroundings): OptionIssue[] {
  if (webhook === undefined) return [];
  if (publicUrl === undefined) {
    return [
      {
        path: ["webhook"],
        message: "needs public_url: the address at which Telegram reaches the listener",
        hint: "write  public_url: https://...  at the top of the file, or leave webhook out: the bot then asks by itself",
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
 * The address gets the bot's token. Whoever knows the secret of a webhook can post in anybody's name, an approver's too: it admits
 * people as `allow` does.
 */
export function reachesOf({ apiRoot, webhook }: Pick<TelegramOptions, "apiRoot" | "webhook">): Reach[] {
  return [
    { to: "host", url: apiRoot },
    ...(webhook === undefined
      ? []
      : [{ to: "people" as const, who: `whoever knows the secret of ${webhook.path}` }]),
  ];
}

/** The payload is an update or a message as the Bot API has them, or else what somebody writes to the bot. */
export function imagineArrival(_options: TelegramOptions, payload: string): Arrival {
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
    // It lacks what every message has.
  }
  throw new UsageError("E_USAGE", "this is no message that somebody wrote", {
    hint: "give the text of a message, or an update as the Bot API has it",
  });
}

function parsed(payload: string): (Partial<Message> & Partial<Update>) | string | undefined {
  try {
    const value: unknown = JSON.parse(payload);
    if (typeof value === "string") return value;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
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
