// The options of a websocket source as they are written in YAML. The type, the validator, the editor's schema and the table in
// docs/connectors/websocket.md are generated from here. What a schema cannot say is in index.ts.

import type { OptionsOf } from "../../contract/options.ts";
import type { JsonSchema } from "../../contract.ts";
import { authOption, headersOption } from "../../intake/request-options.ts";

export const websocketOptions = {
  type: "object",
  additionalProperties: false,
  required: ["url"],
  properties: {
    url: {
      "x-inert": false,
      description: "The URL to connect to, ws or wss.",
      type: "string",
      "x-secret": "variables",
    },
    headers: headersOption,
    auth: authOption,
    protocols: {
      "x-inert": false,
      description: "The subprotocols to offer; the server chooses one of them.",
      type: "array",
      items: { type: "string" },
      minItems: 1,
      uniqueItems: true,
    },
    send: {
      "x-inert": false,
      description:
        "The messages to send first on each connection, in order, such as a subscription. A text is a template with {{time}}; anything else is sent as JSON, whose texts are templates too.",
      type: "array",
      minItems: 1,
      "x-secret": "variables",
      items: { type: ["string", "object", "array"], "x-template": { only: ["time"] }, "x-deep": true },
    },
    idle: {
      "x-inert": true,
      description:
        "The idle timeout after which it reconnects, from 5s to 1d. After half of it a ping is sent.",
      type: "string",
      format: "duration",
      default: "1m",
    },
    max_message: {
      "x-inert": true,
      description: "The maximum size of one message; a larger one closes the connection. At most 64MiB.",
      type: "string",
      format: "size",
      default: "1MiB",
    },
  },
} as const satisfies JsonSchema;

export type WebsocketOptions = OptionsOf<typeof websocketOptions>;
