// The files that are followed: added, removed, and where each is read from.

import type { Clock } from "../../contract.ts";
import type { Findings, FoundFile, Search, SeenFolders } from "../../files/search.ts";
import { type Cursor, type Cursors, inodeOf } from "./cursors.ts";
import { hasCompressedName, noFingerprint } from "./fingerprint.ts";
import { Follower, type FollowerOptions, heldTooMany, newGeneration } from "./follower.ts";

/** A renamed file is read for this much longer, because its writer may still have it open. */
const afterRenameMs = 10_000;
/** Maximum of files that are opened at once, to record their beginnings. */
const atOnce = 8;

interface TailedFilesOptions {
  readonly clock: Clock;
  readonly cursors: Cursors;
  readonly search: Search;
  readonly following: FollowerOptions;
  /** As written, in the order of the search. */
  readonly patterns: readonly string[];
  /** For files that exist when a pattern is looked up for the first time. */
  readonly from: "end" | "start";
}

export class TailedFiles {
  readonly #clock: TailedFilesOptions["clock"];
  readonly #cursors: TailedFilesOptions["cursors"];
  readonly #search: TailedFilesOptions["search"];
  readonly #following: TailedFilesOptions["following"];
  readonly #patterns: TailedFilesOptions["patterns"];
  readonly #from: TailedFilesOptions["from"];
  readonly #followers = new Map<string, Follower>();
  #isFirstLook = true;

  constructor(options: TailedFilesOptions) {
    const { clock, cursors, search, following, patterns, from } = options;
    this.#clock = clock;
    this.#cursors = cursors;
    this.#search = search;
    this.#following = following;
    this.#patterns = patterns;
    this.#from = from;
  }

