// The options of a webchat source as they are written in YAML. The type, the validator, the editor's schema and the table in
// docs/connectors/webchat.md are generated from here.

import { chatOptions } from "../../chat/options.ts";
import type { OptionsOf } from "../../contract/options.ts";
import type { JsonSchema } from "../../contract.ts";

export const webchatOptions = {
  type: "object",
  additionalProperties: false,
  properties: {
    path: {
      "x-inert": true,
      description: "The path of the page on the HTTP server, beginning with a slash.",
      type: "string",
      pattern: "^(/[A-Za-z0-9._~-]+)+$",
      default: "/chat",
    },
    ...chatOptions,
    history: {
      "x-inert": true,
      description: "How many messages per browser are kept and shown when its page is opened again.",
      type: "integer",
      minimum: 1,
      maximum: 1000,
      default: 200,
    },
    max_upload: {
      "x-inert": true,
      description: "The maximum total size of the files of one message. At most 64MiB.",
      type: "string",
      format: "size",
      default: "25MiB",
    },
  },
} as const satisfies JsonSchema;

export type WebchatOptions = OptionsOf<typeof webchatOptions>;
