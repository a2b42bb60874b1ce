// A form that is taken back when what it asks about is settled elsewhere.

import { setTimeout as pause } from "node:timers/promises";
import type { Form, FormAnswer } from "../session/elicitation.ts";
import type { Member } from "./sessions.ts";

export interface AskWhileOptions {
  /** Asked every `everyMs`: whether the form is still about something. Never rejects. */
  still(): Promise<boolean>;
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

/** Undefined when it was taken back. Rejects when the session ends, or cannot show a form. */
export async function askWhile(
  session: Pick<Member["session"], "ask">,
  form: Form,
  { still, everyMs, signal }: AskWhileOptions,
): Promise<FormAnswer | undefined> {
  const over = new AbortController();
  let answer: FormAnswer | undefined;
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