  all(): readonly Follower[] {
    return [...this.#followers.values()];
  }

  /** Unreadable: it was removed and cannot be found under another name. */
  async lose(follower: Follower): Promise<void> {
    const found = await this.#search.renamed(follower.found().path, follower.id);
    if (found !== undefined) {
      const since = follower.missingSinceMs();
      follower.see(found);
      if (since !== undefined) follower.miss(since);
      return;
    }
    if ((follower.missingSinceMs() ?? Number.POSITIVE_INFINITY) + afterRenameMs > this.#clock.now()) return;
    await this.#following.save(follower);
    await this.#end(follower);
  }

  /** Removes files that have been away for long enough and were read to their end. */
  async retire(signal: AbortSignal): Promise<void> {
    for (const follower of this.#followers.values()) {
      const since = follower.missingSinceMs();
      if (since === undefined || this.#clock.now() < Math.max(since, follower.changedMs()) + afterRenameMs)
        continue;
      await follower.flush(signal, true);
      if (signal.aborted) return;
      await this.#following.handOver.idle(signal);
      if (signal.aborted) return;
      if (await follower.isRemoved()) await this.#cursors.forget(follower.id);
      else await this.#following.save(follower);
      await this.#end(follower);
    }
  }

  /** Closes the files that have been idle the longest. */
  async closeSome(): Promise<void> {
    const open = [...this.#followers.values()].filter((follower) => follower.isOpen());
    const idle = open.filter((follower) => !follower.hasMore());
    idle.sort((a, b) => a.changedMs() - b.changedMs());
    for (const follower of idle.slice(0, heldTooMany())) await follower.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#followers.values()].map((follower) => follower.close()));
  }

  /** Adds the files that were found. Settles when the start offset of each new file is durable. */
  async update({ files, beyond }: Findings): Promise<void> {
    const byId = new Map<string, FoundFile>();
    for (const found of files.values()) {
      const known = byId.get(found.id);
      const isAsBefore = found.path === this.#followers.get(found.id)?.found().path;
      if (!hasCompressedName(found.path) && (known === undefined || isAsBefore)) byId.set(found.id, found);
    }
    const present = new Set(byId.keys());
    for (const follower of this.#followers.values()) {
      const found = byId.get(follower.id);
      if (found === undefined) follower.miss();
      else follower.see(found);
    }
    const fresh = this.#patterns.filter((written) => !this.#cursors.isKnownPattern(written));
    const absent = absentByInode(this.#cursors, present);
    const old: Follower[] = [];
    for (const found of byId.values()) {
      if (this.#followers.has(found.id)) continue;
      const cursor = this.#remembered(found, absent);
      const isOld =
        cursor === undefined &&
        this.#from === "end" &&
        fresh.includes(this.#patterns[found.pattern] as string);
      const follower = this.#add(found, cursor ?? (isOld ? found.size : 0));
      if (isOld) old.push(follower);
    }
    // Many at once are one commit.
    for (let from = 0; from < old.length; from += atOnce)
      await Promise.all(old.slice(from, from + atOnce).map((follower: Follower) => this.#note(follower)));
    if (this.#from === "end")
      await this.#rememberEnds(
        beyond.filter(({ pattern }) => fresh.includes(this.#patterns[pattern] as string)),
      );
    if (this.#isFirstLook) await this.#recover(new Set([...present, ...beyond.map(({ id }) => id)]));
    for (const written of fresh) await this.#cursors.rememberPattern(written);
    this.#isFirstLook = false;
  }

  /** Also under the old number of the device, when only that has changed. */
  #remembered({ id, size }: FoundFile, absent: AbsentByInode): Cursor | undefined {
    const known = this.#cursors.get(id);
    if (known !== undefined) return known;
    const moved = absent()
      .get(inodeOf(id))
      ?.find(({ offset }) => offset <= size);
    return moved !== undefined && moved.fingerprint.bytes > 0 ? moved : undefined;
  }

  #add(found: FoundFile, at: Cursor | number): Follower {
    const follower = new Follower(found, at, this.#following);
    this.#followers.set(found.id, follower);
    return follower;
  }

  /** A file that cannot be opened yet is identified by its path alone. */
  async #note(follower: Follower): Promise<void> {
    await follower.prepare().catch(() => this.#following.save(follower));
    await follower.close();
  }

  /** A file that was renamed between two looks is read to its end, too. */
  async #recover(present: ReadonlySet<string>): Promise<void> {
    const seen: SeenFolders = new Map();
    for (const [id, cursor] of this.#cursors.all()) {
      if (present.has(id) || this.#followers.has(id)) continue;
      const found = await this.#search.renamed(cursor.path, id, seen);
      if (found === undefined || found.size === cursor.offset) continue;
      this.#add(found, cursor).miss();
    }
  }

  /** Once they are written to, they are followed: from their current end. */
  async #rememberEnds(beyond: readonly FoundFile[]): Promise<void> {
    const unknown = beyond.filter(
      ({ id, path }) => this.#cursors.get(id) === undefined && !hasCompressedName(path),
    );
    await Promise.all(
      unknown.map(({ id, path, size }) =>
        this.#cursors.save(id, {
          path,
          offset: size,
          generation: newGeneration(),
          fingerprint: noFingerprint,
        }),
      ),
    );
  }

  async #end(follower: Follower): Promise<void> {
    this.#followers.delete(follower.id);
    await follower.close();
  }
}

/** Missing files by inode; built on first use. */
type AbsentByInode = () => ReadonlyMap<string, readonly Cursor[]>;

function absentByInode(cursors: Cursors, present: ReadonlySet<string>): AbsentByInode {
  let absent: Map<string, Cursor[]> | undefined;
  return () => {
    if (absent !== undefined) return absent;
    absent = new Map();
    for (const [id, cursor] of cursors.all()) {
      if (present.has(id)) continue;
      const known = absent.get(inodeOf(id));
      if (known === undefined) absent.set(inodeOf(id), [cursor]);
      else known.push(cursor);
    }
    return absent;
  };
}
