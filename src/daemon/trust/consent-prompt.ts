// Asks for the consent that a running config waits for, in the terminal of one of its sessions: one question
// at a time, to one session, and never again about what was declined. Only the user's own `yes` to a form
// grants something.

import type { Power } from "../../contract/power.ts";
import type { Log } from "../../contract.ts";
import { systemClock } from "../../host/clock.ts";
import { watchFiles } from "../../host/file-watch.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Elicitation, ElicitationResult } from "../../session/elicitation.ts";
import { line, lines, type SafeText, safeLine } from "../../text.ts";
import { createPromptQueue, type PromptQueue } from "../prompt-queue.ts";
import type { DaemonSession } from "../sessions.ts";
import { createWakeableSleep } from "../wakeable-sleep.ts";
import type { Consent } from "./consent.ts";
import { type Asking, type ConsentQuestion, consentQuestion, describedPower } from "./consent-question.ts";

type Askable = Pick<DaemonSession, "id" | "startedMs" | "listening"> & {
  readonly session: Pick<DaemonSession["session"], "ask" | "takesForms">;
  readonly dispatchSession: Pick<DaemonSession["dispatchSession"], "ready">;
};

interface AskOptions {
  readonly consent: Consent;
  /** The config in question; undefined while there is none. */
  plan(): (Asking & Pick<Plan, "powers">) | undefined;
  members(): readonly Askable[];
  /** Name of the config file, for the question. */
  readonly config: string;
  /** Where answers are stored: another process may write one there. */
  readonly answersFile?: string;
  readonly log: Log;
  /** Shared with all other prompts. */
  readonly turn?: PromptQueue;
  /** How often it checks whether the power still waits. Default 1 s. */
  readonly everyMs?: number;
  /**
   * Between two questions, whatever they are about: an editor that changes the config again and again must
   * not exhaust the user. Default 15 s.
   */
  readonly gapMs?: number;
}

/**
 * Runs until the signal fires, and never fails. Keeps `consent` fresh. It sleeps while nothing waits: call
 * the result when the powers may have changed.
 */
export function askForConsent(options: AskOptions, signal: AbortSignal): () => void {
  const { consent, members, turn = createPromptQueue(), everyMs = 1_000, gapMs = 15_000 } = options;
  const ready = new WeakSet<Askable>();
  const seen = new WeakSet<Askable>();
  /** Sessions that were asked about exactly these powers, and gave no answer. */
  const asked = new WeakMap<Askable, Set<string>>();
  const { sleep, untilWoken, wake } = createWakeableSleep(signal);

  function choose(key: string): Askable | undefined {
    for (const member of members()) {
      if (seen.has(member)) continue;
      seen.add(member);
      void member.dispatchSession.ready.then(() => ready.add(member));
    }
    return members()
      .filter((member) => ready.has(member) && member.session.takesForms() && !asked.get(member)?.has(key))
      .sort((a, b) => rank(a) - rank(b) || a.startedMs - b.startedMs)[0];
  }

  if (options.answersFile !== undefined) {
    const watch = watchFiles({ clock: systemClock, onChange: wake });
    watch.watch([options.answersFile]);
    signal.addEventListener("abort", () => watch.close(), { once: true });
  }
  void goOn();
  return wake;

  async function goOn(): Promise<void> {
    while (!signal.aborted) {
      const waiting = await look(options);
      if (waiting.length === 0) await untilWoken();
      else await askAbout(waiting);
    }
  }

  async function askAbout(waiting: readonly Power[]): Promise<void> {
    const key = keyOf(waiting);
    const member = choose(key);
    const plan = options.plan();
    const question = plan === undefined ? undefined : consentQuestion(options.config, waiting, plan);
    if (member === undefined || question === undefined) await sleep(everyMs);
    else {
      asked.set(member, (asked.get(member) ?? new Set()).add(key));
      let hasMore: boolean | undefined;
      const asking = turn.take(async () => {
        hasMore = await askOne(member, waiting, question, options, sleep, signal);
      });
      await asking.catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        // The question ends with its session; the next session is asked.
        if (!signal.aborted && members().includes(member))
          options.log.warn(line`session ${member.id} could not be asked: ${safeLine(reason)}`);
      });
      if (hasMore !== true) await sleep(gapMs);
    }
  }

  /** True: what was shown was allowed, and the rest should be shown now. */
  async function askOne(
    { id, session }: Askable,
    waiting: readonly Power[],
    { message, shown }: ConsentQuestion,
    { log }: AskOptions,
    nap: (ms: number) => Promise<void>,
    ending: AbortSignal,
  ): Promise<boolean> {
    const over = new AbortController();
    let answer: ElicitationResult | undefined;
    const answered = session.ask(formOf(message), over.signal).then((given) => {
      answer = given;
    });
    answered.catch(() => undefined); // Reported by the race below, or withdrawn on purpose.
    for (;;) {
      await Promise.race([answered, nap(everyMs)]);
      if (answer !== undefined) break;
      if (ending.aborted || keyOf(await look(options)) !== keyOf(waiting)) {
        // The power was answered elsewhere, or is no longer in the config.
        over.abort();
        return false;
      }
    }
    if (isYes(answer)) {
      await consent.remember(shown, "trusted");
      log.info(line`the user at session ${id} allowed: ${oneLine(shown)}`);
      return shown.length < waiting.length;
    }
    if (answer.action !== "cancel") {
      // A no ends the questions: the remaining pages wait for `channel-router trust` too.
      await consent.remember(waiting, "declined");
      log.warn(line`the user at session ${id} declined: ${oneLine(waiting)}; channel-router trust allows it`);
    }
    return false;
  }
}

async function look({ consent, plan }: Pick<AskOptions, "consent" | "plan">): Promise<Power[]> {
  const all = plan()?.powers ?? [];
  if (all.length === 0) return [];
  await consent.refresh();
  // For a file that the user does not want to use, nothing else is worth a question.
  if (all.some((power) => power.power === "use" && consent.declined(power))) return [];
  return all.filter((power) => !consent.allows(power) && !consent.declined(power));
}

function formOf(question: SafeText): Elicitation {
  return {
    message: lines([
      question,
      line`It waits for you. Only allow it if you want it: the config can be written by others, Claude among them.`,
    ]),
    fields: { allow: { title: line`Allow it?`, choices: [line`no`, line`yes`] } },
  };
}

/** Only the word itself: an accepted form that was not filled in is not consent. */
function isYes(answer: ElicitationResult): boolean {
  return answer.action === "accept" && answer.values.allow === "yes";
}

function rank(member: Askable): number {
  return member.listening().state === "yes" ? 0 : 1;
}

function keyOf(powers: readonly Power[]): string {
  return powers.map(({ hash }) => hash).join();
}

function oneLine(powers: readonly Power[]): string {
  return powers.map((power) => describedPower(power)).join("; ");
}
