// The questions to the user in the terminals of a router's sessions, whatever they are about: one form at a
// time, in the session that fits best, withdrawn when it was settled elsewhere. Only the user's own `yes` to
// the form is a yes. There are two kinds of callers: `keepAsking` asks by itself about what waits, and
// `CallPrompts` asks for a call that waits for the answer, and then not again for a while after a no.

import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Clock, Log } from "../contract.ts";
import type { Elicitation } from "../session/elicitation.ts";
import { line, type SafeText, safeLine } from "../text.ts";
import type { DaemonSession } from "./sessions.ts";

/** What a prompt needs of a session. */
export type PromptSession = Pick<DaemonSession, "id" | "startedMs" | "listening"> & {
  readonly mcp: Pick<DaemonSession["mcp"], "elicit" | "supportsElicitation">;
};

/** `cancel`: dismissed without an answer. `withdrawn`: no longer needed, or not shown in time. */
export type PromptAnswer = "yes" | "no" | "cancel" | "withdrawn";

interface Prompt {
  /** What it is about. */
  readonly kind?: PromptKind;
  /** With the field `allow`, whose choices are no and yes. */
  readonly elicitation: Elicitation;
  /** Polled until the answer: whether the form is still needed. Never rejects. */
  still(): Promise<boolean>;
}

export type PromptKind = "consent" | "pairing" | "access" | "file";

/** A question that a session shows, or will show when the ones before it have ended. */
export interface OpenPrompt {
  readonly id: string;
  readonly kind: PromptKind | "other";
  readonly text: SafeText;
  readonly sinceMs: number;
  /** The session that shows it; undefined while it waits for its turn. */
  readonly session: string | undefined;
}

interface Asked extends Omit<OpenPrompt, "session"> {
  session: string | undefined;
  /** Settles when it is answered elsewhere than in a session. */
  readonly elsewhere: Promise<PromptAnswer>;
  answer(answer: "yes" | "no"): void;
}

interface PromptsOptions<S> {
  sessions(): readonly S[];
  readonly log: Log;
  /** How often an open form is checked for being needed. Default 1 s. */
  readonly everyMs?: number;
}

export class Prompts<S extends PromptSession = DaemonSession> {
  readonly sessions: () => readonly S[];
  readonly log: Log;
  readonly everyMs: number;
  #last: Promise<unknown> = Promise.resolve();
  /** In the order in which they are shown. */
  readonly #open = new Map<string, Asked>();

  constructor({ sessions, log, everyMs = 1_000 }: PromptsOptions<S>) {
    this.sessions = sessions;
    this.log = log;
    this.everyMs = everyMs;
  }

  /** The best session that can show a form: a preferred one, one that listens, the oldest. */
  choose(may: (session: S) => boolean, isPreferred: (session: S) => boolean = () => false): S | undefined {
    const rank = (session: S) => (isPreferred(session) ? 0 : session.listening().state === "yes" ? 1 : 2);
    return this.sessions()
      .filter((session) => session.mcp.supportsElicitation() && may(session))
      .sort((a, b) => rank(a) - rank(b) || a.startedMs - b.startedMs)[0];
  }

