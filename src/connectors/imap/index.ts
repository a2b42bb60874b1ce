// The `imap` source type: messages in a mailbox, by IMAP, as they come in.

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
  summary: "Reads a mailbox by IMAP, and makes an event of each message that arrives.",
  options: imapOptions,
  validate,
  meta: { from: "{{data.from.address}}" },
  content: "text",
  check: checkOptions,
  // Anybody can write to a mailbox, in any name.
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
        'mail makes events of messages: give one as {"from": {"address": "..."}, "subject": "...", "text": "..."}',
      );
    return arrivalOf({ mailbox, uid: 1, text: "", ...message } as MessageData, headers);
  },
  create: createImapSource,
};
