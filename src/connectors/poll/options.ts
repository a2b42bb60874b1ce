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
        "The address to ask, http or https. After the host it may be a template with {{cursor}} and {{time}}, which are percent-encoded into their place.",
      type: "string",
      "x-secret": "variables",
      "x-template": { only: ["cursor", "time"], encode: "url" },
    },
    every: {
      "x-inert": true,
      description:
        "How long from one request to the next, from 1s to 30d; up to a tenth more by chance, so that many sources do not ask at once.",
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
        "The body of a POST: a template with {{cursor}} and {{time}}. It is sent as application/json when it begins with a brace or bracket, unless headers say otherwise.",
      type: "string",
      "x-secret": "variables",
      "x-template": { only: ["cursor", "time"] },
    },
    json: {
      "x-inert": false,
      description:
        "The body of a POST as a value, sent as JSON. Its texts are templates with {{cursor}} and {{time}}; one that is {{cursor}} alone keeps the type of the cursor, and is left out with its key while there is none.",
      type: ["object", "array"],
      "x-template": { only: ["cursor", "time"] },
      "x-deep": true,
      "x-secret": "variables",
    },
    auth: authOption,
    items: {
      "x-inert": true,
      description:
        "A CEL expression that gives the list of items in an answer (data). Default: the answer itself when it is a list, else the answer as one item.",
      type: "string",
      "x-cel": true,
      examples: ["data.results"],
    },
    key: {
      "x-inert": true,
      description:
        "A CEL expression that gives what makes an item (data) new: an item whose key was seen is no event. Default: data.id where there is one, else the whole item. For an answer that is no list, whatever changes.",
      type: "string",
      "x-cel": true,
      examples: ["string(data.id) + data.updated_at"],
    },
    cursor: {
      "x-inert": false,
      description:
        "A CEL expression that takes from an answer (data, headers) what {{cursor}} gives in the next request; null keeps the one before.",
      type: "string",
      "x-cel": true,
      examples: ["data.next_cursor"],
    },
    next: {
      "x-inert": false,
      description:
        "A CEL expression that gives the URL of the next page of an answer (data, headers), or null. Default: the Link header's rel=next. Pages are on the same host.",
      type: "string",
      "x-cel": true,
      examples: ["data.links.next"],
    },
    max_pages: {
      "x-inert": true,
      description:
        "The most pages that one round reads. Newest first, further pages are read only while all items of the one before are new; oldest first, all are, and with a cursor until nothing new comes.",
      type: "integer",
      minimum: 1,
      maximum: 100,
      default: 10,
    },
    order: {
      "x-inert": true,
      description:
        "How the answer lists its items. Events come oldest first either way; with oldest_first every round reads all pages.",
      type: "string",
      enum: ["newest_first", "oldest_first"],
      default: "newest_first",
    },
    since: {
      "x-inert": true,
      description:
        "What the first answer is: now makes it the state from which changes are events, start makes all that it holds events.",
      type: "string",
      enum: ["now", "start"],
      default: "now",
    },
    backfill: {
      "x-inert": true,
      description: "How many of the newest items in the first answer are events all the same. Default 0.",
      type: "integer",
      minimum: 1,
      maximum: 1000,
    },
    timeout: {
      "x-inert": true,
      description:
        "How long to wait for an answer to begin, from 1s to 10m, and for each further piece of it; all of it may take ten times as long.",
      type: "string",
      format: "duration",
      default: "30s",
    },
    max_body: {
      "x-inert": true,
      description: "The size up to which one answer is read, decompressed. At most 64MiB.",
      type: "string",
      format: "size",
      default: "5MiB",
    },
  },
} as const satisfies JsonSchema;

export type PollOptions = OptionsOf<typeof pollOptions>;
