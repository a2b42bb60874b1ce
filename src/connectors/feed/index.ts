// The `feed` source type: RSS, Atom, RDF and JSON Feed by their address.

import type { OptionIssue, SourceType } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import { guessJson } from "../../intake/json.ts";
import { requestIssues, roundIssues } from "../../intake/request-issues.ts";
import { addressOf, hostReach, trustOf } from "../../intake/request-options.ts";
import { isObject } from "../../json.ts";
import type { Entry } from "./entries.ts";
import { type FeedOptions, feedOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { arrivalOf, createFeedSource } from "./source.ts";

export function checkOptions(options: FeedOptions): OptionIssue[] {
  return [...requestIssues(options, ["https", "http"]), ...roundIssues(options)];
}

export const feed: SourceType<FeedOptions> = {
  type: "feed",
  summary: "Reads an RSS, Atom or JSON feed again and again, and makes an event of each new entry.",
  options: feedOptions,
  validate,
  meta: {},
  content: "text",
  check: checkOptions,
  trust: ({ url }) => trustOf(url),
  reaches: hostReach,
  storeKey: ({ url }) => addressOf(url),
  sampleArrival(options, payload) {
    const parsed = guessJson(payload);
    const entry = "data" in parsed ? parsed.data : undefined;
    if (!isObject(entry))
      throw new UsageError(
        "E_USAGE",
        'a feed makes events of entries: give one as {"title": "...", "link": "..."}',
      );
    return arrivalOf({ id: "an-entry", ...entry } as Entry, trustOf(options.url));
  },
  create: createFeedSource,
};