  /** What is shown now, and what waits for its turn. */
  open(): readonly OpenPrompt[] {
    return [...this.#open.values()].map(({ id, kind, text, sinceMs, session }) => ({
      id,
      kind,
      text,
      sinceMs,
      session,
    }));
  }

  /** The user answers it elsewhere: the form is withdrawn. False when it is no longer open. */
  answer(id: string, answer: "yes" | "no"): boolean {
    const asked = this.#open.get(id);
    asked?.answer(answer);
    return asked !== undefined;
  }

  /**
   * Shows the form when all earlier prompts have ended; the next one follows when `settle` has settled.
   * `choose` is asked when it is shown. Rejects when the session ends, or cannot show a form.
   */
  async ask<T>(
    choose: () => S,
    { kind, elicitation, still }: Prompt,
    settle: (answer: PromptAnswer, session: string | undefined) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const prompt = this.#enter(kind ?? "other", elicitation.message);
    const asked = this.#last
      .then(async () => {
        if (signal.aborted || !(await still())) return settle("withdrawn", undefined);
        const { id, mcp } = choose();
        prompt.session = id;
        const answer = await this.#show(mcp, { elicitation, still }, prompt.elsewhere, signal);
        // From here on a second answer would be to a question that has ended.
        this.#open.delete(prompt.id);
        return settle(answer, id);
      })
      .finally(() => this.#open.delete(prompt.id));
    this.#last = asked.catch(() => undefined);
    return asked;
  }

  #enter(kind: OpenPrompt["kind"], text: SafeText): Asked {
    const id = randomBytes(9).toString("base64url");
    let answer: Asked["answer"] = () => {};
    const elsewhere = new Promise<PromptAnswer>((resolve) => {
      answer = (given) => {
        this.#open.delete(id);
        resolve(given);
      };
    });
    const asked: Asked = { id, kind, text, sinceMs: Date.now(), session: undefined, elsewhere, answer };
    this.#open.set(id, asked);
    return asked;
  }

  async #show(
    session: S["mcp"],
    { elicitation, still }: Prompt,
    elsewhere: Promise<PromptAnswer>,
    signal: AbortSignal,
  ): Promise<PromptAnswer> {
    const over = new AbortController();
    let answer: PromptAnswer | undefined;
    const answered = session.elicit(elicitation, over.signal).then((given) => {
      // Only the word itself: an accepted form that was not filled in is not consent.
      const isYes = given.action === "accept" && given.values.allow === "yes";
      answer = isYes ? "yes" : given.action === "cancel" ? "cancel" : "no";
    });
    answered.catch(() => undefined); // Reported by the race below, or withdrawn on purpose.
    const given = elsewhere.then((given) => {
      answer ??= given;
      over.abort();
    });
    for (;;) {
      await Promise.race([answered, given, sleep(this.everyMs, signal)]);
      if (answer !== undefined) return answer;
      if (!signal.aborted && (await still())) continue;
      over.abort();
      return "withdrawn";
    }
  }
}

/** Something that waits for an answer. */
export interface WaitingPrompt extends Omit<Prompt, "elicitation"> {
  /** No session is asked twice about the same. */
  readonly key: string;
  /** Undefined: it waits, but must not be asked about now. */
  readonly elicitation: Elicitation | undefined;
  onAsk?(session: string): void;
  /** True: the next question may follow at once. */
  settle(answer: PromptAnswer, session: string): Promise<boolean>;
}

interface KeepAskingOptions<S extends PromptSession> {
  readonly prompts: Prompts<S>;
  /** What waits now, the first to ask about first. */
  waiting(): Promise<readonly WaitingPrompt[]>;
  /**
   * Between two questions, whatever they are about: what waits can be changed again and again and must not
   * exhaust the user. Default 15 s.
   */
  readonly gapMs?: number | undefined;
}

export type ReadySession = PromptSession & {
  readonly dispatchSession: Pick<DaemonSession["dispatchSession"], "ready">;
};

/**
 * Asks about what waits until the signal fires, and never fails. It sleeps while nothing waits: call the
 * result when something may.
 */
export function keepAsking<S extends ReadySession>(
  { prompts, waiting, gapMs = 15_000 }: KeepAskingOptions<S>,
  signal: AbortSignal,
): () => void {
  const ready = new WeakSet<S>();
  const seen = new WeakSet<S>();
  /** By session, the keys that it was asked about. */
  const asked = new WeakMap<S, Set<string>>();
  const { sleep: untilWake, wake } = createWakeableSleep(signal);

  function choose(key: string): S | undefined {
    for (const session of prompts.sessions()) {
      if (seen.has(session)) continue;
      seen.add(session);
      void session.dispatchSession.ready.then(() => ready.add(session));
    }
    return prompts.choose((session) => ready.has(session) && !asked.get(session)?.has(key));
  }

  async function goOn(): Promise<void> {
    while (!signal.aborted) {
      const all = await waiting();
      if (all.length === 0) await untilWake();
      else await sleep(await askFirst(all), signal);
    }
  }

  /** The time to the next question. */
  async function askFirst(all: readonly WaitingPrompt[]): Promise<number> {
    for (const one of all) {
      const { elicitation, key } = one;
      const session = elicitation === undefined ? undefined : choose(key);
      if (elicitation === undefined || session === undefined) continue;
      asked.set(session, (asked.get(session) ?? new Set()).add(key));
      one.onAsk?.(session.id);
      return (await askOne(session, { ...one, elicitation })) ? 0 : gapMs;
    }
    return prompts.everyMs;
  }

  async function askOne(session: S, one: WaitingPrompt & Prompt): Promise<boolean> {
    try {
      const settle = (answer: PromptAnswer) => one.settle(answer, session.id);
      return await prompts.ask(() => session, one, settle, signal);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // The question ends with its session; the next session is asked.
      if (!signal.aborted && prompts.sessions().includes(session))
        prompts.log.warn(line`session ${session.id} could not be asked: ${safeLine(reason)}`);
      return false;
    }
  }

  void goOn();
  return wake;
}

