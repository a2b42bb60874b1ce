// `prompts` and `answer_prompt`: the questions that wait for the user. They are those of the sessions' terminals, in the
// same order, and an answer here withdraws the form there; and the permission prompts of Claude that approvers were asked.

import { hashOf } from "../../browser/signed.ts";
import { plainPrompt } from "../../chat/prompt-text.ts";
import { readFlag, readText } from "../../control/arguments.ts";
import type { DaemonState } from "../../daemon/state.ts";
import { line } from "../../text.ts";
import { ConsoleFailure } from "../failure.ts";
import type { PromptAnswer } from "../protocol.ts";
import type { OwnCommands } from "./own-commands.ts";
import { stateOf } from "./running.ts";

export const promptCommands: OwnCommands = {
  prompts: async (_args, { host }) => ({ prompts: openPrompts(stateOf(host)) }),

  async answer_prompt(args, { host, browser }) {
    const state = stateOf(host);
    const { prompts } = state;
    const id = readText(args, "id");
    const open = openPrompts(state).find((one) => one.id === id);
    if (open === undefined) return { state: "gone" };
    // Nothing between the router and the page can show another text than what is answered.
    if (readText(args, "shown") !== open.shown)
      throw new ConsoleFailure(
        409,
        "changed",
        "this page does not show the question that is open: look again",
      );
    const allow = readFlag(args, "allow");
    if (open.kind === "permission") {
      const by = { source: "console", person: browser };
      const problem = await state.chat()?.prompts.decide(id, allow ? "allow" : "deny", by);
      if (problem !== undefined) throw new ConsoleFailure(409, "changed", problem);
      return { state: "done" };
    }
    const isDone = prompts.answer(id, allow ? "yes" : "no");
    if (isDone)
      host.log.info(line`the user at browser ${browser} answered ${allow ? "yes" : "no"}: ${open.text}`);
    return { state: isDone ? "done" : "gone" };
  },
};

export function openPrompts(state: DaemonState): PromptAnswer[] {
  const ofTerminals = state.prompts.open().map(
    (open): PromptAnswer => ({
      id: open.id,
      kind: open.kind,
      text: open.text,
      since: new Date(open.sinceMs).toISOString(),
      ...(open.session === undefined ? {} : { session: open.session }),
      answerable: open.session !== undefined,
      shown: shownHash(open.id, open.text),
    }),
  );
  const ofClaude = (state.chat()?.prompts.waiting() ?? []).map(
    ({ id, text, isWhole, session, askedMs }): PromptAnswer => ({
      id,
      kind: "permission",
      text: plainPrompt(text),
      since: new Date(askedMs).toISOString(),
      session,
      answerable: true,
      ...(isWhole ? {} : { partial: true }),
      shown: shownHash(id, plainPrompt(text)),
    }),
  );
  return [...ofTerminals, ...ofClaude];
}

function shownHash(id: string, text: string): string {
  return hashOf(Buffer.from(`${id}\n${text}`));
}
