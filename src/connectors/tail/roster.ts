// The files that are followed: which come, which go, and where each is to be read from.

import type { Clock } from "../../contract.ts";
import type { Findings, FoundFile, Search, SeenFolders } from "../../files/search.ts";
import { type Cursor, type Cursors, inodeOf } from "./cursors.ts";
import { hasCompressedName, noFingerprint } from "./fingerprint.ts";
import { createFollower, type Follower, type Following, newGeneration } from "./follower.ts";
import { heldTooMany } from "./held-files.ts";

/** A file that was renamed away is read so much longer, for whoever still writes to it. */
const afterRenameMs = 10_000;
/** So many are opened at once, to note how they begin. */
const atOnce = 8;

export interface Roster {
  /** Takes in what was found. Settles when it is durable where each new file begins. */
  update(findings: Findings): Promise<void>;
  all(): readonly Follower[];
  /** Not to be read: it has gone and cannot be found under another name. */
  lose(follower: Follower): Promise<void>;
  /** Ends those that have been away for long enough and were read to their end. */
  retire(signal: AbortSignal): Promise<void>;
  /** Closes what nobody has written to for the longest. */
  closeSome(): Promise<void>;
  close(): Promise<void>;
}

interface RosterOptions {
  readonly clock: Clock;
  readonly cursors: Cursors;
  readonly search: Search;
  readonly following: Following;
  /** As written, in the order of the search. */
  readonly patterns: readonly string[];
  /** In files that are there when a pattern is looked up for the first time. */
  readonly from: "end" | "start";
}

export function createRoster(options: RosterOptions): Roster {
  const { clock, cursors, search, following, patterns, from } = options;
  const followers = new Map<string, Follower>();
  let isFirstLook = true;

  /** By the device's old number too, when only that has changed. */
  function remembered({ id, size }: FoundFile, absent: AbsentByInode): Cursor | undefined {
    const known = cursors.get(id);
    if (known !== undefined) return known;
    const moved = absent()
      .get(inodeOf(id))
      ?.find(({ offset }) => offset <= size);
    return moved !== undefined && moved.fingerprint.bytes > 0 ? moved : undefined;
  }

  function add(found: FoundFile, at: Cursor | number): Follower {
    const follower = createFollower(found, at, following);
    followers.set(found.id, follower);
    return follower;
  }

  /** A file that may not be opened yet is known by its place alone. */
  async function note(follower: Follower): Promise<void> {
    await follower.prepare().catch(() => following.save(follower));
    await follower.close();
  }

  /** What was renamed while nobody looked: its rest is read too. */
  async function recover(present: ReadonlySet<string>): Promise<void> {
    const seen: SeenFolders = new Map();
    for (const [id, cursor] of cursors.all()) {
      if (present.has(id) || followers.has(id)) continue;
      const found = await search.renamed(cursor.path, id, seen);
      if (found === undefined || found.size === cursor.offset) continue;
      add(found, cursor).miss();
    }
  }

  /** Once they are written to, they are among those that are read: from where they end now. */
  async function rememberEnds(beyond: readonly FoundFile[]): Promise<void> {
    const unknown = beyond.filter(
      ({ id, path }) => cursors.get(id) === undefined && !hasCompressedName(path),
    );
    await Promise.all(
      unknown.map(({ id, path, size }) =>
        cursors.save(id, { path, offset: size, generation: newGeneration(), fingerprint: noFingerprint }),
      ),
    );
  }

  async function update({ files, beyond }: Findings): Promise<void> {
    const byId = new Map<string, FoundFile>();
    for (const found of files.values()) {
      const known = byId.get(found.id);
      const isAsBefore = found.path === followers.get(found.id)?.found().path;
      if (!hasCompressedName(found.path) && (known === undefined || isAsBefore)) byId.set(found.id, found);
    }
    const present = new Set(byId.keys());
    for (const follower of followers.values()) {
      const found = byId.get(follower.id);
      if (found === undefined) follower.miss();
      else follower.see(found);
    }
    const fresh = patterns.filter((written) => !cursors.isKnownPattern(written));
    const absent = absentByInode(cursors, present);
    const old: Follower[] = [];
    for (const found of byId.values()) {
      if (followers.has(found.id)) continue;
      const cursor = remembered(found, absent);
      const isOld =
        cursor === undefined && from === "end" && fresh.includes(patterns[found.pattern] as string);
      const follower = add(found, cursor ?? (isOld ? found.size : 0));
      if (isOld) old.push(follower);
    }
    // Many at once are one commit.
    for (let from = 0; from < old.length; from += atOnce)
      await Promise.all(old.slice(from, from + atOnce).map(note));
    if (from === "end")
      await rememberEnds(beyond.filter(({ pattern }) => fresh.includes(patterns[pattern] as string)));
    if (isFirstLook) await recover(new Set([...present, ...beyond.map(({ id }) => id)]));
    for (const written of fresh) await cursors.rememberPattern(written);
    isFirstLook = false;
  }

  async function end(follower: Follower): Promise<void> {
    followers.delete(follower.id);
    await follower.close();
  }

  return {
    update,
    all: () => [...followers.values()],
    async lose(follower) {
      const found = await search.renamed(follower.found().path, follower.id);
      if (found !== undefined) {
        const since = follower.missingSinceMs();
        follower.see(found);
        if (since !== undefined) follower.miss(since);
        return;
      }
      if ((follower.missingSinceMs() ?? Number.POSITIVE_INFINITY) + afterRenameMs > clock.now()) return;
      await following.save(follower);
      await end(follower);
    },
    async retire(signal) {
      for (const follower of followers.values()) {
        const since = follower.missingSinceMs();
        if (since === undefined || clock.now() < Math.max(since, follower.changedMs()) + afterRenameMs)
          continue;
        await follower.flush(signal, true);
        if (signal.aborted) return;
        await following.handOver.idle(signal);
        if (signal.aborted) return;
        if (await follower.isRemoved()) await cursors.forget(follower.id);
        else await following.save(follower);
        await end(follower);
      }
    },
    async closeSome() {
      const open = [...followers.values()].filter((follower) => follower.isOpen());
      const quiet = open.filter((follower) => !follower.hasMore());
      quiet.sort((a, b) => a.changedMs() - b.changedMs());
      for (const follower of quiet.slice(0, heldTooMany())) await follower.close();
    },
    async close() {
      await Promise.all([...followers.values()].map((follower) => follower.close()));
    },
  };
}

/** Of files that are not there, by inode; made when it is first asked. */
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
