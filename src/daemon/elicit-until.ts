// A form that is withdrawn when its question is settled elsewhere.

import { setTimeout as pause } from "node:timers/promises";
import type { Elicitation, ElicitationResult } from "../session/elicitation.ts";
import type { DaemonSession } from "./sessions.ts";

export interface ElicitUntilOptions {
  /** Polled every `everyMs`: whether the form is still needed. Never rejects. */
  still(): Promise<boolean>;
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

/** Undefined when it was withdrawn. Rejects when the session ends, or cannot show a form. */
export async function elicitUntil(
  session: Pick<DaemonSession["session"], "ask">,
  form: Elicitation,
  { still, everyMs, signal }: ElicitUntilOptions,
): Promise<ElicitationResult | undefined> {
  const over = new AbortController();
  let answer: ElicitationResult | undefined;
  const answered = session.ask(form, over.signal).then((given) => {
    answer = given;
  });
  answered.catch(() => undefined); // Reported by the race below, or withdrawn on purpose.
  for (;;) {
    const looked = pause(everyMs, undefined, { signal, ref: false }).catch(() => undefined); // The loop sees the signal.
    await Promise.race([answered, looked]);
    if (answer !== undefined) return answer;
    if (!signal.aborted && (await still())) continue;
    over.abort();
    return undefined;
  }
}
