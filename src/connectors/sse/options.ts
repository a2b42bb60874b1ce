// The options of an sse source as they are written in YAML. The type, the validator, the editor's schema and the table in
// docs/connectors/sse.md are generated from here. What a schema cannot say is in index.ts.

import type { OptionsOf } from "../../contract/options.ts";
import type { JsonSchema } from "../../contract.ts";
import { authOption, headersOption } from "../../intake/request-options.ts";

export const sseOptions = {
  type: "object",
  additionalProperties: false,
  required: ["url"],
  properties: {
    url: {
      "x-inert": false,
      description:
        "The URL of the event stream, http or https. The URL of a relay is a secret: use a variable.",
      type: "string",
      "x-secret": "variables",
    },
    events: {
      "x-inert": true,
      description:
        "The names of the accepted events; an event without a name is called message. Default: all, or message for a relay.",
      type: "array",
      items: { type: "string" },
      minItems: 1,
      uniqueItems: true,
    },
    headers: headersOption,
    auth: authOption,
    relay: {
      "x-inert": true,
      description:
        "The kind of webhook relay: events are then the requests that it forwards. smee is smee.io and compatible servers.",
      type: "string",
      enum: ["smee"],
    },
    idle: {
      "x-inert": true,
      description: "The idle timeout, comments included, after which it reconnects, from 5s to 1d.",
      type: "string",
      format: "duration",
      default: "5m",
    },
    max_message: {
      "x-inert": true,
      description:
        "The maximum size of one event; a larger one is skipped and counted in status. At most 64MiB.",
      type: "string",
      format: "size",
      default: "1MiB",
    },
  },
} as const satisfies JsonSchema;

export type SseOptions = OptionsOf<typeof sseOptions>;
