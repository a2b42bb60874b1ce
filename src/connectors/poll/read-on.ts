// From the first answer of a round to every page that may contain new items: along the links to further
// pages, and, when the oldest come first, from cursor to cursor until nothing new comes.

import type { Json } from "../../contract.ts";
import type { Page, PageReader } from "./pages.ts";

interface Road {
  readonly order: "newest_first" | "oldest_first";
  readonly maxPages: number;
  readonly pages: Pick<PageReader, "cursorOf" | "keyOf">;
  /** In an earlier round. */
  isSeen(key: string): boolean;
  /** Whether the items of an answer are known yet: the first time all pages are read. */
  readonly isBegun: boolean;
  /** A further page by its URL; undefined when it has not changed. */
  ask(url: string): Promise<Page | undefined>;
  /** The next answer from where the cursor is. */
  askFrom(cursor: Json): Promise<Page | undefined>;
}

export interface ReadResult {
  /** In the order in which they were answered. */
  readonly all: readonly Page[];
  /** The cursor of the next round; undefined until an answer gave one. */
  readonly cursor: Json | undefined;
  /**
   * What was skipped because of the page limit: pages that no later round may reach, or items after the
   * cursor.
   */
  readonly rest: "none" | "pages" | "cursor";
  /** Why the request at the cursor failed: the pages before it are kept. */
  readonly failure?: unknown;
}

export async function readOn(first: Page, before: Json | undefined, road: Road): Promise<ReadResult> {
  const { order, maxPages, pages, isSeen, isBegun } = road;
  const all: Page[] = [first];
  /** Cursors of earlier answers in this round: some servers return a cursor and then ignore it. */
  const read = new Set<string>();
  let cursor = before;
  let begin = 0;
  for (;;) {
    const rest = first.shape === "list" ? await alongLinks() : "none";
    const chain = all.slice(begin);
    const last = (order === "newest_first" ? chain[0] : chain.at(-1)) ?? first;
    const next = pages.cursorOf(last, cursor);
    const hasMoved = next !== undefined && JSON.stringify(next) !== JSON.stringify(cursor);
    cursor = next;
    const keys = chain.flatMap((page) => page.items).map(pages.keyOf);
    const isNew = keys.some((key) => !isSeen(key) && !read.has(key));
    for (const key of keys) read.add(key);
    if (order === "newest_first" || first.shape !== "list" || rest !== "none" || !hasMoved || !isNew)
      return { all, cursor, rest };
    if (all.length >= maxPages) return { all, cursor, rest: "cursor" };
    try {
      const page = await road.askFrom(cursor as Json);
      if (page === undefined || page.shape !== "list") return { all, cursor, rest: "none" };
      begin = all.length;
      all.push(page);
    } catch (failure) {
      return { all, cursor, rest: "cursor", failure };
    }
  }

  async function alongLinks(): Promise<ReadResult["rest"]> {
    for (let page = all.at(-1); page?.next !== undefined; page = all.at(-1)) {
      if (isBegun && order === "newest_first" && page.items.map(pages.keyOf).some(isSeen)) return "none";
      if (all.some(({ url }) => url === page?.next)) return "none";
      if (all.length >= maxPages) return "pages";
      const next = await road.ask(page.next);
      if (next === undefined) return "none";
      all.push(next);
    }
    return "none";
  }
}
