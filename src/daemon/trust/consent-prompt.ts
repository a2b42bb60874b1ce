// Asks for the consent that a running config waits for, in the terminal of one of its sessions: one question
// at a time, to one session, and never again about what was declined. Only the user's own `yes` to a form
// grants something.

import { systemClock } from "../../clock.ts";
import type { Power } from "../../contract/power.ts";
import { watchFiles } from "../../host/file-watch.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Elicitation } from "../../session/elicitation.ts";
import { line, lines, type SafeText } from "../../text.ts";
import { keepAsking, type Prompts, type ReadySession, type WaitingPrompt } from "../prompts.ts";
import type { Consent } from "./consent.ts";
import { type ConsentScope, consentQuestion, describedPower } from "./consent-question.ts";

interface AskOptions<S extends ReadySession> {
  readonly prompts: Prompts<S>;
  readonly consent: Consent;
  /** The config in question; undefined while there is none. */
  plan(): (ConsentScope & Pick<Plan, "powers">) | undefined;
  /** Name of the config file, for the question. */
  readonly config: string;
  /** Where answers are stored: another process may write one there. */
  readonly answersFile?: string;
  /** Between two questions. Default 15 s. */
  readonly gapMs?: number;
}

/**
 * Runs until the signal fires, and never fails. Keeps `consent` fresh. It sleeps while nothing waits: call
 * the result when the powers may have changed.
 */
export function askForConsent<S extends ReadySession>(
  options: AskOptions<S>,
  signal: AbortSignal,
): () => void {
  const { prompts, gapMs } = options;
  const wake = keepAsking({ prompts, gapMs, waiting: () => promptsAbout(options) }, signal);
  if (options.answersFile !== undefined) {
    const watch = watchFiles({ clock: systemClock, onChange: wake });
    watch.watch([options.answersFile]);
    signal.addEventListener("abort", () => watch.close(), { once: true });
  }
  return wake;
}

/** One prompt about all powers that wait, or none. */
async function promptsAbout<S extends ReadySession>(options: AskOptions<S>): Promise<WaitingPrompt[]> {
  const { consent, prompts } = options;
  const waiting = await look(options);
  const plan = options.plan();
  if (waiting.length === 0 || plan === undefined) return [];
  const question = consentQuestion(options.config, waiting, plan);
  const { shown = [] } = question ?? {};
  const key = keyOf(waiting);
  return [
    {
      key,
      kind: "consent",
      elicitation: question === undefined ? undefined : formOf(question.message),
      // False when the power was answered elsewhere, or is no longer in the config.
      still: async () => keyOf(await look(options)) === key,
      async settle(answer, session) {
        if (answer === "yes") {
          await consent.remember(shown, "trusted");
          prompts.log.info(line`the user at session ${session} allowed: ${oneLine(shown)}`);
          // What is left is shown at once.
          return shown.length < waiting.length;
        }
        if (answer === "no") {
          // A no ends the questions: the remaining pages wait for `channel-router trust` too.
          await consent.remember(waiting, "declined");
          prompts.log.warn(
            line`the user at session ${session} declined: ${oneLine(waiting)}; channel-router trust allows it`,
          );
        }
        return false;
      },
    },
  ];
}

async function look({ consent, plan }: Pick<AskOptions<never>, "consent" | "plan">): Promise<Power[]> {
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

function keyOf(powers: readonly Power[]): string {
  return powers.map(({ hash }) => hash).join();
}

function oneLine(powers: readonly Power[]): string {
  return powers.map((power) => describedPower(power)).join("; ");
}
