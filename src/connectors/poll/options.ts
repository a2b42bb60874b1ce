// The options of a poll source as they are written in YAML. The type, the validator, the editor's schema and the table in
// docs/connectors/poll.md are generated from here. What a schema cannot say is in check.ts.

import type { OptionsOf } from "../../contract/options.ts";
import type { JsonSchema } from "../../contract.ts";
import { authOption, headersOption } from "../../intake/request-options.ts";

export const pollOptions = {
  type: "object",
  additionalProperties: false,
  required: ["url"],
  properties: {
    url: {
      "x-inert": false,
      description:
        "The URL to poll, http or https. After the host it may be a template with {{cursor}} and {{time}}, which are percent-encoded.",
      type: "string",
      "x-secret": "variables",
      "x-template": { only: ["cursor", "time"], encode: "url" },
    },
    every: {
      "x-inert": true,
      description:
        "The delay between two requests, from 1s to 30d, plus a random delay of up to a tenth, so that sources do not poll at the same time.",
      type: "string",
      format: "duration",
      default: "1m",
    },
    method: {
      "x-inert": false,
      description: "The method of the request. Default GET, or POST with body or json.",
      type: "string",
      enum: ["GET", "POST"],
    },
    headers: headersOption,
    body: {
      "x-inert": false,
      description:
        "The body of a POST: a template with {{cursor}} and {{time}}. It is sent as application/json if it begins with a brace or bracket, unless headers say otherwise.",
      type: "string",
      "x-secret": "variables",
      "x-template": { only: ["cursor", "time"] },
    },
    json: {
      "x-inert": false,
      description:
        "The body of a POST as a value, sent as JSON. Its texts are templates with {{cursor}} and {{time}}; a text that is only {{cursor}} keeps the type of the cursor, and is omitted with its key until there is one.",
      type: ["object", "array"],
      "x-template": { only: ["cursor", "time"] },
      "x-deep": true,
      "x-secret": "variables",
    },
    auth: authOption,
    items: {
      "x-inert": true,
      description:
        "A CEL expression for the list of items in a response (data). Default: the response itself if it is a list, else the response as one item.",
      type: "string",
      "x-cel": true,
      examples: ["data.results"],
    },
    key: {
      "x-inert": true,
      description:
        "A CEL expression for the key of an item (data): an item whose key was already seen is not an event. Default: data.id if there is one, else the whole item. If the response is not a list, every change is an event.",
      type: "string",
      "x-cel": true,
      examples: ["string(data.id) + data.updated_at"],
    },
    cursor: {
      "x-inert": false,
      description:
        "A CEL expression over a response (data, headers) for the {{cursor}} of the next request; null keeps the previous one.",
      type: "string",
      "x-cel": true,
      examples: ["data.next_cursor"],
    },
    next: {
      "x-inert": false,
      description:
        "A CEL expression over a response (data, headers) for the URL of the next page, or null. Default: the Link header's rel=next. Pages must be on the same host.",
      type: "string",
      "x-cel": true,
      examples: ["data.links.next"],
    },
    max_pages: {
      "x-inert": true,
      description:
        "The maximum number of pages per round. With newest_first, further pages are read only while all items of the previous page are new; with oldest_first, all pages are read, and with a cursor until there are no new items.",
      type: "integer",
      minimum: 1,
      maximum: 100,
      default: 10,
    },
    order: {
      "x-inert": true,
      description:
        "How the response sorts its items. Events come oldest first either way; with oldest_first every round reads all pages.",
      type: "string",
      enum: ["newest_first", "oldest_first"],
      default: "newest_first",
    },
    since: {
      "x-inert": true,
      description:
        "How to treat the first response: now records it without events, start makes all of its items events.",
      type: "string",
      enum: ["now", "start"],
      default: "now",
    },
    backfill: {
      "x-inert": true,
      description: "How many of the newest items in the first response become events anyway. Default 0.",
      type: "integer",
      minimum: 1,
      maximum: 1000,
    },
    timeout: {
      "x-inert": true,
      description:
        "How long to wait for a response to begin, from 1s to 10m, and for each further chunk; the whole response may take ten times as long.",
      type: "string",
      format: "duration",
      default: "30s",
    },
    max_body: {
      "x-inert": true,
      description: "The maximum size of one response after decompression. At most 64MiB.",
      type: "string",
      format: "size",
      default: "5MiB",
    },
  },
} as const satisfies JsonSchema;

export type PollOptions = OptionsOf<typeof pollOptions>;