interface CallPromptsOptions<S extends PromptSession> {
  readonly prompts: Prompts<S>;
  readonly clock: Pick<Clock, "now">;
  /** What they are about, for the log. */
  readonly subject: string;
  /** How long a call waits; the form stays longer. */
  readonly answerWithinMs: number;
  /** Fires when this leader starts to stop. */
  readonly ending: AbortSignal;
}

interface CallPrompt<S, T> {
  readonly kind: PromptKind;
  readonly elicitation: Elicitation;
  /** The call came from this session. */
  isOwn(session: S): boolean;
  /** See `Prompt`. By default until its time is over. */
  still?(): Promise<boolean>;
  settle(answer: PromptAnswer, session: string | undefined): Promise<T>;
  /** The result while there is no answer yet; a later answer counts. */
  readonly late: T;
  /** `open`: another one is. `declined`: a few minutes ago. `nobody`: no session can show a form. */
  refusal(why: "open" | "declined" | "nobody"): Error;
}

/** An unanswered form is withdrawn after this time. */
export const formForMs = 10 * 60 * 1_000;
/** After a no, calls are refused without a question for this time. */
const cooldownAfterNoMs = 10 * 60 * 1_000;

/** Questions of one kind, one at a time, each for a call that waits for its answer. */
export class CallPrompts<S extends PromptSession> {
  readonly #options: CallPromptsOptions<S>;
  #isOpen = false;
  #cooldownUntilMs = 0;

  constructor(options: CallPromptsOptions<S>) {
    this.#options = options;
  }

  /** Rejects with the refusal, without a question, while it cannot be asked. */
  async ask<T>({ kind, elicitation, isOwn, still, settle, late, refusal }: CallPrompt<S, T>): Promise<T> {
    const { prompts, clock, subject, answerWithinMs, ending } = this.#options;
    if (this.#isOpen) throw refusal("open");
    if (clock.now() < this.#cooldownUntilMs) throw refusal("declined");
    const choose = () => {
      const session = prompts.choose(() => true, isOwn);
      if (session === undefined) throw refusal("nobody");
      return session;
    };
    choose();
    this.#isOpen = true;
    // Counts from when it is shown.
    let untilMs: number | undefined;
    const isNeeded = async () => {
      untilMs ??= clock.now() + formForMs;
      return clock.now() < untilMs && (still === undefined || (await still()));
    };
    const noted: typeof settle = (answer, session) => {
      if (answer === "no" || answer === "cancel") this.#cooldownUntilMs = clock.now() + cooldownAfterNoMs;
      return settle(answer, session);
    };
    const settled = prompts.ask(choose, { kind, elicitation, still: isNeeded }, noted, ending).finally(() => {
      this.#isOpen = false;
    });
    settled.catch((error: Error) =>
      prompts.log.warn(line`could not ask about ${subject}: ${safeLine(error.message)}`),
    );
    return Promise.race([settled, pause(answerWithinMs, late, { ref: false })]);
  }
}

/** Settles after this time, or when the signal fires. Keeps no process alive. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return pause(ms, undefined, { signal, ref: false }).catch(() => undefined); // The loops see the signal.
}

function createWakeableSleep(signal: AbortSignal): { sleep(): Promise<void>; wake(): void } {
  let isWoken = false;
  let settle: (() => void) | undefined;

  function wake(): void {
    isWoken = true;
    settle?.();
  }

  signal.addEventListener("abort", wake, { once: true });
  return {
    wake,
    /** Settles at the next `wake`, or at once when there was one since it last settled. */
    async sleep() {
      if (!isWoken && !signal.aborted) {
        await new Promise<void>((resolve) => {
          settle = resolve;
        });
      }
      isWoken = false;
    },
  };
}
