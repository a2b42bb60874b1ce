// The rounds of one or several feeds: request each conditionally, and make an event of each new entry.

import type { Host, Store } from "../../contract/host.ts";
import type { Arrival, Emit, Json, Source, Trust } from "../../contract.ts";
import { ask, createValidators } from "../../intake/conditional.ts";
import { createLoopSource, everySoOften } from "../../intake/loop-source.ts";
import { createNewItems, type NewItems } from "../../intake/new-items.ts";
import { addressOf, describeUrl, requestHeaders, trustOf } from "../../intake/request-options.ts";
import { keyOf } from "../../intake/seen-keys.ts";
import { type Entry, entriesOf } from "./entries.ts";
import type { FeedOptions } from "./options.ts";
import { readFeed } from "./read-feed.ts";

const accept =
  "application/feed+json, application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, */*;q=0.5";

export function urlsOf({ url }: Pick<FeedOptions, "url">): readonly string[] {
  return typeof url === "string" ? [url] : url;
}

/** The weakest one: the events of a source have one trust. */
export function trustOfAll(options: Pick<FeedOptions, "url">): Trust {
  const trusts = new Set(urlsOf(options).map(trustOf));
  return (["unverified", "local"] as const).find((trust) => trusts.has(trust)) ?? "verified";
}

/** One of the feeds of a source. */
interface Feed {
  readonly items: NewItems;
  round(signal: AbortSignal): Promise<void>;
  /** Not requested before: a failed feed is retried alone. */
  dueMs: number;
}

export function createFeedSource(name: string, options: FeedOptions, host: Host): Source {
  const { store, clock } = host;
  const { timeoutMs, everyMs } = options;
  const urls = urlsOf(options);
  const backfill = options.since === "start" ? Number.POSITIVE_INFINITY : (options.backfill ?? 0);
  const trust = trustOfAll(options);
  let feeds: readonly Feed[] = [];

  function createFeed(url: string, emit: Emit): Feed {
    const own = typeof options.url === "string" ? store : partOf(store, `${keyOf(addressOf(url))}/`);
    const items = createNewItems({ emit, clock, store: own, backfill });
    const validators = createValidators(own);
    const identity: Json = [url];

    async function round(signal: AbortSignal): Promise<void> {
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
    return { items, round, dueMs: 0 };
  }

  /** All feeds that are due, also after one of them failed; then the first failure is reported. */
  async function round(signal: AbortSignal): Promise<void> {
    const failures: unknown[] = [];
    for (const feed of feeds) {
      if (clock.now() < feed.dueMs) continue;
      try {
        await feed.round(signal);
        feed.dueMs = feeds.length === 1 ? 0 : clock.now() + everyMs / 2;
      } catch (error) {
        if (signal.aborted) throw error;
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  return createLoopSource(name, host, {
    loop(emit) {
      feeds = urls.map((url) => createFeed(url, emit));
      return { run: round, ...everySoOften(everyMs) };
    },
    place: () => urls.map((url) => describeUrl(url)).join(", "),
    held: () => feeds.map(({ items }) => items.held()).find((held) => held !== undefined),
  });
}

/** The part of a store whose keys begin with this prefix. */
function partOf(store: Store, prefix: string): Store {
  return {
    get: (key) => store.get(prefix + key),
    entries: () =>
      store
        .entries()
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, value]) => [key.slice(prefix.length), value] as const),
    set: (key, value) => store.set(prefix + key, value),
  };
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
