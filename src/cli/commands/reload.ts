// `reload`: the running router reads its config again at once, and reports the result.

import { line, ownWords, safeLine } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { reachRouter } from "../find-router.ts";
import { printed, printedJson } from "../print.ts";
import type { TalkOptions } from "./status.ts";

/** A source may take 10 s to start, and the one that it replaces 10 s to stop. */
const withinMs = 45_000;

/** 1 when the file's content is not active. */
export async function reload(options: TalkOptions, context: CommandContext): Promise<ExitCode> {
  const { ask } = await reachRouter(context, options.config);
  const answer = await ask("reload", {}, { withinMs });
  if (options.json) context.print(printedJson(answer));
  else {
    const { ok, text, problems, notes } = answer;
    context.print(
      printed(
        ...problems.map((problem) => ownWords(problem)),
        line`${ok ? text : colors.red(text)}`,
        ...notes.map((note) => safeLine(note)),
      ),
    );
  }
  return answer.ok ? 0 : 1;
}
