// Asks the user whether Claude may send a file through a chat that Claude named and nothing else permits,
// with a form in the client's terminal. Only the `yes` to the form counts, for this content and this chat.

import type { GuardedFile } from "../../chat/file-guard.ts";
import type { Clock } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import type { Elicitation } from "../../session/elicitation.ts";
import { cut } from "../../text/clip.ts";
import { line, lines, shownLine } from "../../text.ts";
import { CallPrompts, formForMs, type PromptAnswer, type PromptSession, type Prompts } from "../prompts.ts";

export type FilePrompt = Pick<GuardedFile, "source" | "bytes" | "asks" | "hash">;

interface FileQuestionOptions<S extends PromptSession> {
  readonly prompts: Prompts<S>;
  readonly clock: Pick<Clock, "now">;
  /** Fires when this leader starts to stop. */
  readonly ending: AbortSignal;
  /**
   * How long the tool call waits; the form stays longer. Default 50 s: some clients give up a call after 60
   * s.
   */
  readonly answerWithinMs?: number;
}

/**
 * Settles when the user agreed; rejects with a UsageError (E_FILE) for Claude. `chat`: name of the source.
 */
export type AskForFiles = (session: string, chat: string, files: readonly FilePrompt[]) => Promise<void>;

export function createFilePrompt<S extends PromptSession>(options: FileQuestionOptions<S>): AskForFiles {
  const { prompts, clock, ending, answerWithinMs = 50_000 } = options;
  const calls = new CallPrompts({ prompts, clock, subject: "files", answerWithinMs, ending });
  /** By chat and content: the time until which a yes is valid, also a late one. */
  const agreed = new Map<string, number>();

  return async (session, chat, files) => {
    const nowMs = clock.now();
    for (const [key, untilMs] of agreed) if (untilMs <= nowMs) agreed.delete(key);
    const open = files.filter((file) => !agreed.has(keyOf(chat, file)));
    if (open.length === 0) return;
    const named = `${open[0]?.source}: ${open[0]?.asks[0]}`;
    const answer = await calls.ask<PromptAnswer | "late">({
      kind: "file",
      elicitation: formOf(chat, open),
      isOwn: ({ id }) => id === session,
      async settle(answer, id) {
        if (answer === "yes") {
          for (const file of open) agreed.set(keyOf(chat, file), clock.now() + formForMs);
          prompts.log.info(line`the user at session ${id ?? ""} allowed ${open.length} file(s) to be sent`);
        } else if (answer !== "withdrawn")
          prompts.log.info(line`the user at session ${id ?? ""} declined to send files`);
        return answer;
      },
      late: "late",
      refusal: (why) =>
        refusal(
          {
            open: `${named}; a form about files is open already`,
            declined: `${named}; the user said no to a file a few minutes ago`,
            nobody: "no Claude session is open that could show the user a form about it",
          }[why],
        ),
    });
    if (answer === "late")
      throw refusal(`${named}; a form about it is shown to the user: send it again when it is answered`);
    if (answer !== "yes") throw refusal(`${named}, and the user did not agree`);
  };
}

function keyOf(chat: string, { source, hash, asks }: FilePrompt): string {
  return JSON.stringify([chat, source, hash, asks]);
}

function refusal(message: string): UsageError {
  return new UsageError("E_FILE", message, {
    hint: "files of the project, of the inbox and of permissions.files are sent unasked",
  });
}

const shownFiles = 10;

function formOf(chat: string, files: readonly FilePrompt[]): Elicitation {
  const shown = files.slice(0, shownFiles).map(({ source, bytes, asks }) => {
    const size = bytes < 1_000 ? `${bytes} bytes` : `${Math.round(bytes / 1_000)} kB`;
    return line`  ${cut(shownLine(source), 300)} (${size}): ${asks.join("; ")}`;
  });
  return {
    message: lines([
      line`Claude wants to send ${files.length === 1 ? "this file" : `these ${files.length} files`} to the chat ${chat}:`,
      ...shown,
      ...(files.length > shownFiles ? [line`  and ${files.length - shownFiles} more`] : []),
      line`Say yes only if you want this to leave your machine: what Claude reads may have talked it into this.`,
    ]),
    fields: { allow: { title: line`Send it?`, choices: [line`no`, line`yes`] } },
  };
}
