// A tail source at work: looks which files there are, reads what is new in them chunk by chunk, one after the other, and writes
// down from time to time how far it has come.

import type { Host, Pattern } from "../../contract/host.ts";
import type { Emit, Source, SourceHealth } from "../../contract.ts";
import { ConnectorError, isRouterError } from "../../errors.ts";
import { watchFolders } from "../../files/folder-watch.ts";
import { msUntilIdlePoll } from "../../files/idle-poll.ts";
import { createOnceLogger, readingFailed } from "../../files/log-once.ts";
import { absolute, fileGlob, listOf, parsePattern, shownPath } from "../../files/pattern.ts";
import { createSearch } from "../../files/search.ts";
import { settledOr } from "../../waiting.ts";
import { containerFormat } from "./container.ts";
import { createCursors } from "./cursors.ts";
import type { Follower, Following } from "./follower.ts";
import { createFormat } from "./format.ts";
import { createHandOver, type HandOver } from "./hand-over.ts";
import { heldTooMany } from "./held-files.ts";
import type { TailOptions } from "./options.ts";
import { createRecords, singleLines } from "./records.ts";
import { createRoster, type Roster } from "./roster.ts";
import { createTraceDetector } from "./traces.ts";

const lookMs = 1_000;
/** From then on looks are rarer, where what happens is reported. */
const quietAfterMs = 60_000;
/** From a hint to the look. */
const hintMs = 50;
/** A look may take this share of the time. */
const lookShare = 20;
const saveEveryMs = 5_000;
/**
 * So many lines under way have settled since. After a crash these and those under way come again, and must all be among the delivery ids
 * that are remembered: far fewer than router/known-deliveries.ts keeps.
 */
const saveAfterLines = 1_000;
const maxFiles = 1_000;

/** What leads to the text of a line. */
const textPaths: ReadonlySet<string> = new Set(["text", "data.line"]);

/** The reading of files: begun by `start`. */
interface Work {
  readonly handOver: HandOver;
  readonly roster: Roster;
  save(): Promise<void>;
}

