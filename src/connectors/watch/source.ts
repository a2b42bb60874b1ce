// A watch source at work: looks at its files now and then, sooner when a folder says that something happened, and tells what has
// settled. What was told is written down once the event is safe.

import { lstat, mkdir, realpath } from "node:fs/promises";
import type { Host } from "../../contract/host.ts";
import type { Arrival, Emit, Outcome, Source, SourceHealth } from "../../contract.ts";
import { ConnectorError, DeliveryError } from "../../errors.ts";
import { watchFolders } from "../../files/folder-watch.ts";
import { msUntilIdlePoll } from "../../files/idle-poll.ts";
import { createOnceLogger, readingFailed } from "../../files/log-once.ts";
import { absolute, fileGlob, isWithin, listOf, parsePattern, shownPath } from "../../files/pattern.ts";
import { createSearch, type Findings, type FoundFile } from "../../files/search.ts";
import { pause, raceWith } from "../../waiting.ts";
import { type Change, type Changes, createChanges, isSame, markOf } from "./changes.ts";
import { type KnownFiles, openKnownFiles } from "./known-files.ts";
import { moveAway } from "./move-away.ts";
import type { WatchOptions } from "./options.ts";
import { textOf } from "./text-of.ts";

const lookMs = 1_000;
const hintMs = 50;
/** A look may take this share of the time. */
const lookShare = 20;
const maxFiles = 5_000;

