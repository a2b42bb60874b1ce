// The copies of pending prompts, one per approver: sent, extended with further pages, and closed. An approver
// may allow a prompt only after seeing all of its pages.

import type { PermissionPrompt } from "../contract/chat.ts";
import { ConnectorError } from "../errors.ts";
import { line } from "../text.ts";
import { pause } from "../waiting.ts";
import { buttonId, type Pages, type PermissionRequest, writeOutcome, writePages } from "./prompt.ts";
import type { AskingChat, PendingPrompt, PromptCopy, PromptMessage, RelayOptions } from "./relay-deps.ts";

export interface Person {
  readonly source: string;
  readonly person: string;
}

interface CopiesOptions
  extends Pick<RelayOptions, "clock" | "log" | "chat" | "isOpen" | "pageLength" | "messageNotes"> {
  readonly prompts: Map<string, PendingPrompt>;
  readonly stopping: AbortSignal;
  /** The outcome of a finished prompt. */
  outcomeOf(id: string): string;
  keep(prompt: PendingPrompt): Promise<void>;
}

/** A chat that has just been started, for example by a new leader, has to log in first. */
const reachWithinMs = 30_000;
const reachAgainMs = 2_000;
const maxRemembered = 2_000;

export class Copies {
  readonly #options: CopiesOptions;
  readonly #clock: CopiesOptions["clock"];
  readonly #log: CopiesOptions["log"];
  readonly #prompts: CopiesOptions["prompts"];
  readonly #stopping: CopiesOptions["stopping"];
  /** Messages that are or were prompts. */
  #messages: readonly PromptMessage[] = [];
  readonly #underWay = new Set<string>();

  constructor(options: CopiesOptions) {
    this.#options = options;
    const { clock, log, prompts, stopping } = options;
    this.#clock = clock;
    this.#log = log;
    this.#prompts = prompts;
    this.#stopping = stopping;
  }

  /** Sends the first page to an approver. Settles when it was sent, or cannot be. */
  async send(id: string, to: Person): Promise<void> {
    const prompt = this.#prompts.get(id);
    const page = prompt === undefined ? undefined : this.#pagesOf(prompt, to.source).list[0];
    if (prompt === undefined || page === undefined) return;
    const copy = await this.#sendFirst(to, page, id);
    if (copy !== undefined) await this.#settle(prompt, copy);
  }

  /** Sends the pages that an approver has not seen yet. Never rejects. */
  async sendRest(id: string, to: Person): Promise<void> {
    const key = JSON.stringify([id, to.source, to.person]);
    if (this.#underWay.has(key)) return;
    this.#underWay.add(key);
    while (await this.#sendNext(id, to));
    this.#underWay.delete(key);
    const now = this.#prompts.get(id);
    if (now !== undefined) await this.#options.keep(now);
  }

  /** Why an approver cannot allow it here, as a message; undefined when they can. */
  whyNotAllowed(prompt: PendingPrompt, by: Person): string | undefined {
    if (!this.#pagesOf(prompt, by.source).isWhole)
      return "Not all of it could be shown here: it can be allowed at the terminal only.";
    const { id } = prompt.request;
    return this.#isShownToEnd(prompt, by) ? undefined : `You have not seen all of it yet: more ${id}`;
  }

  /** The copy that shows an approver less than all pages; undefined when none does. */
  unfinished(prompt: PendingPrompt, by: Person): PromptCopy | undefined {
    return this.#isShownToEnd(prompt, by) ? undefined : this.#copyOf(prompt, by);
  }

  /** Is or was it, not long ago, a message of a prompt? */
  isPrompt(source: string, messageId: string): boolean {
    return this.#messages.some((message) => message.source === source && message.id === messageId);
  }

  /** An earlier leader sent these. */
  remember(more: readonly PromptMessage[]): void {
    this.#messages = [...this.#messages, ...more].slice(-maxRemembered);
  }

  /** Those whose text can be changed; elsewhere each change would be one more message. */
  changeable(copies: readonly PromptCopy[]): readonly PromptCopy[] {
    return copies.filter(({ source }) => this.#options.chat(source)?.edit !== undefined);
  }

  /** Never rejects. */
  async close(request: PermissionRequest, copies: readonly PromptCopy[], outcome: string): Promise<void> {
    const text = writeOutcome(request, outcome);
    await Promise.all(
      copies.map(async ({ source, asked }) => {
        try {
          await this.#retrying(async () => this.#connected(source).expirePermission?.(asked, text));
        } catch (error) {
          this.#log.warn(
            line`source ${source}: a permission prompt could not be closed: ${messageOf(error)}`,
          );
        }
      }),
    );
  }

  #pagesOf(prompt: PendingPrompt, source: string): Pages {
    return writePages(prompt, this.#options.pageLength(source));
  }

  #copyOf(prompt: PendingPrompt | undefined, { source, person }: Person) {
    return prompt?.copies.find((copy) => copy.source === source && copy.person === person);
  }

  /** Also for the next leader: a former prompt message can be edited long after it ended. */
  async #note(prompt: PendingPrompt): Promise<void> {
    const { request, key, copies } = this.#prompts.get(prompt.request.id) ?? prompt;
    await this.#options.messageNotes
      .put(buttonId(request.id, key), messagesOf(copies))
      .catch((error: unknown) => {
        this.#log.warn(
          line`the messages of a permission prompt are known to this process only: ${messageOf(error)}`,
        );
      });
  }

