// A tail source at work: looks which files there are, reads what is new in them chunk by chunk, one after the other, and writes
// down from time to time how far it has come.

import type { EndpointInfo } from "../../contract/endpoint-info.ts";
import type { Host, Loop, Pattern } from "../../contract/host.ts";
import type { Emit, Source, SourceHealth } from "../../contract.ts";
import { ConnectorError, isRouterError } from "../../errors.ts";
import { type FolderWatch, watchFolders } from "../../files/folder-watch.ts";
import { msUntilIdlePoll } from "../../files/idle-poll.ts";
import { createOnceLogger, type OnceLogger, readingFailed } from "../../files/log-once.ts";
import {
  absolute,
  type FilePattern,
  fileGlob,
  listOf,
  parsePattern,
  shownPath,
} from "../../files/pattern.ts";
import { createSearch, type Search } from "../../files/search.ts";
import { settledOr } from "../../waiting.ts";
import { containerFormat } from "./container.ts";
import { createCursors } from "./cursors.ts";
import type { Follower, Following } from "./follower.ts";
import { createFormat } from "./format.ts";
import { createHandOver, type HandOver } from "./hand-over.ts";
import { heldTooMany } from "./held-files.ts";
import type { TailOptions } from "./options.ts";
import { createRecords, singleLines } from "./records.ts";
import { Roster } from "./roster.ts";
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
  return new TailSource(name, options, host);
}

class TailSource implements Source {
  readonly #name: string;
  readonly #options: TailOptions;
  readonly #host: Host;
  readonly #clock: Host["clock"];
  readonly #log: Host["log"];
  readonly #code: Host["code"];
  readonly #written: readonly string[];
  readonly #patterns: FilePattern[];
  readonly #search: Search;
  readonly #told: OnceLogger;
  readonly #hints: FolderWatch;
  #work: Work | undefined;
  #isStopped = false;
  #looked: { resolve(): void; reject(error: unknown): void } | undefined;
  #changedMs = 0;
  #savedMs = 0;
  #savedLines = 0;
  #lookTookMs = 0;
  #isHinted = false;
  #hasMore = false;
  #cancelHint = (): void => {};
  readonly #loop: Loop;

