// `prompts` and `answer_prompt`: the questions that wait for the user. They are those of the sessions' terminals, in the
// same order, and an answer here withdraws the form there.

import { hashOf } from "../../browser/signed.ts";
import { readFlag, readText } from "../../control/arguments.ts";
import type { OpenPrompt } from "../../daemon/prompts.ts";
import type { DaemonState } from "../../daemon/state.ts";
import { line } from "../../text.ts";
import { ConsoleFailure } from "../failure.ts";
import type { PromptAnswer } from "../protocol.ts";
import type { OwnCommands } from "./own-commands.ts";
import { stateOf } from "./running.ts";

export const promptCommands: OwnCommands = {
  prompts: async (_args, { host }) => ({ prompts: openPrompts(stateOf(host)) }),

  async answer_prompt(args, { host, browser }) {
    const { prompts } = stateOf(host);
    const id = readText(args, "id");
    const open = prompts.open().find((one) => one.id === id);
    if (open === undefined) return { state: "gone" };
    // Nothing between the router and the page can show another text than what is answered.
    if (readText(args, "shown") !== shownHash(open))
      throw new ConsoleFailure(
        409,
        "changed",
        "this page does not show the question that is open: look again",
      );
    const allow = readFlag(args, "allow");
    const isDone = prompts.answer(id, allow ? "yes" : "no");
    if (isDone)
      host.log.info(line`the user at browser ${browser} answered ${allow ? "yes" : "no"}: ${open.text}`);
    return { state: isDone ? "done" : "gone" };
  },
};

export function openPrompts(state: DaemonState): PromptAnswer[] {
  return state.prompts.open().map((open) => ({
    id: open.id,
    kind: open.kind,
    text: open.text,
    since: new Date(open.sinceMs).toISOString(),
    ...(open.session === undefined ? {} : { session: open.session }),
    answerable: open.session !== undefined,
    shown: shownHash(open),
  }));
}

function shownHash({ id, text }: OpenPrompt): string {
  return hashOf(Buffer.from(`${id}\n${text}`));
}
