// The `imap` source type: messages that arrive in a mailbox.

import type { SourceType } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import { guessJson } from "../../intake/json.ts";
import { isObject } from "../../json.ts";
import { urlOf } from "./address.ts";
import { checkOptions } from "./check.ts";
import { arrivalOf, type MessageData } from "./message.ts";
import { type ImapOptions, imapOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { libraries } from "./packages.ts";
import { createImapSource } from "./source.ts";

export const imap: SourceType<ImapOptions> = {
  type: "imap",
  summary: "Reads a mailbox by IMAP: each message that arrives becomes an event.",
  options: imapOptions,
  validate,
  meta: { from: "{{data.from.address}}" },
  content: "text",
  check: checkOptions,
  // Anyone can send mail under any name.
  trust: () => "unverified",
  libraries,
  reaches: (options) => [
    { to: "host", url: urlOf(options), ...(options.seen === "mark" ? { method: "STORE" } : {}) },
  ],
  takes: ({ seen }) => (seen === "mark" ? "it would mark messages as read" : undefined),
  storeKey: ({ host, port, user, mailbox }) => [host.toLowerCase(), port ?? null, user, mailbox],
  sampleArrival({ mailbox }, payload, headers) {
    const parsed = guessJson(payload);
    const message = "data" in parsed ? parsed.data : undefined;
    if (!isObject(message))
      throw new UsageError(
        "E_USAGE",
        'a payload for mail is a message, such as {"from": {"address": "..."}, "subject": "...", "text": "..."}',
      );
    return arrivalOf({ mailbox, uid: 1, text: "", ...message } as MessageData, headers);
  },
  create: createImapSource,
};
