// A running tail source: finds its files, reads new data chunk by chunk, one file after the other, and saves
// its position from time to time.

import type { EndpointInfo } from "../../contract/event.ts";
import type { Host, Loop, Pattern } from "../../contract/host.ts";
import type { Emit, Source, SourceHealth } from "../../contract.ts";
import { ConnectorError, isRouterError } from "../../errors.ts";
import { type FolderWatch, msUntilIdlePoll, watchFolders } from "../../files/folder-watch.ts";
import { createOnceLogger, type OnceLogger, readingFailed } from "../../files/log-once.ts";
import { type FilePattern, fileGlob, listOf, parsePattern, shownPath } from "../../files/pattern.ts";
import { createSearch, type Search } from "../../files/search.ts";
import { countOf } from "../../text/clip.ts";
import { shellWord } from "../../text/shell.ts";
import { settledOr } from "../../waiting.ts";
import { absolute } from "../../within.ts";
import { containerFormat } from "./container.ts";
import { createCursors } from "./cursors.ts";
import { type Follower, type FollowerOptions, heldTooMany } from "./follower.ts";
import { createFormat } from "./format.ts";
import { createHandOver, type HandOver } from "./hand-over.ts";
import type { TailOptions } from "./options.ts";
import { createRecords, singleLines } from "./records.ts";
import { TailedFiles } from "./tailed-files.ts";
import { createTraceDetector } from "./traces.ts";

const lookMs = 1_000;
/** From then on looks are rarer, where changes are reported. */
/** What a path may contain without quotes in a shell. */
const plainPath = /^[\w./~-]+$/;
const idleAfterMs = 60_000;
/** Delay between a change report and the look. */
const hintMs = 50;
/** A look may take this share of the time. */
const lookShare = 20;
const saveEveryMs = 5_000;
/**
 * This many pending lines have settled since the last save. After a crash these and the pending ones come
 * again, and must all be among the remembered delivery ids: far fewer than router/known-deliveries.ts keeps.
 */
const saveAfterLines = 1_000;
const maxFiles = 1_000;

/** The paths that lead to the text of a line. */
const textPaths: ReadonlySet<string> = new Set(["text", "data.line"]);

