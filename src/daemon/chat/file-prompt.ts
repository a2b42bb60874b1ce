// Asks the user whether Claude may send a file through a chat that Claude named and nothing else permits,
// with a form in the client's terminal. Only the `yes` to the form counts, for this content and this chat.

import { setTimeout as pause } from "node:timers/promises";
import type { GuardedFile } from "../../chat/file-guard.ts";
import type { Clock, Log } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import type { Elicitation } from "../../session/elicitation.ts";
import { cut } from "../../text/clip.ts";
import { line, lines, shownLine } from "../../text.ts";
import { elicitUntil } from "../elicit-until.ts";
import type { PromptQueue } from "../prompt-queue.ts";
import type { DaemonSession } from "../sessions.ts";

export type FilePrompt = Pick<GuardedFile, "source" | "bytes" | "asks" | "hash">;

type Askable = Pick<DaemonSession, "id" | "startedMs" | "listening"> & {
  readonly session: Pick<DaemonSession["session"], "ask" | "takesForms">;
};

interface FileQuestionOptions {
  members(): readonly Askable[];
  readonly turn: PromptQueue;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  /** Fires when this leader starts to stop. */
  readonly ending: AbortSignal;
  /** How often it checks whether the form is still needed. Default 1 s. */
  readonly everyMs?: number;
  /**
   * How long the tool call waits; the form stays longer. Default 50 s: some clients give up a call after 60
   * s.
   */
  readonly answerWithinMs?: number;
}

/** An unanswered form is withdrawn after this time; a late `yes` is valid for the same time. */
const formForMs = 10 * 60 * 1_000;
/** After a `no`, files are refused without a question for this time. */
const quietAfterNoMs = 10 * 60 * 1_000;

/**
 * Settles when the user agreed; rejects with a UsageError (E_FILE) for Claude. `chat`: name of the source.
 */
export type AskForFiles = (session: string, chat: string, files: readonly FilePrompt[]) => Promise<void>;

export function createFilePrompt(options: FileQuestionOptions): AskForFiles {
  const { members, turn, clock, log, ending } = options;
  const { everyMs = 1_000, answerWithinMs = 50_000 } = options;
  /** By chat and content: the time until which it is valid. */
  const agreed = new Map<string, number>();
  let isOpen = false;
  let quietUntilMs = 0;

  function choose(session: string): Askable {
    const rank = (member: Askable) =>
      member.id === session ? 0 : member.listening().state === "yes" ? 1 : 2;
    const [best] = members()
      .filter((member) => member.session.takesForms())
      .sort((a, b) => rank(a) - rank(b) || a.startedMs - b.startedMs);
    if (best !== undefined) return best;
    throw refusal("no Claude session is open that could show the user a form about it");
  }

  async function settle(
    session: string,
    form: Elicitation,
    keys: readonly string[],
  ): Promise<"yes" | "no" | "gone"> {
    const untilMs = clock.now() + formForMs;
    const member = choose(session);
    const still = async () => clock.now() < untilMs;
    const answer = await elicitUntil(member.session, form, { still, everyMs, signal: ending });
    if (answer === undefined) return "gone";
    if (answer.action !== "accept" || answer.values.allow !== "yes") {
      quietUntilMs = clock.now() + quietAfterNoMs;
      log.info(line`the user at session ${member.id} declined to send files`);
      return "no";
    }
    for (const key of keys) agreed.set(key, clock.now() + formForMs);
    log.info(line`the user at session ${member.id} allowed ${keys.length} file(s) to be sent`);
    return "yes";
  }

  return async (session, chat, files) => {
    const nowMs = clock.now();
    for (const [key, untilMs] of agreed) if (untilMs <= nowMs) agreed.delete(key);
    const open = files.filter((file) => !agreed.has(keyOf(chat, file)));
    if (open.length === 0) return;
    const named = `${open[0]?.source}: ${open[0]?.asks[0]}`;
    if (isOpen) throw refusal(`${named}; a form about files is open already`);
    if (nowMs < quietUntilMs) throw refusal(`${named}; the user said no to a file a few minutes ago`);
    choose(session);
    isOpen = true;
    const keys = open.map((file) => keyOf(chat, file));
    const settled = turn
      .take(() => settle(session, formOf(chat, open), keys))
      .finally(() => {
        isOpen = false;
      });
    settled.catch((error: Error) => log.warn(line`could not ask about files: ${error.message}`));
    const late = pause(answerWithinMs, "late" as const, { ref: false });
    switch (await Promise.race([settled, late])) {
      case "yes":
        return;
      case "late":
        throw refusal(`${named}; a form about it is shown to the user: send it again when it is answered`);
      default:
        throw refusal(`${named}, and the user did not agree`);
    }
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
