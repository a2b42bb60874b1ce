// The copies of the prompts that wait, one before each approver: sent, continued by further pages, and closed. Whether somebody may
// allow what a prompt asks is a question of which of its pages they were shown.

import type { PermissionPrompt } from "../contract/chat.ts";
import { ConnectorError } from "../errors.ts";
import { line } from "../text.ts";
import { pause } from "../waiting.ts";
import { buttonId, type Pages, type PermissionRequest, writeOutcome, writePages } from "./prompt.ts";
import type { Copy, PendingPrompt, PromptMessage, RelayOptions } from "./relay-deps.ts";

export interface Copies {
  /** Puts the first page before somebody. Settles when it was sent, or cannot be. */
  send(id: string, to: Person): Promise<void>;
  /** Sends the pages that somebody was not shown yet. Never rejects. */
  sendRest(id: string, to: Person): Promise<void>;
  /** Why somebody cannot allow it here, in words for them; undefined when they can. */
  whyNotAllowed(prompt: PendingPrompt, by: Person): string | undefined;
  /** Which of the copies shows less than all of its pages to them; undefined when none does. */
  unfinished(prompt: PendingPrompt, by: Person): Copy | undefined;
  /** Never rejects. */
  close(request: PermissionRequest, copies: readonly Copy[], outcome: string): Promise<void>;
  /** Is it a message of a prompt, or was it one a while ago? */
  isPrompt(source: string, messageId: string): boolean;
  /** An earlier owner sent these. */
  remember(messages: readonly PromptMessage[]): void;
}

export interface Person {
  readonly source: string;
  readonly person: string;
}

interface CopiesOptions
  extends Pick<RelayOptions, "clock" | "log" | "chat" | "isOpen" | "pageLength" | "messageNotes"> {
  readonly prompts: Map<string, PendingPrompt>;
  readonly stopping: AbortSignal;
  /** What became of a prompt that is over. */
  outcomeOf(id: string): string;
  keep(prompt: PendingPrompt): Promise<void>;
}

/** A chat that has just been started, by a new owner say, has to log in first. */
const reachWithinMs = 30_000;
const reachAgainMs = 2_000;
const maxRemembered = 2_000;