/** The reading loop: begun by `start`. */
interface Work {
  readonly handOver: HandOver;
  readonly tailedFiles: TailedFiles;
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
  readonly #onceLogger: OnceLogger;
  readonly #hints: FolderWatch;
  #work: Work | undefined;
  #isStopped = false;
  /** The last look: it may still run when the loop stops at its deadline. */
  #looking: Promise<void> | undefined;
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
      bounds: host.bounds,
    });
    this.#onceLogger = createOnceLogger(name, log, (path: string) => this.#shown(path));
    const hints = watchFolders(() => this.#hint());
    this.#hints = hints;
    this.#loop = host.loop({
      run: (signal) => {
        this.#looking = this.#look(signal);
        return this.#looking;
      },
      pauseMs: (nowMs) => {
        if (this.#hasMore) return 0;
        if (this.#isHinted) return hintMs;
        const dueMs = Math.min(
          ...(this.#work?.tailedFiles.all() ?? []).map((one) => one.dueMs() ?? Number.POSITIVE_INFINITY),
        );
        const isIdle = nowMs - this.#changedMs > idleAfterMs && hints.isWhole();
        const usualMs = isIdle ? msUntilIdlePoll(nowMs) : lookMs;
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
    // The loop reports and retries a file that cannot be read yet.
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
    // Unsaved lines come again, and are recognised by their delivery ids.
    if (!deadline.aborted) await settledOr(this.#work.save(), deadline);
    // A file that is closed under a read looks unreadable, and one that is opened afterwards stays open.
    const { tailedFiles } = this.#work;
    const ended = Promise.resolve(this.#looking).catch(() => undefined);
    await settledOr(
      ended.then(() => tailedFiles.close()),
      deadline,
    );
  }

  health(): SourceHealth {
    const health = this.#loop.health();
    if (health.state !== "running" || this.#work === undefined) return health;
    const trouble = this.#work.handOver.trouble();
    if (trouble !== undefined)
      return { ...health, detail: `waiting for lines to be accepted: ${trouble}`, lastError: trouble };
    const count = this.#work.tailedFiles.all().length;
    const summary = this.#onceLogger.summary();
    const detail =
      count === 0 ? `no file matches ${this.#written.join(", ")} yet` : `follows ${countOf(count, "file")}`;
    return { ...health, detail: summary === undefined ? detail : `${detail}; ${summary}` };
  }

  endpointInfo(): EndpointInfo {
    const [first] = this.#patterns;
    const address = `lines of ${this.#written.join(", ")}`;
    if (first?.path === undefined) return { address };
    return { address, example: `echo hello >> ${shellWord(absolute(first.written, this.#host), plainPath)}` };
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
    const { tailedFiles } = this.#work as Work;
    this.#isHinted = false;
    this.#cancelHint();
    const begunMs = performance.now();
    try {
      const findings = await this.#search.look();
      await tailedFiles.update(findings);
      this.#lookTookMs = performance.now() - begunMs;
      if (this.#isStopped) return;
      this.#hints.watch(findings.folders);
      this.#looked?.resolve();
      const refused = new Map(findings.refused);
      await this.#read(signal, refused);
      this.#onceLogger.update(new Map([...refused, ...findings.elsewhere]));
      if (tailedFiles.all().length === 0 && refused.size > 0)
        throw unreadable(this.#onceLogger.summary() ?? "");
    } catch (error) {
      this.#looked?.reject(error);
      throw error;
    }
  }

  /** Until nothing is left, or the next look is due. */
  async #read(signal: AbortSignal, refused: Map<string, string>): Promise<void> {
    const { tailedFiles } = this.#work as Work;
    const untilMs = this.#clock.now() + lookMs;
    do {
      this.#hasMore = false;
      for (const follower of tailedFiles.all()) {
        if (!follower.hasMore()) continue;
        const isMore = await this.#step(follower, signal, refused);
        if (heldTooMany() > 0) await follower.close();
        if (signal.aborted) return;
        this.#hasMore ||= isMore;
        if (isMore) this.#changedMs = this.#clock.now();
        await this.#saveSome();
      }
    } while (this.#hasMore && this.#clock.now() < untilMs);
    for (const follower of tailedFiles.all()) {
      await follower.flush(signal);
      if (signal.aborted) return;
    }
    await tailedFiles.retire(signal);
    await tailedFiles.closeSome();
    await this.#saveSome();
  }

  async #step(follower: Follower, signal: AbortSignal, refused: Map<string, string>): Promise<boolean> {
    const before = follower.changedMs();
    try {
      const isMore = await follower.step(signal);
      if (follower.changedMs() !== before) this.#changedMs = this.#clock.now();
      if (!follower.isOpen() && follower.missingSinceMs() !== undefined)
        await (this.#work as Work).tailedFiles.lose(follower);
      return isMore;
    } catch (error) {
      const { code: reason } = error as NodeJS.ErrnoException;
      if (typeof reason !== "string" || !/^E[A-Z]+$/.test(reason)) throw error;
      if (reason === "ENOENT" && follower.missingSinceMs() !== undefined)
        await (this.#work as Work).tailedFiles.lose(follower);
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

  /**
   * In the middle of a read. A failed save is retried after the next lines, which cannot be committed either.
   */
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
    const following: FollowerOptions = {
      clock: this.#clock,
      encoding: this.#options.encoding,
      maxLineBytes: this.#options.maxLineBytes,
      containerOf: (head) => containerFormat(this.#options, head),
      partialMs: this.#options.partialMs,
      dataOf: createFormat(this.#options.format, this.#code.regex("pattern")),
      handOver,
      // Any line of a record may contain it.
      needs: () => (this.#options.multiline === undefined ? handOver.needs(textPaths) : undefined),
      createRecords: () => recordsOf(this.#options, this.#host),
      save: (follower) => cursors.save(follower.id, follower.cursor()),
    };
    const tailedFiles = new TailedFiles({
      clock: this.#clock,
      cursors,
      search: this.#search,
      following,
      patterns: this.#written,
      from: this.#options.from,
    });
    return {
      handOver,
      tailedFiles,
      async save() {
        const all = tailedFiles.all();
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

/**
 * A start pattern wins; otherwise an indented line, or one that continues a trace, belongs to the previous
 * line.
 */
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
