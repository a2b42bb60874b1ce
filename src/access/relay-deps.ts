// What the permission relay needs of the world around it, and what it keeps there.

import type { AskedPrompt, Chat } from "../contract/chat.ts";
import type { Clock, Log } from "../contract.ts";
import type { Audit } from "./audit.ts";
import type { AskedRequest } from "./prompt.ts";
import type { Behavior } from "./verdict.ts";

export interface RelaySettings {
  /** Whoever may decide, by source. Nobody else is asked, and nobody else's word counts. */
  readonly approvers: ReadonlyMap<string, ReadonlySet<string>>;
  readonly expireMs: number;
  /** May a prompt for this tool be relayed? */
  mayRelay(tool: string): boolean;
  isQuiet(nowMs: number): boolean;
}

/** A prompt that waits, as the journal keeps it. */
export interface PendingPrompt extends AskedRequest {
  readonly askedMs: number;
  /** Each copy of it, with what its source needs to change it. */
  readonly copies: readonly Copy[];
  /** Set from the verdict on: what is left to do is to hand it over. */
  readonly decided?: { readonly behavior: Behavior; readonly by: string };
}

/** One prompt before one person. */
export interface Copy {
  readonly source: string;
  readonly person: string;
  readonly asked: AskedPrompt;
  /** So many of its pages were sent, or are being sent. */
  readonly pages: number;
}

/** Where the prompts that wait are kept. */
export interface PromptNotes {
  all(): readonly PendingPrompt[];
  /** Settles when it outlives this process; rejects with a retryable DeliveryError. */
  put(prompt: PendingPrompt): Promise<void>;
  drop(id: string): Promise<void>;
}

/** A message that is a prompt, or was one: its text is ours, and for nobody else to change. */
export interface PromptMessage {
  readonly source: string;
  readonly id: string;
}

/** Which messages were prompts, for as long as somebody could change them. */
export interface PromptMessageNotes {
  /** Oldest first. */
  all(): readonly PromptMessage[];
  /** Settles when the messages are on disk. `key` identifies the prompt: a second call replaces the messages of the first. */
  put(key: string, messages: readonly PromptMessage[]): Promise<void>;
}

type AskingChat = Pick<Chat, "askPermission" | "continuePermission" | "expirePermission">;

export interface RelayOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly notes: PromptNotes;
  readonly messageNotes: PromptMessageNotes;
  readonly audit: Audit;
  /** As they are now; undefined where nothing is relayed. */
  settings(): RelaySettings | undefined;
  /** What a running source can do; undefined when it does not run. */
  chat(source: string): AskingChat | undefined;
  /** `ChatTraits.promptLength` of a source. */
  pageLength(source: string): number;
  /** False where access is disabled: no word from there would count, so nobody is asked there. */
  isOpen(source: string): Promise<boolean>;
  /** Hands a verdict to a session: settles when its client's stream took it, rejects when the session is gone. */
  answer(session: string, id: string, behavior: Behavior): Promise<void>;
  /** Hides the secrets of the config. */
  mask(text: string): string;
  /** The folder in which it is written who may speak and decide: a call that names it stays at the terminal, too. */
  readonly stateFolder: string;
}
