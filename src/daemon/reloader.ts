// The verdict of each reload: what was read, whether it was put into force, and who is told. One at a time. A config that is
// not good changes nothing; only that, and its healing, are worth an event in the session.

import { basename } from "node:path";
import { isUnchanged } from "../config/unchanged.ts";
import { countIssues } from "../config/yaml/issue-location.ts";
import type { Clock, Log } from "../contract.ts";
import { isRouterError } from "../errors.ts";
import { cut } from "../text/clip.ts";
import { line, lines, type SafeText, safeLine, stackOf, text } from "../text.ts";
import { pause } from "../waiting.ts";
import { warningsIn } from "./messages.ts";
import type { ProvenConfig } from "./start/load-plan.ts";

export interface Verdict {
  readonly timeMs: number;
  /** What the file says is in force. */
  readonly ok: boolean;
  /** One line. */
  readonly text: string;
  /** Framed issues, or why a source did not start. */
  readonly problems: readonly SafeText[];
  /** What the file says and yet cannot be had now, and what to do for it. */
  readonly notes: readonly string[];
}

export interface Applied {
  /** `+1 channel`; undefined when nothing is different. */
  readonly difference: string | undefined;
  readonly notes: readonly string[];
}

export interface ReloaderOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** Reads and proves the file; undefined when there is none. */
  load(): Promise<ProvenConfig | undefined>;
  /** What `load` gave last. */
  last(): ProvenConfig | undefined;
  /** What is in force; undefined while nothing is. */
  inForce(): ProvenConfig | undefined;
  /** Puts a good config into force. Rejects with a RouterError when it cannot be; then nothing has changed. */
  apply(config: ProvenConfig): Promise<Applied>;
  /** An event of our own, of low priority. */
  announce(content: SafeText): Promise<unknown>;
}

export interface Reloader {
  /** `watched`: only when a file holds something else than at the last look. `asked`: tries again what failed. Never rejects. */
  reload(cause: "watched" | "asked"): Promise<Verdict>;
  /** Undefined before the first one that did anything. */
  verdict(): Verdict | undefined;
  /** Settles when none is under way. */
  idle(): Promise<unknown>;
}

/** Of what an event shows of the problems, in UTF-16 units. */
const maxShown = 2_000;
/** Uneven: whoever writes at a steady pace must not be met at the same moment each time. */
const settleMs = [30, 45, 70, 55] as const;
const maxLooks = 10;

export function createReloader(options: ReloaderOptions): Reloader {
  const { log } = options;
  const now = () => options.clock.now();
  let turn: Promise<unknown> = Promise.resolve();
  let verdict: Verdict | undefined;
  /** What the session was told of a config that is not good. */
  let told: string | undefined;

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
      const count = total === 1 ? "1 problem" : `${total} problems`;
      return refuse(
        issues.map((issue) => config.loaded.frame(issue)),
        `${count} in ${name}`,
      );
    }
    const inForce = options.inForce();
    if (inForce !== undefined && isEqual(inForce, config))
      return accept({ difference: undefined, notes: warningsIn(config) }, true);
    try {
      return accept(await options.apply(config), false);
    } catch (error) {
      if (!isRouterError(error)) log.error(text`reload: ${stackOf(error)}`);
      const reason = line`${error instanceof Error ? error.message : String(error)}`;
      const hint = isRouterError(error) && error.hint !== undefined ? [line`  hint: ${error.hint}`] : [];
      return refuse([lines([reason, ...hint])], `${name} could not be applied`);
    }
  }

  /** A file that is not good may be half written: it counts once it has stood for a moment. */
  async function loadSettled(): Promise<ProvenConfig | undefined> {
    for (let look = 1; ; look += 1) {
      const config = await options.load();
      if (config === undefined || config.issues.length === 0 || look === maxLooks) return config;
      if (await stands(config)) return config;
    }
  }

  async function stands({ loaded }: ProvenConfig): Promise<boolean> {
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

  function accept({ difference, notes }: Applied, isSameText: boolean): Verdict {
    const isHealed = told !== undefined || verdict?.ok === false;
    const what = difference ?? (isSameText ? "nothing has changed" : "nothing works differently");
    const earlier = verdict === undefined ? "" : `; the last verdict was: ${verdict.text}`;
    const same = `${what}${earlier}`;
    const text = isHealed ? `config fixed and reloaded: ${what}` : isSameText ? same : `reloaded: ${what}`;
    if (isHealed || !isSameText) for (const said of [text, ...notes]) log.info(safeLine(said));
    if (told !== undefined) void options.announce(line`The router's config was fixed and reloaded: ${what}.`);
    told = undefined;
    const accepted = { timeMs: now(), ok: true, text, problems: [], notes };
    // A look that found nothing is no news: the last verdict stays to be read.
    if (!isSameText || isHealed) verdict = accepted;
    return accepted;
  }

  function refuse(problems: readonly SafeText[], summary: string): Verdict {
    const stays = options.inForce() === undefined ? "nothing runs" : "the previous config stays active";
    const text = `not reloaded: ${summary}; ${stays}`;
    const isNews = verdict?.ok !== false || verdict.problems.join() !== problems.join();
    if (isNews) {
      for (const problem of problems) log.error(problem);
      log.warn(safeLine(text));
    }
    verdict = { timeMs: now(), ok: false, text, problems, notes: [] };
    const shown = lines(problems);
    if (options.inForce() !== undefined && told !== shown) {
      told = shown;
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

function isEqual(one: ProvenConfig, other: ProvenConfig): boolean {
  return JSON.stringify(one.loaded.files) === JSON.stringify(other.loaded.files);
}
