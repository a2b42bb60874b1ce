// Reloads the config and reports the verdict of each reload: what was read, whether it was applied, and who
// is notified. One reload at a time. A config with problems changes nothing; only its failure and its repair
// are worth an event in the session.

import { basename } from "node:path";
import type { LoadedConfig } from "../config/values.ts";
import { absent, readBounded } from "../config/yaml/bounded-file.ts";
import { countIssues } from "../config/yaml/issue-location.ts";
import type { Clock, Log } from "../contract.ts";
import { isRouterError } from "../errors.ts";
import { countOf, cut } from "../text/clip.ts";
import { unifiedDiff } from "../text/unified-diff.ts";
import { line, lines, type SafeText, safeLine, stackOf, text } from "../text.ts";
import { pause } from "../waiting.ts";
import { warningsIn } from "./messages.ts";
import type { ProvenConfig } from "./start/load-plan.ts";

export interface Verdict {
  readonly timeMs: number;
  /** The file's content is active. */
  readonly ok: boolean;
  /** One line. */
  readonly text: string;
  /** Framed issues, or why a source did not start. */
  readonly problems: readonly SafeText[];
  /** Parts of the file that cannot take effect now, and what to do about it. */
  readonly notes: readonly string[];
}

/** One of the last reloads. */
export interface ReloadRecord extends Pick<Verdict, "timeMs" | "ok" | "text"> {
  /** How the files differed from the active ones, unified; secrets in them are not hidden. */
  readonly diff: string;
}

export interface ReloadResult {
  /** `+1 channel`; undefined when nothing changed. */
  readonly difference: string | undefined;
  readonly notes: readonly string[];
}

export interface ReloaderOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** Reads and proves the file; undefined when there is none. */
  load(): Promise<ProvenConfig | undefined>;
  /** The last result of `load`. */
  last(): ProvenConfig | undefined;
  /** The active config; undefined while there is none. */
  active(): ProvenConfig | undefined;
  /** Applies a valid config. Rejects with a RouterError when that fails; then nothing has changed. */
  apply(config: ProvenConfig): Promise<ReloadResult>;
  /** Starts failed sources of the active config again. One line for each: its name and what has become of it. */
  tryAgain(): Promise<readonly string[]>;
  /** An event of our own, of low priority. */
  announce(content: SafeText): Promise<unknown>;
}

export interface Reloader {
  /**
   * `watched`: only when a file's content has changed since the last check. `asked`: retries what failed.
   * Never rejects.
   */
  reload(cause: "watched" | "asked"): Promise<Verdict>;
  /** Undefined before the first reload that did anything. */
  verdict(): Verdict | undefined;
  /** The last reloads that did anything, latest first. */
  records(): readonly ReloadRecord[];
  /** Settles when no reload is in progress. */
  idle(): Promise<unknown>;
}

/** How much of the problems an event shows, in UTF-16 units. */
const maxShown = 2_000;
/** Uneven, so that checks do not coincide with a program that writes at a steady pace. */
const settleMs = [30, 45, 70, 55] as const;
const maxLooks = 10;
const maxRecords = 20;
const maxDiffLength = 64 * 1024;

export function createReloader(options: ReloaderOptions): Reloader {
  const reloads = createReloads(options);
  const recorded = new WeakSet<Verdict>();
  let records: readonly ReloadRecord[] = [];
  let before: ProvenConfig | undefined;
  return {
    ...reloads,
    records: () => records,
    async reload(cause) {
      before ??= options.active();
      const verdict = await reloads.reload(cause);
      if (verdict === reloads.verdict() && !recorded.has(verdict)) {
        recorded.add(verdict);
        const { timeMs, ok, text } = verdict;
        const diff = diffOf(before, options.last()).slice(0, maxDiffLength).toWellFormed();
        records = [{ timeMs, ok, text, diff }, ...records].slice(0, maxRecords);
      }
      before = options.active() ?? before;
      return verdict;
    },
  };
}

