// A form that is taken back when what it asks about is settled elsewhere.

import { setTimeout as pause } from "node:timers/promises";
import type { Elicitation, ElicitationResult } from "../session/elicitation.ts";
import type { DaemonSession } from "./sessions.ts";

export interface ElicitUntilOptions {
  /** Asked every `everyMs`: whether the form is still about something. Never rejects. */
  still(): Promise<boolean>;
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

/** Undefined when it was taken back. Rejects when the session ends, or cannot show a form. */
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
  answered.catch(() => undefined); // Told by the race below, or taken back on purpose.
  for (;;) {
    const looked = pause(everyMs, undefined, { signal, ref: false }).catch(() => undefined); // The loop sees the signal.
    await Promise.race([answered, looked]);
    if (answer !== undefined) return answer;
    if (!signal.aborted && (await still())) continue;
    over.abort();
    return undefined;
  }
}
