// Shows the user a form about an access change that a command in Claude's own shell requested. The user may
// have typed the command, as `/router:access` does, or Claude may have, because a stranger talked it into it:
// only the `yes` to the form counts.

import { setTimeout as pause } from "node:timers/promises";
import type { AccessAnswer, AccessRequest } from "../../access/administer.ts";
import type { Clock, Log } from "../../contract.ts";
import type { AccessPromptAnswer } from "../../control/protocol.ts";
import { UsageError } from "../../errors.ts";
import type { Elicitation } from "../../session/elicitation.ts";
import { cut } from "../../text/clip.ts";
import { line, lines, safeLine } from "../../text.ts";
import { elicitUntil } from "../elicit-until.ts";
import type { PromptQueue } from "../prompt-queue.ts";
import type { DaemonSession } from "../sessions.ts";

type Askable = Pick<DaemonSession, "id" | "startedMs" | "listening"> & {
  readonly session: Pick<DaemonSession["session"], "ask" | "takesForms">;
  readonly attached: { facts(): Pick<ReturnType<DaemonSession["attached"]["facts"]>, "session"> };
};

interface AskedOptions {
  administer(request: AccessRequest): Promise<AccessAnswer>;
  /** Describes the effect; rejects as `administer` would. */
  rehearse(request: AccessRequest): Promise<string>;
  members(): readonly Askable[];
  readonly turn: PromptQueue;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  /** Fires when this leader starts to stop. */
  readonly ending: AbortSignal;
  /** How often it checks whether it was settled elsewhere. Default 1 s. */
  readonly everyMs?: number;
  /** How long the command waits; the form stays longer. Default 60 s. */
  readonly answerWithinMs?: number;
}

/** An unanswered form is withdrawn after this time. */
const formForMs = 10 * 60 * 1_000;
/** After a no, commands in Claude's shell are refused without a question for this time. */
const quietAfterNoMs = 10 * 60 * 1_000;

/** The result rejects with a UsageError when the request is invalid, or no terminal can show a form now. */
export function createAccessPrompt(options: AskedOptions) {
  const { administer, rehearse, members, turn, clock, log, ending } = options;
  const { everyMs = 1_000, answerWithinMs = 60_000 } = options;
  let isOpen = false;
  let quietUntilMs = 0;

  function choose(session: string | undefined): Askable {
    const rank = (member: Askable) => (member.listening().state === "yes" ? 0 : 1);
    const isOwn = (member: Askable) => (member.attached.facts().session === session ? 0 : 1);
    const [best] = members()
      .filter((member) => member.session.takesForms())
      .sort((a, b) => isOwn(a) - isOwn(b) || rank(a) - rank(b) || a.startedMs - b.startedMs);
    if (best !== undefined) return best;
    throw refusal("no Claude session is open that could show you a form");
  }

  async function settle(request: AccessRequest, form: Elicitation, session: string | undefined) {
    const untilMs = clock.now() + formForMs;
    const still = () =>
      rehearse(request).then(
        () => clock.now() < untilMs,
        () => false, // Settled elsewhere.
      );
    const gone: AccessPromptAnswer = {
      state: "refused",
      said: "the form was withdrawn; nothing was changed",
    };
    if (!(await still())) return gone;
    const member = choose(session);
    const answer = await elicitUntil(member.session, form, { still, everyMs, signal: ending });
    if (answer === undefined) return gone;
    if (answer.action !== "accept" || answer.values.allow !== "yes") {
      quietUntilMs = clock.now() + quietAfterNoMs;
      log.info(line`the user at session ${member.id} declined an access change`);
      return {
        state: "refused",
        said: "the user at the terminal did not agree; nothing was changed",
      } satisfies AccessPromptAnswer;
    }
    const { said } = await administer(request);
    log.info(line`the user at session ${member.id} decided: ${safeLine(said)}`);
    return { state: "done", said } satisfies AccessPromptAnswer;
  }

  /** `session`: the client's id of the session in whose shell the command was typed. */
  return async (request: AccessRequest, session: string | undefined): Promise<AccessPromptAnswer> => {
    const said = await rehearse(request);
    if (isOpen) throw refusal("a form about access is open already");
    if (clock.now() < quietUntilMs) throw refusal("the user at the terminal declined this a few minutes ago");
    choose(session);
    isOpen = true;
    const settled = turn
      .take(() => settle(request, formOf(said), session))
      .finally(() => {
        isOpen = false;
      });
    settled.catch((error: Error) => log.warn(line`could not ask about access: ${safeLine(error.message)}`));
    const late = pause(answerWithinMs, undefined, { ref: false }).then(
      (): AccessPromptAnswer => ({
        state: "open",
        said: "a form about it is shown in Claude Code; the change happens when it is answered with yes",
      }),
    );
    return Promise.race([settled, late]);
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
