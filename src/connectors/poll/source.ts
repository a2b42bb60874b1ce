// The rounds of a poll: request, read the new items, emit them, and only then advance: keys, cursor and
// validators of the server are stored when the events before them are durable.

import type { Host, Store } from "../../contract/host.ts";
import type { Emit, Json, Source } from "../../contract.ts";
import { ConnectorError } from "../../errors.ts";
import { ask, createValidators } from "../../intake/conditional.ts";
import { createHandOver, type HandOver } from "../../intake/hand-over.ts";
import { createLoopSource, everySoOften } from "../../intake/loop-source.ts";
import { createNewItems, type Item, type NewItems } from "../../intake/new-items.ts";
import { describeUrl, trustOf } from "../../intake/request-options.ts";
import { line } from "../../text.ts";
import type { PollOptions } from "./options.ts";
import { arrivalOf, createPageReader, type Page } from "./pages.ts";
import { readOn } from "./read-on.ts";
import { type Request, requestOf } from "./request.ts";

/** The last value of an answer that is not a list. */
interface Last {
  readonly key: string;
  /** Distinguishes a state that comes back from its first occurrence. */
  readonly count: number;
}

/** Shapes that an error page may have, by the expected shape that it never has. */
const shapes = ["text", "value", "list"];
const meantAfter = 3;
const longestWaitMs = 60 * 60 * 1_000;

/**
 * An answer that changes from a list to another shape is an error page, not news. But if the first answer of all
 * was such a page, the shape that repeats afterwards is accepted, and the state is reset.
 */
function createShapeGuard(store: Store): (page: Page) => Promise<void> {
  /** Consecutive answers in another shape than before. */
  let strangers = 0;
  return async ({ shape, found }: Page) => {
    const before = store.get("shape");
    if (shape === "nothing") return;
    strangers = before === undefined || before === shape ? 0 : strangers + 1;
    if (strangers === 0) return before === shape ? undefined : store.set("shape", shape);
    if (strangers >= meantAfter && shapes.indexOf(shape) > shapes.indexOf(before as string)) {
      strangers = 0;
      await store.set("last", null);
      return store.set("shape", shape);
    }
    const names: Readonly<Record<string, string>> = { list: "a list", value: "an object", text: "a text" };
    throw new ConnectorError(
      "E_HTTP_CONTENT",
      `the answer is ${names[shape]} (${found}), where it was ${names[String(before)]} before`,
      {
        retryable: true,
        hint: "a login page, or an error? If this is intended, give the source another name",
      },
    );
  };
}

export function createPollSource(name: string, options: PollOptions, host: Host): Source {
  const { store, clock, code, log } = host;
  const { everyMs, order, maxPages } = options;
  const backfill = options.since === "start" ? Number.POSITIVE_INFINITY : (options.backfill ?? 0);
  const trust = trustOf(options.url);
  const reported = new Set<string>();
  const pages = createPageReader(code, { maxBytes: options.maxBodyBytes, misfit: warnOnce });
  const validators = createValidators(store);
  const holdShape = createShapeGuard(store);
  let newItems: NewItems | undefined;
  let handOver: HandOver | undefined;
  /** GitHub asks its clients to wait this long: docs.github.com, "Events", x-poll-interval. */
  let askedToWaitMs = 0;

  function warnOnce(what: string): void {
    if (reported.has(what)) return;
    reported.add(what);
    log.warn(line`source ${name}: ${what}`);
  }

  /** Undefined when nothing has changed. */
  async function read(request: Request, signal: AbortSignal): Promise<Page | undefined> {
    const answer = await ask(host.http, { ...request, signal });
    if (answer === undefined) return undefined;
    askedToWaitMs = Math.min(Number(answer.headers["x-poll-interval"] ?? 0) * 1_000 || 0, longestWaitMs);
    return pages.read(answer);
  }

  /** Oldest first. */
  function listed(all: readonly Page[]): Item[] {
    const found = all.flatMap((page) => page.items);
    if (order === "newest_first") found.reverse();
    return found.map((item) => ({ key: pages.keyOf(item), arrival: arrivalOf(item, trust) }));
  }

  async function takeChange({ content, items }: Page, emit: Emit, signal: AbortSignal): Promise<void> {
    const [value = null] = items;
    const last = store.get("last") as Last | undefined;
    const key = pages.keyOf(value);
    if (last?.key === key) return;
    const next = { key, count: (last?.count ?? 0) + 1 };
    if (last !== undefined || (backfill > 0 && items.length > 0)) {
      handOver = createHandOver(emit, clock, signal);
      await handOver.give({ data: value, text: content.text, trust, deliveryId: `${next.count}:${key}` });
      await handOver.settled();
    }
    await store.set("last", next);
  }

  async function round(emit: Emit, items: NewItems, signal: AbortSignal): Promise<void> {
    const before = store.get("cursor");
    const request = requestOf(options, code, before, clock.now());
    const isGet = request.method === "GET";
    const identity: Json = [request.url];
    const conditions = isGet ? validators.headers(identity) : {};
    const first = await read({ ...request, headers: { ...request.headers, ...conditions } }, signal);
    if (first === undefined) return;
    await holdShape(first);
    const { all, cursor, rest, failure } = await readOn(first, before, {
      order,
      maxPages,
      pages,
      isSeen: (key) => !items.isNew(key),
      isBegun: items.isBegun(),
      ask: (url) => read({ ...request, url }, signal),
      askFrom: (cursor) => read(requestOf(options, code, cursor, clock.now()), signal),
    });
    const isHistory = !items.isBegun() && backfill !== Number.POSITIVE_INFINITY;
    if (rest === "pages" && !isHistory)
      warnOnce(`the answer has more than ${maxPages} pages, and the others were not read: raise max_pages`);
    // The first answer of all is empty: the state starts there, whatever comes later.
    const shape = first.shape === "nothing" ? store.get("shape") : first.shape;
    if (rest === "cursor" && isHistory) {
      const more = `fills more than ${maxPages} pages: no events are made until all were read`;
      if (failure === undefined) warnOnce(`the initial content ${more}`);
      await items.pass(listed(all));
    } else if (shape === undefined || shape === "list") await items.take(listed(all), signal);
    if (shape !== "list") await takeChange(first, emit, signal);
    if (cursor !== undefined && JSON.stringify(cursor) !== JSON.stringify(before))
      await store.set("cursor", cursor);
    // Of a paged answer only the first page is requested conditionally: when new items come last, a 304 would
    // hide them.
    if (isGet && (order === "newest_first" || all.length === 1))
      await validators.remember(identity, first.headers);
    else await validators.forget();
    if (failure !== undefined) throw failure;
  }

  return createLoopSource(name, host, {
    loop(emit) {
      const items = createNewItems({ emit, clock, store, backfill });
      newItems = items;
      return {
        run: (signal) => round(emit, items, signal),
        ...everySoOften(everyMs, () => askedToWaitMs),
      };
    },
    place: () => describeUrl(options.url),
    held: () => newItems?.held() ?? handOver?.held(),
  });
}
