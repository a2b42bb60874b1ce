// The options of a feed source as they are written in YAML. The type, the validator, the editor's schema and the table in
// docs/connectors/feed.md are generated from here.

import type { OptionsOf } from "../../contract/options.ts";
import type { JsonSchema } from "../../contract.ts";
import { authOption, headersOption } from "../../intake/request-options.ts";

export const feedOptions = {
  type: "object",
  additionalProperties: false,
  required: ["url"],
  properties: {
    url: {
      "x-inert": false,
      description:
        "The URL of the feed, http or https: RSS, Atom, RDF or JSON Feed. Or a list of up to 20 URLs, whose entries become the events of one source.",
      type: ["string", "array"],
      items: { type: "string" },
      minItems: 1,
      maxItems: 20,
      uniqueItems: true,
      "x-secret": "variables",
    },
    every: {
      "x-inert": true,
      description: "The delay between two requests, from 1s to 30d, plus a random delay of up to a tenth.",
      type: "string",
      format: "duration",
      default: "15m",
    },
    headers: headersOption,
    auth: authOption,
    since: {
      "x-inert": true,
      description:
        "How to treat the entries of the first response: now records them without events, start makes each one an event.",
      type: "string",
      enum: ["now", "start"],
      default: "now",
    },
    backfill: {
      "x-inert": true,
      description: "How many of the newest entries in the first response become events anyway. Default 0.",
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
      description: "The maximum size of the feed after decompression. At most 64MiB.",
      type: "string",
      format: "size",
      default: "5MiB",
    },
  },
} as const satisfies JsonSchema;

export type FeedOptions = OptionsOf<typeof feedOptions>;
