// The rounds of a feed: request it conditionally, and make an event of each new entry.

import type { Host } from "../../contract/host.ts";
import type { Arrival, Json, Source, Trust } from "../../contract.ts";
import { ask, createValidators } from "../../intake/conditional.ts";
import { createLoopSource, everySoOften } from "../../intake/loop-source.ts";
import { createNewItems, type NewItems } from "../../intake/new-items.ts";
import { describeUrl, requestHeaders, trustOf } from "../../intake/request-options.ts";
import { keyOf } from "../../intake/seen-keys.ts";
import { type Entry, entriesOf } from "./entries.ts";
import type { FeedOptions } from "./options.ts";
import { readFeed } from "./read-feed.ts";

const accept =
  "application/feed+json, application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, */*;q=0.5";

export function createFeedSource(name: string, options: FeedOptions, host: Host): Source {
  const { store, clock } = host;
  const { url, timeoutMs } = options;
  const backfill = options.since === "start" ? Number.POSITIVE_INFINITY : (options.backfill ?? 0);
  const trust = trustOf(url);
  const validators = createValidators(store);
  const identity: Json = [url];
  let newItems: NewItems | undefined;

  async function round(items: NewItems, signal: AbortSignal): Promise<void> {
    const answer = await ask(host.http, {
      url,
      headers: { accept, ...requestHeaders(options), ...validators.headers(identity) },
      timeoutMs,
      idleMs: timeoutMs,
      bodyMs: 10 * timeoutMs,
      signal,
    });
    if (answer === undefined) return;
    const entries = entriesOf(await readFeed(answer, options.maxBodyBytes), answer.url);
    const shared = repeated(entries.map(({ id }) => id));
    await items.take(
      entries.map((entry) => ({
        // An id that several entries share is ignored.
        key: keyOf(shared.has(entry.id) ? entry : entry.id),
        arrival: arrivalOf(entry, trust),
      })),
      signal,
    );
    await validators.remember(identity, answer.headers);
  }

  return createLoopSource(name, host, {
    loop(emit) {
      const items = createNewItems({ emit, clock, store, backfill });
      newItems = items;
      return { run: (signal) => round(items, signal), ...everySoOften(options.everyMs) };
    },
    place: () => describeUrl(url),
    held: () => newItems?.held(),
  });
}

function repeated(ids: readonly string[]): ReadonlySet<string> {
  const once = new Set<string>();
  return new Set(ids.filter((id) => once.size === once.add(id).size));
}

export function arrivalOf(entry: Entry, trust: Trust): Arrival {
  const { title, link, summary } = entry;
  const text = [title, summary, link].filter((line) => line !== undefined).join("\n");
  return { data: entry, text: text === "" ? entry.id : text, trust };
}