  constructor(name: string, options: TailOptions, host: Host) {
    this.#name = name;
    this.#options = options;
    this.#host = host;
    const { clock, log, code } = host;
    this.#clock = clock;
    this.#log = log;
    this.#code = code;
    const written = listOf(options.files);
    this.#written = written;
    const patterns = written.map((one) => parsePattern(one, host));
    this.#patterns = patterns;
    this.#search = createSearch({
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
    this.#told = createOnceLogger(name, log, (path: string) => this.#shown(path));
    const hints = watchFolders(() => this.#hint());
    this.#hints = hints;
    this.#loop = host.loop({
      run: (signal) => this.#look(signal),
      pauseMs: (nowMs) => {
        if (this.#hasMore) return 0;
        if (this.#isHinted) return hintMs;
        const dueMs = Math.min(
          ...(this.#work?.roster.all() ?? []).map((one) => one.dueMs() ?? Number.POSITIVE_INFINITY),
        );
        const isQuiet = nowMs - this.#changedMs > quietAfterMs && hints.isWhole();
        const usualMs = isQuiet ? msUntilIdlePoll(nowMs) : lookMs;
        const pauseMs = Math.max(usualMs, this.#lookTookMs * lookShare);
        return Math.max(0, Math.min(pauseMs, dueMs - nowMs));
      },
    });
  }

  async start(emit: Emit): Promise<void> {
    if (this.#work !== undefined || this.#isStopped)
      throw new Error(`source ${this.#name} was started twice`);
    this.#work = this.#begin(emit);
    this.#changedMs = this.#clock.now();
    const first = new Promise<void>((resolve, reject) => {
      this.#looked = { resolve, reject };
    });
    this.#loop.start();
    // What cannot be read yet is the loop's to tell and to try again.
    await first.catch(() => undefined);
  }

  async drain(deadline: AbortSignal): Promise<void> {
    await this.#loop.stop(deadline);
    await this.#work?.handOver.idle(deadline);
  }

  async stop(deadline: AbortSignal): Promise<void> {
    const isFirst = !this.#isStopped;
    this.#isStopped = true;
    this.#cancelHint();
    this.#hints.close();
    await this.#loop.stop(deadline);
    this.#work?.handOver.end();
    if (this.#work === undefined || !isFirst) return;
    // What it does not write down now comes again, and is known by its delivery id.
    if (!deadline.aborted) await settledOr(this.#work.save(), deadline);
    await this.#work.roster.close();
  }

  health(): SourceHealth {
    const health = this.#loop.health();
    if (health.state !== "running" || this.#work === undefined) return health;
    const trouble = this.#work.handOver.trouble();
    if (trouble !== undefined)
      return { ...health, detail: `lines wait to be taken: ${trouble}`, lastError: trouble };
    const count = this.#work.roster.all().length;
    const summary = this.#told.summary();
    const detail =
      count === 0
        ? `no file fits yet: ${this.#written.join(", ")}`
        : `follows ${count} ${count === 1 ? "file" : "files"}`;
    return { ...health, detail: summary === undefined ? detail : `${detail}; ${summary}` };
  }

  invitation(): EndpointInfo {
    const [first] = this.#patterns;
    const address = `lines of ${this.#written.join(", ")}`;
    if (first?.path === undefined) return { address };
    return { address, tryIt: `echo hello >> ${quoted(absolute(first.written, this.#host))}` };
  }

  #shown(path: string) {
    return shownPath(path, this.#host.folder);
  }

  #hint(): void {
    if (this.#isHinted || this.#isStopped) return;
    this.#isHinted = true;
    this.#cancelHint = this.#clock.after(Math.max(hintMs, this.#lookTookMs), () => this.#loop.now());
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { roster } = this.#work as Work;
    this.#isHinted = false;
    this.#cancelHint();
    const begunMs = performance.now();
    try {
      const findings = await this.#search.look();
      await roster.update(findings);
      this.#lookTookMs = performance.now() - begunMs;
      if (this.#isStopped) return;
      this.#hints.watch(findings.folders);
      this.#looked?.resolve();
      const refused = new Map(findings.refused);
      await this.#read(signal, refused);
      this.#told.tell(new Map([...refused, ...findings.elsewhere]));
      if (roster.all().length === 0 && refused.size > 0) throw unreadable(this.#told.summary() ?? "");
    } catch (error) {
      this.#looked?.reject(error);
      throw error;
    }
  }

  /** Until nothing is left, or it is time to look again. */
  async #read(signal: AbortSignal, refused: Map<string, string>): Promise<void> {
    const { roster } = this.#work as Work;
    const untilMs = this.#clock.now() + lookMs;
    do {
      this.#hasMore = false;
      for (const follower of roster.all()) {
        if (!follower.hasMore()) continue;
        const isMore = await this.#step(follower, signal, refused);
        if (heldTooMany() > 0) await follower.close();
        if (signal.aborted) return;
        this.#hasMore ||= isMore;
        if (isMore) this.#changedMs = this.#clock.now();
        await this.#saveSome();
      }
    } while (this.#hasMore && this.#clock.now() < untilMs);
    for (const follower of roster.all()) {
      await follower.flush(signal);
      if (signal.aborted) return;
    }
    await roster.retire(signal);
    await roster.closeSome();
    await this.#saveSome();
  }

  async #step(follower: Follower, signal: AbortSignal, refused: Map<string, string>): Promise<boolean> {
    const before = follower.changedMs();
    try {
      const isMore = await follower.step(signal);
      if (follower.changedMs() !== before) this.#changedMs = this.#clock.now();
      if (!follower.isOpen() && follower.missingSinceMs() !== undefined)
        await (this.#work as Work).roster.lose(follower);
      return isMore;
    } catch (error) {
      const { code: reason } = error as NodeJS.ErrnoException;
      if (typeof reason !== "string" || !/^E[A-Z]+$/.test(reason)) throw error;
      if (reason === "ENOENT" && follower.missingSinceMs() !== undefined)
        await (this.#work as Work).roster.lose(follower);
      else if (reason !== "ENOENT")
        refused.set(follower.found().path, readingFailed(error as NodeJS.ErrnoException));
      await follower.close();
      return false;
    }
  }

  async #saveSome(): Promise<void> {
    const { handOver, save } = this.#work as Work;
    const isDue =
      this.#clock.now() - this.#savedMs >= saveEveryMs ||
      handOver.count() - this.#savedLines >= saveAfterLines;
    if (!isDue) return;
    const [beforeMs, beforeLines] = [this.#savedMs, this.#savedLines];
    this.#savedMs = this.#clock.now();
    this.#savedLines = handOver.count();
    try {
      await save();
    } catch (error) {
      [this.#savedMs, this.#savedLines] = [beforeMs, beforeLines];
      throw error;
    }
  }

  /** In the midst of a read. A place that cannot be written down is tried again after the next lines, which cannot be committed either. */
  async #checkpoint(): Promise<void> {
    await this.#saveSome().catch((error: unknown) => {
      if (!isRouterError(error)) throw error;
    });
  }

  #begin(emit: Emit): Work {
    const cursors = createCursors(this.#host.store);
    const handOver = createHandOver({
      source: this.#name,
      emit,
      clock: this.#clock,
      log: this.#log,
      checkpoint: () => this.#checkpoint(),
    });
    const following: Following = {
      clock: this.#clock,
      encoding: this.#options.encoding,
      maxLineBytes: this.#options.maxLineBytes,
      containerOf: (head) => containerFormat(this.#options, head),
      partialMs: this.#options.partialMs,
      dataOf: createFormat(this.#options.format, this.#code.regex("pattern")),
      handOver,
      // Of lines that belong together, one may hold it for the others.
      needs: () => (this.#options.multiline === undefined ? handOver.needs(textPaths) : undefined),
      createRecords: () => recordsOf(this.#options, this.#host),
      save: (follower) => cursors.save(follower.id, follower.cursor()),
    };
    const roster = new Roster({
      clock: this.#clock,
      cursors,
      search: this.#search,
      following,
      patterns: this.#written,
      from: this.#options.from,
    });
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
