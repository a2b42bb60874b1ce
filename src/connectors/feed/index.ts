// The `feed` source type: RSS, Atom, RDF and JSON Feed by their address.

import type { OptionIssue, SourceType } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import { guessJson } from "../../intake/json.ts";
import { requestIssues, roundIssues } from "../../intake/request-issues.ts";
import { addressOf, hostReach, originOf } from "../../intake/request-options.ts";
import { isObject } from "../../json.ts";
import type { Entry } from "./entries.ts";
import { type FeedOptions, feedOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { arrivalOf, createFeedSource, trustOfAll, urlsOf } from "./source.ts";

export function checkOptions(options: FeedOptions): OptionIssue[] {
  return [...urlIssues(options), ...roundIssues(options)];
}

/** The same options for each URL; a credential goes to one host only. */
function urlIssues({ url, headers, auth }: FeedOptions): OptionIssue[] {
  const request = { ...(headers === undefined ? {} : { headers }), ...(auth === undefined ? {} : { auth }) };
  const check = (one: string) => requestIssues({ url: one, ...request }, ["https", "http"]);
  if (typeof url === "string") return check(url);
  const [first = "", ...others] = url;
  const isFor = (path: string, index: number) => (issue: OptionIssue) =>
    issue.path[0] === path ? { ...issue, path: [path, index] } : issue;
  const issues = [
    ...check(first).map(isFor("url", 0)),
    ...others.flatMap((one, index) =>
      check(one)
        .filter(({ path }) => path[0] === "url")
        .map(isFor("url", index + 1)),
    ),
  ];
  for (const key of ["headers", "auth"] as const) {
    if (request[key] !== undefined && others.some((one) => originOf(one) !== originOf(first))) {
      const message = "would be sent to several hosts";
      issues.push({ path: [key], message, hint: "use a source of its own for each host that needs it" });
    }
  }
  return issues;
}

export const feed: SourceType<FeedOptions> = {
  type: "feed",
  summary: "Reads an RSS, Atom or JSON feed again and again, and makes an event of each new entry.",
  options: feedOptions,
  validate,
  meta: {},
  content: "text",
  check: checkOptions,
  trust: trustOfAll,
  reaches: (options) => urlsOf(options).flatMap((url) => hostReach({ url })),
  // The state of each URL of a list has its address: a feed may be added without forgetting the others.
  storeKey: ({ url }) => (typeof url === "string" ? addressOf(url) : "feeds"),
  sampleArrival(options, payload) {
    const parsed = guessJson(payload);
    const entry = "data" in parsed ? parsed.data : undefined;
    if (!isObject(entry))
      throw new UsageError(
        "E_USAGE",
        'a feed makes events of entries: give one as {"title": "...", "link": "..."}',
      );
    return arrivalOf({ id: "an-entry", ...entry } as Entry, trustOfAll(options));
  },
  create: createFeedSource,
};
