// Shows the user a form about an access change that a command in Claude's own shell requested. The user may
// have typed the command, as `/router:access` does, or Claude may have, because a stranger talked it into it:
// only the `yes` to the form counts.

import type { AccessAnswer, AccessRequest } from "../../access/administer.ts";
import type { Clock } from "../../contract.ts";
import type { AccessPromptAnswer } from "../../control/protocol.ts";
import { UsageError } from "../../errors.ts";
import type { Elicitation } from "../../session/elicitation.ts";
import { cut } from "../../text/clip.ts";
import { line, lines, safeLine } from "../../text.ts";
import { CallPrompts, type PromptSession, type Prompts } from "../prompts.ts";
import type { DaemonSession } from "../sessions.ts";

type Askable = PromptSession & {
  readonly attached: { facts(): Pick<ReturnType<DaemonSession["attached"]["facts"]>, "session"> };
};

interface AskedOptions<S extends Askable> {
  readonly prompts: Prompts<S>;
  administer(request: AccessRequest): Promise<AccessAnswer>;
  /** Describes the effect; rejects as `administer` would. */
  rehearse(request: AccessRequest): Promise<string>;
  readonly clock: Pick<Clock, "now">;
  /** Fires when this leader starts to stop. */
  readonly ending: AbortSignal;
  /** How long the command waits; the form stays longer. Default 60 s. */
  readonly answerWithinMs?: number;
}

const whyNot = {
  open: "a form about access is open already",
  declined: "the user at the terminal declined this a few minutes ago",
  nobody: "no Claude session is open that could show you a form",
} as const;

/** The result rejects with a UsageError when the request is invalid, or no terminal can show a form now. */
export function createAccessPrompt<S extends Askable>(options: AskedOptions<S>) {
  const { administer, rehearse, prompts, clock, ending, answerWithinMs = 60_000 } = options;
  const calls = new CallPrompts({ prompts, clock, subject: "access", answerWithinMs, ending });

  /** `session`: the client's id of the session in whose shell the command was typed. */
  return async (request: AccessRequest, session: string | undefined): Promise<AccessPromptAnswer> => {
    const effect = await rehearse(request);
    return calls.ask<AccessPromptAnswer>({
      kind: "access",
      elicitation: formOf(effect),
      isOwn: ({ attached }) => attached.facts().session === session,
      still: () =>
        rehearse(request).then(
          () => true,
          () => false, // Settled elsewhere.
        ),
      async settle(answer, id) {
        if (answer === "withdrawn")
          return { state: "refused", said: "the form was withdrawn; nothing was changed" };
        if (answer !== "yes") {
          prompts.log.info(line`the user at session ${id ?? ""} declined an access change`);
          return { state: "refused", said: "the user at the terminal did not agree; nothing was changed" };
        }
        const { said } = await administer(request);
        prompts.log.info(line`the user at session ${id ?? ""} decided: ${safeLine(said)}`);
        return { state: "done", said };
      },
      late: {
        state: "open",
        said: "a form about it is shown in Claude Code; the change happens when it is answered with yes",
      },
      refusal: (why) => refusal(whyNot[why]),
    });
  };
}

function refusal(message: string): UsageError {
  return new UsageError("E_CONSENT_INTERACTIVE", `only the user can let somebody in: ${message}`, {
    hint: "type it in a terminal of your own",
  });
}

function formOf(said: string): Elicitation {
  return {
    message: lines([
      line`A command in this session would change who may write to Claude. If you say yes:`,
      cut(safeLine(said), 600),
      line`Say yes only if you asked for it just now: anyone who may write can instruct Claude.`,
    ]),
    fields: { allow: { title: line`Do it?`, choices: [line`no`, line`yes`] } },
  };
}