  /** False when the prompt is finished. */
  #put(id: string, copy: PromptCopy): boolean {
    const prompt = this.#prompts.get(id);
    if (prompt === undefined) return false;
    const others = prompt.copies.filter((other) => other !== this.#copyOf(prompt, copy));
    this.#prompts.set(id, { ...prompt, copies: [...others, copy] });
    return true;
  }

  async #settle(prompt: PendingPrompt, copy: PromptCopy): Promise<void> {
    this.remember(messagesOf([copy]));
    // Decided or gone while it was being sent.
    const isLive = this.#put(prompt.request.id, copy);
    await this.#note(isLive ? prompt : { ...prompt, copies: [...prompt.copies, copy] });
    if (!isLive) await this.close(prompt.request, [copy], this.#options.outcomeOf(prompt.request.id));
  }

  async #sendFirst(
    { source, person }: Person,
    page: PermissionPrompt,
    id: string,
  ): Promise<PromptCopy | undefined> {
    const send = async () =>
      (await this.#options.isOpen(source))
        ? this.#connected(source).askPermission?.(person, page)
        : undefined;
    try {
      const asked = await this.#retrying(send, () => this.#prompts.has(id));
      return asked === undefined ? undefined : { source, person, asked, pages: 1 };
    } catch (error) {
      this.#log.warn(line`source ${source}: a permission prompt could not be sent: ${messageOf(error)}`);
      return undefined;
    }
  }

  #connected(source: string): AskingChat {
    const chat = this.#options.chat(source);
    if (chat === undefined)
      throw new ConnectorError("E_CHAT", "the chat is not connected", { retryable: true });
    return chat;
  }

  /** Retries what a chat could not do yet, for as long as that is wanted. Rejects as the last try does. */
  async #retrying<T>(attempt: () => Promise<T>, isWanted: () => boolean = () => true): Promise<T> {
    const untilMs = this.#clock.now() + reachWithinMs;
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const mayHelp = error instanceof ConnectorError && error.retryable;
        if (!mayHelp || !isWanted() || this.#stopping.aborted || this.#clock.now() >= untilMs) throw error;
      }
      await pause(this.#clock, reachAgainMs, this.#stopping);
    }
  }

  /** False when it was not sent, or nothing is left to send. */
  async #sendNext(id: string, to: Person): Promise<boolean> {
    const prompt = this.#prompts.get(id);
    const copy = this.#copyOf(prompt, to);
    if (prompt === undefined || prompt.decided !== undefined || copy === undefined) return false;
    const page = this.#pagesOf(prompt, to.source).list[copy.pages];
    if (page === undefined) return false;
    const next = { ...copy, pages: copy.pages + 1 };
    // Before sending: the approver may answer immediately.
    this.#put(id, next);
    try {
      const asked = await this.#options.chat(to.source)?.continuePermission?.(copy.asked, page);
      if (asked === undefined) throw new Error("the chat is not running");
      await this.#settle(prompt, { ...next, asked });
      return true;
    } catch (error) {
      this.#put(id, copy);
      this.#log.warn(
        line`source ${to.source}: the rest of a permission prompt could not be sent: ${messageOf(error)}`,
      );
      return false;
    }
  }

  #isShownToEnd(prompt: PendingPrompt, by: Person): boolean {
    return (this.#copyOf(prompt, by)?.pages ?? 1) >= this.#pagesOf(prompt, by.source).list.length;
  }
}

/** The messages of these copies. */
export function messagesOf(copies: readonly PromptCopy[]): PromptMessage[] {
  return copies.flatMap(({ source, asked }) => asked.message_ids.map((id) => ({ source, id })));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