function createReloads(options: ReloaderOptions): Omit<Reloader, "records"> {
  const { log } = options;
  const now = () => options.clock.now();
  let turn: Promise<unknown> = Promise.resolve();
  let verdict: Verdict | undefined;
  /** What the session was notified of about a broken config. */
  let notified: string | undefined;

  async function once(cause: "watched" | "asked"): Promise<Verdict> {
    const before = options.last();
    const isSame = before !== undefined && isUnchanged(before.loaded);
    if (cause === "watched" && isSame) return verdict ?? nothingNew();
    const config = cause === "watched" ? await loadSettled() : await options.load();
    if (config === undefined && before === undefined && cause === "watched") return verdict ?? nothingNew();
    if (config === undefined) return refuse([line`the config file is not there`], "no config file");
    const name = basename(config.loaded.file);
    const { issues } = config;
    if (issues.length > 0) {
      const total = countIssues(issues);
      const count = countOf(total, "problem");
      return refuse(
        issues.map((issue) => config.loaded.frame(issue)),
        `${count} in ${name}`,
      );
    }
    const active = options.active();
    if (active !== undefined && isEqual(active, config)) {
      const tried = cause === "asked" ? await options.tryAgain() : [];
      return accept({ difference: undefined, notes: [...tried, ...warningsIn(config)] }, true);
    }
    try {
      return accept(await options.apply(config), false);
    } catch (error) {
      if (!isRouterError(error)) log.error(text`reload: ${stackOf(error)}`);
      const reason = line`${error instanceof Error ? error.message : String(error)}`;
      const hint = isRouterError(error) && error.hint !== undefined ? [line`  hint: ${error.hint}`] : [];
      return refuse([lines([reason, ...hint])], `${name} could not be applied`);
    }
  }

  /** A broken file may be half written: it counts once it was unchanged for a moment. */
  async function loadSettled(): Promise<ProvenConfig | undefined> {
    for (let look = 1; ; look += 1) {
      const config = await options.load();
      if (config === undefined || config.issues.length === 0 || look === maxLooks) return config;
      if (await isSettled(config)) return config;
    }
  }

  async function isSettled({ loaded }: ProvenConfig): Promise<boolean> {
    for (const ms of settleMs) {
      await pause(options.clock, ms);
      if (!isUnchanged(loaded)) return false;
    }
    return true;
  }

  const nothingNew = (): Verdict => ({
    timeMs: now(),
    ok: true,
    text: "nothing has changed",
    problems: [],
    notes: [],
  });

  function accept({ difference, notes }: ReloadResult, isSameText: boolean): Verdict {
    const isHealed = notified !== undefined || verdict?.ok === false;
    const what = difference ?? (isSameText ? "nothing has changed" : "without any effect");
    const earlier = verdict === undefined ? "" : `; the last verdict was: ${verdict.text}`;
    const same = `${what}${earlier}`;
    const text = isHealed ? `config fixed and reloaded: ${what}` : isSameText ? same : `reloaded: ${what}`;
    if (isHealed || !isSameText) for (const said of [text, ...notes]) log.info(safeLine(said));
    if (notified !== undefined)
      void options.announce(line`The router's config was fixed and reloaded: ${what}.`);
    notified = undefined;
    const accepted = { timeMs: now(), ok: true, text, problems: [], notes };
    // A check that found no change is not news: the last verdict is kept.
    if (!isSameText || isHealed) verdict = accepted;
    return accepted;
  }

  function refuse(problems: readonly SafeText[], summary: string): Verdict {
    const stays = options.active() === undefined ? "nothing runs" : "the previous config stays active";
    const text = `not reloaded: ${summary}; ${stays}`;
    const isNews = verdict?.ok !== false || verdict.problems.join() !== problems.join();
    if (isNews) {
      for (const problem of problems) log.error(problem);
      log.warn(safeLine(text));
    }
    verdict = { timeMs: now(), ok: false, text, problems, notes: [] };
    const shown = lines(problems);
    if (options.active() !== undefined && notified !== shown) {
      notified = shown;
      const isCut = shown.length > maxShown;
      void options.announce(
        lines([
          line`The router's config was changed and ${text}.`,
          cut(shown, maxShown),
          ...(isCut ? [line`(more: call status)`] : []),
        ]),
      );
    }
    return verdict;
  }

  return {
    reload(cause) {
      const done = turn.then(() => once(cause));
      turn = done.catch(() => undefined);
      return done;
    },
    verdict: () => verdict,
    idle: () => turn,
  };
}

/** Empty where nothing was active, or nothing could be read. */
function diffOf(active: ProvenConfig | undefined, last: ProvenConfig | undefined): string {
  if (active === undefined || last === undefined) return "";
  const [before, after] = [active.loaded.texts, last.loaded.texts];
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((path) => unifiedDiff(basename(path), before.get(path)?.text ?? "", after.get(path)?.text ?? ""))
    .join("");
}

function isEqual(one: ProvenConfig, other: ProvenConfig): boolean {
  return JSON.stringify(one.loaded.files) === JSON.stringify(other.loaded.files);
}

/** For a reload that comes too late. */
export const leaving: Verdict = {
  timeMs: 0,
  ok: false,
  text: "not reloaded: this router is stopping",
  problems: [],
  notes: [],
};

const maxBytes = 1024 * 1024;

/** The config file is included even when it was unreadable and is not among the files. */
export function isUnchanged({ file, files }: Pick<LoadedConfig, "file" | "files">): boolean {
  const all = files.some(({ path }) => path === file) ? files : [...files, { path: file, sha256: absent }];
  return all.every(({ path, sha256 }) => {
    const reading = readBounded(path, maxBytes);
    return (reading.ok ? reading.sha256 : absent) === sha256;
  });
}