export function createTailSource(name: string, options: TailOptions, host: Host): Source {
  const { clock, log, code } = host;
  const written = listOf(options.files);
  const patterns = written.map((one) => parsePattern(one, host));
  const search = createSearch({
    folder: host.folder,
    patterns,
    matches: patterns.map((pattern, index) =>
      fileGlob(
        pattern,
        code.glob(typeof options.files === "string" ? "files" : `files.${index}`) ?? (() => false),
      ),
    ),
    maxFiles,
  });
  const shown = (path: string) => shownPath(path, host.folder);
  const told = createOnceLogger(name, log, shown);
  const hints = watchFolders(() => hint());
  let work: Work | undefined;
  let isStopped = false;
  let looked: { resolve(): void; reject(error: unknown): void } | undefined;
  let changedMs = 0;
  let savedMs = 0;
  let savedLines = 0;
  let lookTookMs = 0;
  let isHinted = false;
  let hasMore = false;
  let cancelHint = (): void => {};

  const loop = host.loop({
    run: (signal) => look(signal),
    pauseMs(nowMs) {
      if (hasMore) return 0;
      if (isHinted) return hintMs;
      const dueMs = Math.min(
        ...(work?.roster.all() ?? []).map((one) => one.dueMs() ?? Number.POSITIVE_INFINITY),
      );
      const isQuiet = nowMs - changedMs > quietAfterMs && hints.isWhole();
      const usualMs = isQuiet ? msUntilIdlePoll(nowMs) : lookMs;
      const pauseMs = Math.max(usualMs, lookTookMs * lookShare);
      return Math.max(0, Math.min(pauseMs, dueMs - nowMs));
    },
  });

  function hint(): void {
    if (isHinted || isStopped) return;
    isHinted = true;
    cancelHint = clock.after(Math.max(hintMs, lookTookMs), () => loop.now());
  }

  async function look(signal: AbortSignal): Promise<void> {
    const { roster } = work as Work;
    isHinted = false;
    cancelHint();
    const begunMs = performance.now();
    try {
      const findings = await search.look();
      await roster.update(findings);
      lookTookMs = performance.now() - begunMs;
      if (isStopped) return;
      hints.watch(findings.folders);
      looked?.resolve();
      const refused = new Map(findings.refused);
      await read(signal, refused);
      told.tell(new Map([...refused, ...findings.elsewhere]));
      if (roster.all().length === 0 && refused.size > 0) throw unreadable(told.summary() ?? "");
    } catch (error) {
      looked?.reject(error);
      throw error;
    }
  }

  /** Until nothing is left, or it is time to look again. */
  async function read(signal: AbortSignal, refused: Map<string, string>): Promise<void> {
    const { roster } = work as Work;
    const untilMs = clock.now() + lookMs;
    do {
      hasMore = false;
      for (const follower of roster.all()) {
        if (!follower.hasMore()) continue;
        const isMore = await step(follower, signal, refused);
        if (heldTooMany() > 0) await follower.close();
        if (signal.aborted) return;
        hasMore ||= isMore;
        if (isMore) changedMs = clock.now();
        await saveSome();
      }
    } while (hasMore && clock.now() < untilMs);
    for (const follower of roster.all()) {
      await follower.flush(signal);
      if (signal.aborted) return;
    }
    await roster.retire(signal);
    await roster.closeSome();
    await saveSome();
  }

  async function step(
    follower: Follower,
    signal: AbortSignal,
    refused: Map<string, string>,
  ): Promise<boolean> {
    const before = follower.changedMs();
    try {
      const isMore = await follower.step(signal);
      if (follower.changedMs() !== before) changedMs = clock.now();
      if (!follower.isOpen() && follower.missingSinceMs() !== undefined)
        await (work as Work).roster.lose(follower);
      return isMore;
    } catch (error) {
      const { code: reason } = error as NodeJS.ErrnoException;
      if (typeof reason !== "string" || !/^E[A-Z]+$/.test(reason)) throw error;
      if (reason === "ENOENT" && follower.missingSinceMs() !== undefined)
        await (work as Work).roster.lose(follower);
      else if (reason !== "ENOENT")
        refused.set(follower.found().path, readingFailed(error as NodeJS.ErrnoException));
      await follower.close();
      return false;
    }
  }

  async function saveSome(): Promise<void> {
    const { handOver, save } = work as Work;
    const isDue = clock.now() - savedMs >= saveEveryMs || handOver.count() - savedLines >= saveAfterLines;
    if (!isDue) return;
    const [beforeMs, beforeLines] = [savedMs, savedLines];
    savedMs = clock.now();
    savedLines = handOver.count();
    try {
      await save();
    } catch (error) {
      [savedMs, savedLines] = [beforeMs, beforeLines];
      throw error;
    }
  }

  /** In the midst of a read. A place that cannot be written down is tried again after the next lines, which cannot be committed either. */
  async function checkpoint(): Promise<void> {
    await saveSome().catch((error: unknown) => {
      if (!isRouterError(error)) throw error;
    });
  }

  function begin(emit: Emit): Work {
    const cursors = createCursors(host.store);
    const handOver = createHandOver({ source: name, emit, clock, log, checkpoint });
    const following: Following = {
      clock,
      encoding: options.encoding,
      maxLineBytes: options.maxLineBytes,
      containerOf: (head) => containerFormat(options, head),
      partialMs: options.partialMs,
      dataOf: createFormat(options.format, code.regex("pattern")),
      handOver,
      // Of lines that belong together, one may hold it for the others.
      needs: () => (options.multiline === undefined ? handOver.needs(textPaths) : undefined),
      createRecords: () => recordsOf(options, host),
      save: (follower) => cursors.save(follower.id, follower.cursor()),
    };
    const roster = createRoster({ clock, cursors, search, following, patterns: written, from: options.from });
    return {
      handOver,
      roster,
      async save() {
        const all = roster.all();
        await Promise.all(all.map((follower) => cursors.save(follower.id, follower.cursor())));
        await cursors.prune(new Set(all.map(({ id }) => id)));
      },
    };
  }

  return {
    async start(emit) {
      if (work !== undefined || isStopped) throw new Error(`source ${name} was started twice`);
      work = begin(emit);
      changedMs = clock.now();
      const first = new Promise<void>((resolve, reject) => {
        looked = { resolve, reject };
      });
      loop.start();
      // What cannot be read yet is the loop's to tell and to try again.
      await first.catch(() => undefined);
    },
    async drain(deadline) {
      await loop.stop(deadline);
      await work?.handOver.idle(deadline);
    },
    async stop(deadline) {
      const isFirst = !isStopped;
      isStopped = true;
      cancelHint();
      hints.close();
      await loop.stop(deadline);
      work?.handOver.end();
      if (work === undefined || !isFirst) return;
      // What it does not write down now comes again, and is known by its delivery id.
      if (!deadline.aborted) await settledOr(work.save(), deadline);
      await work.roster.close();
    },
    health(): SourceHealth {
      const health = loop.health();
      if (health.state !== "running" || work === undefined) return health;
      const trouble = work.handOver.trouble();
      if (trouble !== undefined)
        return { ...health, detail: `lines wait to be taken: ${trouble}`, lastError: trouble };
      const count = work.roster.all().length;
      const summary = told.summary();
      const detail =
        count === 0
          ? `no file fits yet: ${written.join(", ")}`
          : `follows ${count} ${count === 1 ? "file" : "files"}`;
      return { ...health, detail: summary === undefined ? detail : `${detail}; ${summary}` };
    },
    invitation() {
      const [first] = patterns;
      const address = `lines of ${written.join(", ")}`;
      if (first?.path === undefined) return { address };
      return { address, tryIt: `echo hello >> ${quoted(absolute(first.written, host))}` };
    },
  };
}

function recordsOf({ multiline, maxLineBytes }: TailOptions, { code }: Host) {
  if (multiline === undefined) return singleLines;
  const start = code.regex("multiline.start");
  return createRecords({
    begins: beginsOf(multiline, start),
    maxLines: multiline.maxLines,
    maxBytes: maxLineBytes,
    flushMs: multiline.flushMs,
  });
}

/** A start wins; else what is indented or goes on with a trace belongs to the line before. */
export function beginsOf(
  { indent, traces }: NonNullable<TailOptions["multiline"]>,
  start: Pattern | undefined,
): (line: string) => boolean {
  if (start !== undefined) return (line) => start.test(line);
  const joinsIndented = indent === true || traces !== true;
  const { continues, beganIndented } = createTraceDetector(joinsIndented);
  return (line) => !continues(line) && (beganIndented() || !(joinsIndented && /^[ \t]/.test(line)));
}

function unreadable(summary: string): ConnectorError {
  return new ConnectorError("E_FILE_READ", `no file can be read: ${summary}`, { retryable: true });
}

function quoted(path: string): string {
  return /^[\w./~-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
