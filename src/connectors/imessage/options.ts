// The options of an imessage source as they are written in YAML. The type, the validator, the editor's schema and the table in
// docs/connectors/imessage.md are generated from here.

import { chatOptions } from "../../chat/options.ts";
import type { OptionsOf } from "../../contract/options.ts";
import type { JsonSchema } from "../../contract.ts";

const { access } = chatOptions;

export const imessageOptions = {
  type: "object",
  additionalProperties: false,
  properties: {
    access: {
      ...access,
      properties: {
        ...access.properties,
        dm: {
          ...access.properties.dm,
          description:
            "How messages from strangers are handled: allowlist ignores them; pairing replies, in your name, with a code that you approve with channel-router access pair; disabled ignores everyone.",
          default: "allowlist",
        },
      },
    },
    own: {
      "x-inert": false,
      description:
        "Your own addresses (phone numbers with their country code, email addresses): messages to yourself count as written by you. Default: those that Messages has sent from.",
      type: "array",
      items: { type: "string", minLength: 3 },
      examples: [["+15550100", "me@example.com"]],
    },
    services: {
      "x-inert": false,
      description:
        "The services whose messages are accepted. The sender of an SMS can be forged, that of an iMessage cannot.",
      type: "array",
      items: { type: "string", enum: ["iMessage", "SMS", "RCS"] },
      minItems: 1,
      uniqueItems: true,
      default: ["iMessage"],
    },
    signature: {
      "x-inert": false,
      description: "A line added to each sent message, so that people know who wrote it. None by default.",
      type: "string",
      maxLength: 200,
      examples: ["Sent by Claude"],
    },
    every: {
      "x-inert": true,
      description: "How often to check for new messages.",
      type: "string",
      format: "duration",
      default: "1s",
    },
    database: {
      "x-inert": false,
      description: "The Messages database.",
      type: "string",
      minLength: 1,
      default: "~/Library/Messages/chat.db",
    },
  },
} as const satisfies JsonSchema;

export type ImessageOptions = OptionsOf<typeof imessageOptions>;
