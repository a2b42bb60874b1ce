// A running watch source: looks at its files regularly, sooner when a folder reports a change, and reports
// settled changes. A reported change is saved once its event is durable.

import { lstat, mkdir, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { EndpointInfo } from "../../contract/event.ts";
import type { Host, Loop } from "../../contract/host.ts";
import type { Arrival, Emit, Outcome, Source, SourceHealth } from "../../contract.ts";
import { ConnectorError, DeliveryError } from "../../errors.ts";
import { type FolderWatch, msUntilIdlePoll, watchFolders } from "../../files/folder-watch.ts";
import { createOnceLogger, type OnceLogger, readingFailed } from "../../files/log-once.ts";
import { openFound } from "../../files/open-file.ts";
import { fileGlob, listOf, parsePattern, shownPath } from "../../files/pattern.ts";
import { protectedFolder, protectedName } from "../../files/protected-places.ts";
import { createSearch, type Findings, type FoundFile, type Search } from "../../files/search.ts";
import { countOf } from "../../text/clip.ts";
import { pause, raceWith } from "../../waiting.ts";
import { absolute, isWithin } from "../../within.ts";
import { type Change, type Changes, createChanges, isSame, markOf } from "./changes.ts";
import { type KnownFiles, openKnownFiles } from "./known-files.ts";
import { moveAway } from "./move-away.ts";
import type { WatchOptions } from "./options.ts";

const lookMs = 1_000;
const hintMs = 50;
/** A look may take this share of the time. */
const lookShare = 20;
const maxFiles = 5_000;

/** Number of changes that are reported concurrently. */
const atOnce = 32;
const firstDelayMs = 1_000;
const maxDelayMs = 60_000;

/** Begun by `start`. */
interface Work {
  readonly emit: Emit;
  readonly known: KnownFiles;
  readonly changes: Changes;
}

export function createWatchSource(name: string, options: WatchOptions, host: Host): Source {
  return new WatchSource(name, options, host);
}

class WatchSource implements Source {
  readonly #name: string;
  readonly #options: WatchOptions;
  readonly #host: Host;
  readonly #clock: Host["clock"];
  readonly #written: readonly string[];
  readonly #target: string | undefined;
  readonly #kinds: Set<string>;
  readonly #withText: boolean;
  readonly #search: Search;
  readonly #onceLogger: OnceLogger;
  readonly #hints: FolderWatch;
  #work: Work | undefined;
  #firstLook: (() => void) | undefined;
  #lookTookMs = 0;
  #isHinted = false;
  #isStopped = false;
  /** Why an event is not accepted, while it is not. */
  #held: string | undefined;
  #count = 0;
  #cancelHint = (): void => {};
  readonly #loop: Loop;

  constructor(name: string, options: WatchOptions, host: Host) {
    this.#name = name;
    this.#options = options;
    this.#host = host;
    const { clock, log, code } = host;
    this.#clock = clock;
    const written = listOf(options.files);
    this.#written = written;
    const patterns = written.map((one) => parsePattern(one, host));
    const target = options.moveTo === undefined ? undefined : absolute(options.moveTo, host);
    this.#target = target;
    this.#kinds = new Set<string>(target === undefined ? options.events : ["created", "changed"]);
    this.#withText = options.text ?? target !== undefined;
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
      without: target,
    });
    this.#onceLogger = createOnceLogger(name, log, (path) => this.#shown(path));
    const hints = watchFolders(() => this.#hint());
    this.#hints = hints;
    this.#loop = host.loop({
      run: (signal) => this.#look(signal),
      pauseMs: (nowMs) => {
        if (this.#isHinted) return hintMs;
        const dueMs = this.#work?.changes.dueMs() ?? Number.POSITIVE_INFINITY;
        const usualMs = hints.isWhole() ? msUntilIdlePoll(nowMs) : lookMs;
        return Math.max(hintMs, Math.min(Math.max(usualMs, this.#lookTookMs * lookShare), dueMs - nowMs));
      },
    });
  }

  async start(emit: Emit): Promise<void> {
    if (this.#work !== undefined || this.#isStopped)
      throw new Error(`source ${this.#name} was started twice`);
    const known = openKnownFiles(this.#host.store);
    this.#work = { emit, known, changes: createChanges(known.marks, this.#options.settleMs) };
    const looked = new Promise<void>((resolve) => {
      this.#firstLook = resolve;
    });
    this.#loop.start();
    await looked;
  }

  async stop(deadline: AbortSignal): Promise<void> {
    this.#isStopped = true;
    this.#cancelHint();
    this.#hints.close();
    await this.#loop.stop(deadline);
  }

  health(): SourceHealth {
    const health = this.#loop.health();
    if (health.state !== "running") return health;
    if (this.#held !== undefined)
      return { ...health, detail: `waiting for events to be accepted: ${this.#held}`, lastError: this.#held };
    const summary = this.#onceLogger.summary();
    const detail = `watches ${countOf(this.#count, "file")}`;
    return { ...health, detail: summary === undefined ? detail : `${detail}; ${summary}` };
  }

  endpointInfo(): EndpointInfo {
    return {
      address: `${this.#target === undefined ? "changes of" : "files dropped at"} ${this.#written.join(", ")}`,
    };
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
    const { known, changes } = this.#work as Work;
    this.#isHinted = false;
    this.#cancelHint();
    try {
      const begunMs = performance.now();
      const findings = this.#withoutTarget(await this.#search.look());
      this.#lookTookMs = performance.now() - begunMs;
      if (signal.aborted) return;
      this.#hints.watch(findings.folders);
      this.#count = findings.files.size;
      const refused = new Map(findings.refused);
      await this.#meet(findings, known);
      const settled = changes.look(findings, this.#clock.now());
      this.#firstLook?.();
      for (let from = 0; from < settled.length; from += atOnce)
        await Promise.all(
          settled.slice(from, from + atOnce).map((change) => this.#report(change, refused, signal)),
        );
      await this.#moveRest(findings, refused, signal);
      this.#onceLogger.update(new Map([...refused, ...findings.elsewhere]));
      if (this.#count === 0 && refused.size > 0)
        throw new ConnectorError("E_FILE_READ", `no file can be read: ${this.#onceLogger.summary()}`, {
          retryable: true,
        });
    } finally {
      this.#firstLook?.();
    }
  }

  /** A moved file must not be reported again. */
  #withoutTarget(findings: Findings): Findings {
    const folder = this.#target;
    if (folder === undefined) return findings;
    const files = new Map([...findings.files].filter(([path]) => !isWithin(path, folder)));
    return { ...findings, files };
  }

  /**
   * Files that exist when a pattern is looked up for the first time are not reported, except in a drop
   * folder.
   */
  async #meet({ files }: Findings, known: KnownFiles): Promise<void> {
    const fresh = this.#written.filter((one) => !known.isKnownPattern(one));
    if (fresh.length === 0) return;
    const isOld = (path: string, { pattern }: FoundFile) =>
      fresh.includes(this.#written[pattern] as string) && !known.marks.has(path);
    const old = this.#target === undefined ? [...files].filter((entry) => isOld(...entry)) : [];
    await Promise.all(old.map(([path, file]) => known.remember(path, markOf(file))));
    for (const [path, file] of old) known.marks.set(path, markOf(file));
    for (const one of fresh) await known.rememberPattern(one);
  }

  async #report(change: Change, refused: Map<string, string>, signal: AbortSignal): Promise<void> {
    const { known, changes, emit } = this.#work as Work;
    let toMove = false;
    if (this.#kinds.has(change.kind)) {
      try {
        if (this.#target !== undefined && (await lstat(change.path)).isSymbolicLink()) {
          refused.set(change.path, "is a link: its target is not moved");
          return;
        }
        const arrival = await this.#arrivalOf(change);
        const outcome = await this.#emitWithRetries(emit, arrival, signal);
        if (outcome === undefined) return;
        toMove = this.#target !== undefined && (outcome === "accepted" || outcome === "duplicate");
      } catch (error) {
        if (!isSystemError(error)) throw error;
        refused.set(change.path, readingFailed(error));
        return;
      }
    }
    const mark = changes.done(change, toMove);
    if (mark === undefined) await known.forget(change.path);
    else await known.remember(change.path, mark);
  }

  /** Files that were just reported, and leftovers of a crash or a full disk. */
  async #moveRest({ files }: Findings, refused: Map<string, string>, signal: AbortSignal): Promise<void> {
    const { known } = this.#work as Work;
    if (this.#target === undefined) return;
    for (const [path, mark] of known.marks) {
      const file = files.get(path);
      if (mark.toMove !== true || file === undefined || !isSame(mark, file) || signal.aborted) continue;
      try {
        // A later write is a change, and moved with it.
        const beyond = await this.#beyond(join(this.#target, basename(path)));
        if (beyond !== undefined) throw new Error(beyond);
        if ((await moveAway(file, this.#target, await this.#boundsOf(this.#target))) === undefined) continue;
      } catch (error) {
        refused.set(path, `cannot be moved to ${this.#shown(this.#target)}: ${messageOf(error)}`);
        continue;
      }
      known.marks.delete(path);
      await known.forget(path);
    }
  }

  /** Why no file is put there: programs would act on it, or the recipe of the source does not allow it. */
  async #beyond(target: string): Promise<string | undefined> {
    const { bounds, home } = this.#host;
    const [folder, name] = [dirname(target), basename(target)];
    const why = protectedFolder(folder, home) ?? protectedName(name, home);
    if (why !== undefined) return why;
    await mkdir(folder, { recursive: true });
    const real = await realpath(folder);
    return protectedFolder(real, home) ?? (await bounds?.file(join(real, name)));
  }

  /** The config's folder; and the target itself when it is outside and the user consented to it. */
  async #boundsOf(folder: string): Promise<string[]> {
    if (isWithin(folder, this.#host.folder)) return [await realpath(this.#host.folder)];
    await mkdir(folder, { recursive: true });
    return [await realpath(folder)];
  }

  async #emitWithRetries(
    emit: Emit,
    arrival: Arrival,
    signal: AbortSignal,
  ): Promise<Outcome["outcome"] | undefined> {
    for (let delayMs = firstDelayMs; !signal.aborted; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
      try {
        const { outcome } = await raceWith(emit(arrival), signal);
        this.#held = undefined;
        return outcome;
      } catch (error) {
        if (signal.aborted) return undefined;
        if (!(error instanceof DeliveryError) || !error.retryable) throw error;
        this.#held = error.message;
        await pause(this.#clock, Math.max(error.retryAfterMs ?? 0, delayMs), signal);
      }
    }
    return undefined;
  }

  async #arrivalOf(change: Change): Promise<Arrival> {
    const { kind, path } = change;
    const file = this.#shown(path);
    const mark = change.kind === "removed" ? change.mark : change.file;
    const touchedMs = change.kind === "removed" ? change.mark.modifiedMs : change.file.touchedMs;
    const content =
      this.#withText && change.kind !== "removed"
        ? await textOf(change.file, this.#options.maxTextBytes)
        : undefined;
    return {
      data: { file, event: kind, ...(content === undefined ? {} : { text: content }) },
      text: content ?? `${kind} ${file}`,
      trust: "local",
      deliveryId: [kind, path, mark.id, mark.size, mark.modifiedMs, touchedMs].join(":"),
    };
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && /^E[A-Z]+$/.test((error as NodeJS.ErrnoException).code ?? "");
}

function messageOf(error: unknown): string {
  return isSystemError(error)
    ? (error.code as string)
    : error instanceof Error
      ? error.message
      : String(error);
}

/** Undefined when it is larger, is not UTF-8 text, or was replaced. Rejects with the system's error. */
export async function textOf(file: FoundFile, maxBytes: number): Promise<string | undefined> {
  if (file.size > maxBytes) return undefined;
  const handle = await openFound(file);
  if (handle === undefined) return undefined;
  try {
    const buffer = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (let more = 1; more > 0 && length <= maxBytes; length += more)
      ({ bytesRead: more } = await handle.read(buffer, length, buffer.length - length, length));
    if (length > maxBytes) return undefined;
    const bytes = buffer.subarray(0, length);
    if (bytes.includes(0)) return undefined;
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  } finally {
    await handle.close();
  }
}
