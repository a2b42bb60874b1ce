// `sessions`: the Claude sessions of the running router, and whether each listens.

import { line } from "../../text.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { reachRouter } from "../find-router.ts";
import { printed, printedJson } from "../print.ts";
import { printSession, type TalkOptions } from "./status.ts";

export async function sessions(options: TalkOptions, context: CommandContext): Promise<ExitCode> {
  const { ask } = await reachRouter(context, options.config);
  const answer = await ask("sessions", {});
  if (options.json) {
    context.print(printedJson(answer));
    return 0;
  }
  const lines = answer.sessions.flatMap((session) => printSession(session, context.now()));
  context.print(printed(...(lines.length === 0 ? [line`no session is open; events wait`] : lines)));
  return 0;
}