export function createCopies(options: CopiesOptions): Copies {
  const { clock, log, prompts, stopping } = options;
  /** Messages that are prompts, or were. */
  let messages: readonly PromptMessage[] = [];
  const underWay = new Set<string>();

  const pagesOf = (prompt: PendingPrompt, source: string): Pages =>
    writePages(prompt, options.pageLength(source));
  const copyOf = (prompt: PendingPrompt | undefined, { source, person }: Person) =>
    prompt?.copies.find((copy) => copy.source === source && copy.person === person);

  function remember(more: readonly PromptMessage[]): void {
    messages = [...messages, ...more].slice(-maxRemembered);
  }

  /** Also for the next owner: a message that was a prompt once can be changed long after it ended. */
  async function note(prompt: PendingPrompt): Promise<void> {
    const { request, key, copies } = prompts.get(prompt.request.id) ?? prompt;
    await options.messageNotes.put(buttonId(request.id, key), messagesOf(copies)).catch((error: unknown) => {
      log.warn(line`the messages of a permission prompt are known to this process only: ${messageOf(error)}`);
    });
  }

  /** False when the prompt is over. */
  function put(id: string, copy: Copy): boolean {
    const prompt = prompts.get(id);
    if (prompt === undefined) return false;
    const others = prompt.copies.filter((other) => other !== copyOf(prompt, copy));
    prompts.set(id, { ...prompt, copies: [...others, copy] });
    return true;
  }

  async function settle(prompt: PendingPrompt, copy: Copy): Promise<void> {
    remember(messagesOf([copy]));
    // Decided or gone while it was being sent.
    const isLive = put(prompt.request.id, copy);
    await note(isLive ? prompt : { ...prompt, copies: [...prompt.copies, copy] });
    if (!isLive) await close(prompt.request, [copy], options.outcomeOf(prompt.request.id));
  }

  async function sendFirst(to: Person, page: PermissionPrompt, id: string): Promise<Copy | undefined> {
    const { source, person } = to;
    const untilMs = clock.now() + reachWithinMs;
    for (;;) {
      try {
        if (!(await options.isOpen(source))) return undefined;
        const asked = await options.chat(source)?.askPermission?.(person, page);
        return asked === undefined ? undefined : { source, person, asked, pages: 1 };
      } catch (error) {
        const mayHelp =
          error instanceof ConnectorError && error.retryable && prompts.has(id) && !stopping.aborted;
        if (!mayHelp || clock.now() >= untilMs) {
          log.warn(line`source ${source}: a permission prompt could not be sent: ${messageOf(error)}`);
          return undefined;
        }
      }
      await pause(clock, reachAgainMs, stopping);
    }
  }

  /** False when it was not sent, or nothing is left to be sent. */
  async function sendNext(id: string, to: Person): Promise<boolean> {
    const prompt = prompts.get(id);
    const copy = copyOf(prompt, to);
    if (prompt === undefined || prompt.decided !== undefined || copy === undefined) return false;
    const page = pagesOf(prompt, to.source).list[copy.pages];
    if (page === undefined) return false;
    const next = { ...copy, pages: copy.pages + 1 };
    // Before it is sent: whoever sees it may answer at once.
    put(id, next);
    try {
      const asked = await options.chat(to.source)?.continuePermission?.(copy.asked, page);
      if (asked === undefined) throw new Error("the chat does not run");
      await settle(prompt, { ...next, asked });
      return true;
    } catch (error) {
      put(id, copy);
      log.warn(
        line`source ${to.source}: the rest of a permission prompt could not be sent: ${messageOf(error)}`,
      );
      return false;
    }
  }

  async function close(request: PermissionRequest, copies: readonly Copy[], outcome: string): Promise<void> {
    const text = writeOutcome(request, outcome);
    await Promise.all(
      copies.map(async ({ source, asked }) => {
        try {
          await options.chat(source)?.expirePermission?.(asked, text);
        } catch (error) {
          log.warn(line`source ${source}: a permission prompt could not be closed: ${messageOf(error)}`);
        }
      }),
    );
  }

  const isShownToEnd = (prompt: PendingPrompt, by: Person): boolean =>
    // Whose copy was lost with an owner was shown the first page.
    (copyOf(prompt, by)?.pages ?? 1) >= pagesOf(prompt, by.source).list.length;

  return {
    async send(id, to) {
      const prompt = prompts.get(id);
      const page = prompt === undefined ? undefined : pagesOf(prompt, to.source).list[0];
      if (prompt === undefined || page === undefined) return;
      const copy = await sendFirst(to, page, id);
      if (copy !== undefined) await settle(prompt, copy);
    },
    async sendRest(id, to) {
      const key = JSON.stringify([id, to.source, to.person]);
      if (underWay.has(key)) return;
      underWay.add(key);
      while (await sendNext(id, to));
      underWay.delete(key);
      const now = prompts.get(id);
      if (now !== undefined) await options.keep(now);
    },
    whyNotAllowed(prompt, by) {
      if (!pagesOf(prompt, by.source).isWhole)
        return "Not all of it could be shown here: it can be allowed at the terminal only.";
      const { id } = prompt.request;
      return isShownToEnd(prompt, by) ? undefined : `You were not shown all of it yet: more ${id}`;
    },
    unfinished: (prompt, by) => (isShownToEnd(prompt, by) ? undefined : copyOf(prompt, by)),
    close,
    isPrompt: (source, messageId) =>
      messages.some((message) => message.source === source && message.id === messageId),
    remember,
  };
}

/** The messages of these copies. */
export function messagesOf(copies: readonly Copy[]): PromptMessage[] {
  return copies.flatMap(({ source, asked }) => asked.message_ids.map((id) => ({ source, id })));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
