// The `poll` source type: requests an address again and again, and makes events of new items in the answers.

import type { Json, SourceType } from "../../contract.ts";
import { guessJson } from "../../intake/json.ts";
import { addressOf, trustOf } from "../../intake/request-options.ts";
import { checkOptions, methodOf } from "./check.ts";
import { type PollOptions, pollOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { arrivalOf } from "./pages.ts";
import { createPollSource } from "./source.ts";

export const poll: SourceType<PollOptions> = {
  type: "poll",
  summary: "Asks an HTTP address again and again, and makes an event of each item that is new in its answer.",
  options: pollOptions,
  validate,
  meta: {},
  check: checkOptions,
  trust: ({ url }) => trustOf(url),
  reaches: (options) => {
    const method = methodOf(options);
    return [{ to: "host", url: options.url, ...(method === "GET" ? {} : { method }) }];
  },
  storeKey: ({ url, method, body, json, items, key, cursor }) => [
    addressOf(url),
    ...[method, body, json as Json | undefined, items, key, cursor].map((value) => value ?? null),
  ],
  sampleArrival(options, payload) {
    const parsed = guessJson(payload);
    return arrivalOf("data" in parsed ? parsed.data : payload, trustOf(options.url));
  },
  create: createPollSource,
};