/** So many files are told of at once. */
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
  const { clock, log, code } = host;
  const written = listOf(options.files);
  const patterns = written.map((one) => parsePattern(one, host));
  const target = options.moveTo === undefined ? undefined : absolute(options.moveTo, host);
  const kinds = new Set<string>(target === undefined ? options.events : ["created", "changed"]);
  const withText = options.text ?? target !== undefined;
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
    without: target,
  });
  const told = createOnceLogger(name, log, (path) => shown(path));
  const hints = watchFolders(() => hint());
  const shown = (path: string) => shownPath(path, host.folder);
  let work: Work | undefined;
  let firstLook: (() => void) | undefined;
  let lookTookMs = 0;
  let isHinted = false;
  let isStopped = false;
  /** Why an event is not taken, while it is not. */
  let held: string | undefined;
  let count = 0;
  let cancelHint = (): void => {};

  const loop = host.loop({
    run: (signal) => look(signal),
    pauseMs(nowMs) {
      if (isHinted) return hintMs;
      const dueMs = work?.changes.dueMs() ?? Number.POSITIVE_INFINITY;
      const usualMs = hints.isWhole() ? msUntilIdlePoll(nowMs) : lookMs;
      return Math.max(hintMs, Math.min(Math.max(usualMs, lookTookMs * lookShare), dueMs - nowMs));
    },
  });

  function hint(): void {
    if (isHinted || isStopped) return;
    isHinted = true;
    cancelHint = clock.after(Math.max(hintMs, lookTookMs), () => loop.now());
  }

  async function look(signal: AbortSignal): Promise<void> {
    const { known, changes } = work as Work;
    isHinted = false;
    cancelHint();
    try {
      const begunMs = performance.now();
      const findings = withoutTarget(await search.look());
      lookTookMs = performance.now() - begunMs;
      if (signal.aborted) return;
      hints.watch(findings.folders);
      count = findings.files.size;
      const refused = new Map(findings.refused);
      await meet(findings, known);
      const settled = changes.look(findings, clock.now());
      firstLook?.();
      for (let from = 0; from < settled.length; from += atOnce)
        await Promise.all(settled.slice(from, from + atOnce).map((change) => tell(change, refused, signal)));
      await moveRest(findings, refused, signal);
      told.tell(new Map([...refused, ...findings.elsewhere]));
      if (count === 0 && refused.size > 0)
        throw new ConnectorError("E_FILE_READ", `no file can be read: ${told.summary()}`, {
          retryable: true,
        });
    } finally {
      firstLook?.();
    }
  }

  /** What was moved must not come in again. */
  function withoutTarget(findings: Findings): Findings {
    if (target === undefined) return findings;
    const files = new Map([...findings.files].filter(([path]) => !isWithin(path, target)));
    return { ...findings, files };
  }

  /** Files that are there when a pattern is looked up for the first time are no news, but in a drop folder. */
  async function meet({ files }: Findings, known: KnownFiles): Promise<void> {
    const fresh = written.filter((one) => !known.isKnownPattern(one));
    if (fresh.length === 0) return;
    const isOld = (path: string, { pattern }: FoundFile) =>
      fresh.includes(written[pattern] as string) && !known.marks.has(path);
    const old = target === undefined ? [...files].filter((entry) => isOld(...entry)) : [];
    await Promise.all(old.map(([path, file]) => known.remember(path, markOf(file))));
    for (const [path, file] of old) known.marks.set(path, markOf(file));
    for (const one of fresh) await known.rememberPattern(one);
  }

  async function tell(change: Change, refused: Map<string, string>, signal: AbortSignal): Promise<void> {
    const { known, changes, emit } = work as Work;
    let toMove = false;
    if (kinds.has(change.kind)) {
      try {
        if (target !== undefined && (await lstat(change.path)).isSymbolicLink()) {
          refused.set(change.path, "is a link: what it leads to is not moved");
          return;
        }
        const arrival = await arrivalOf(change);
        const outcome = await emitPatiently(emit, arrival, signal);
        if (outcome === undefined) return;
        toMove = target !== undefined && (outcome === "accepted" || outcome === "duplicate");
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

  /** What has just been told, and what a crash or a full disk left here. */
  async function moveRest(
    { files }: Findings,
    refused: Map<string, string>,
    signal: AbortSignal,
  ): Promise<void> {
    const { known } = work as Work;
    if (target === undefined) return;
    for (const [path, mark] of known.marks) {
      const file = files.get(path);
      if (mark.toMove !== true || file === undefined || !isSame(mark, file) || signal.aborted) continue;
      try {
        // What was written since is a change, and moved with it.
        if ((await moveAway(file, target, await boundsOf(target))) === undefined) continue;
      } catch (error) {
        refused.set(path, `cannot be moved to ${shown(target)}: ${messageOf(error)}`);
        continue;
      }
      known.marks.delete(path);
      await known.forget(path);
    }
  }

  /** The config's folder; and where the target lies outside of it, which a person agreed to, the target itself. */
  async function boundsOf(folder: string): Promise<string[]> {
    if (isWithin(folder, host.folder)) return [await realpath(host.folder)];
    await mkdir(folder, { recursive: true });
    return [await realpath(folder)];
  }

  async function emitPatiently(
    emit: Emit,
    arrival: Arrival,
    signal: AbortSignal,
  ): Promise<Outcome["outcome"] | undefined> {
    for (let delayMs = firstDelayMs; !signal.aborted; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
      try {
        const { outcome } = await raceWith(emit(arrival), signal);
        held = undefined;
        return outcome;
      } catch (error) {
        if (signal.aborted) return undefined;
        if (!(error instanceof DeliveryError) || !error.retryable) throw error;
        held = error.message;
        await pause(clock, Math.max(error.retryAfterMs ?? 0, delayMs), signal);
      }
    }
    return undefined;
  }

  async function arrivalOf(change: Change): Promise<Arrival> {
    const { kind, path } = change;
    const file = shown(path);
    const mark = change.kind === "removed" ? change.mark : change.file;
    const touchedMs = change.kind === "removed" ? change.mark.modifiedMs : change.file.touchedMs;
    const content =
      withText && change.kind !== "removed" ? await textOf(change.file, options.maxTextBytes) : undefined;
    return {
      data: { file, event: kind, ...(content === undefined ? {} : { text: content }) },
      text: content ?? `${kind} ${file}`,
      trust: "local",
      deliveryId: [kind, path, mark.id, mark.size, mark.modifiedMs, touchedMs].join(":"),
    };
  }

  return {
    async start(emit) {
      if (work !== undefined || isStopped) throw new Error(`source ${name} was started twice`);
      const known = openKnownFiles(host.store);
      work = { emit, known, changes: createChanges(known.marks, options.settleMs) };
      const looked = new Promise<void>((resolve) => {
        firstLook = resolve;
      });
      loop.start();
      await looked;
    },
    async stop(deadline) {
      isStopped = true;
      cancelHint();
      hints.close();
      await loop.stop(deadline);
    },
    health(): SourceHealth {
      const health = loop.health();
      if (health.state !== "running") return health;
      if (held !== undefined)
        return { ...health, detail: `events wait to be taken: ${held}`, lastError: held };
      const summary = told.summary();
      const detail = `watches ${count} ${count === 1 ? "file" : "files"}`;
      return { ...health, detail: summary === undefined ? detail : `${detail}; ${summary}` };
    },
    invitation: () => ({
      address: `${target === undefined ? "changes of" : "files dropped at"} ${written.join(", ")}`,
    }),
  };
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
