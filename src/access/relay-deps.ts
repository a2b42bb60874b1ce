// The dependencies of the permission relay, its stored state, and its audit log: lines of JSON in the state folder,
// append-only.

import type { AskedPrompt, Chat } from "../contract/chat.ts";
import type { Clock, Log } from "../contract.ts";
import type { AskedRequest } from "./prompt.ts";

export interface RelaySettings {
  /** The approvers, by source. Only they are asked, and only their verdicts count. */
  readonly approvers: ReadonlyMap<string, ReadonlySet<string>>;
  readonly expireMs: number;
  /** May a prompt for this tool be relayed? */
  mayRelay(tool: string): boolean;
  isQuiet(nowMs: number): boolean;
}

/** A pending prompt, as stored in the journal. */
export interface PendingPrompt extends AskedRequest {
  readonly askedMs: number;
  /** Each copy of it, with the data that its source needs to change it. */
  readonly copies: readonly PromptCopy[];
  /** Set from the verdict on: only its delivery is left. */
  readonly decided?: { readonly behavior: Behavior; readonly by: string };
}

/** One prompt shown to one approver. */
export interface PromptCopy {
  readonly source: string;
  readonly person: string;
  readonly asked: AskedPrompt;
  /** Number of pages that were sent, or are being sent. */
  readonly pages: number;
}

/** The storage of pending prompts. */
export interface PromptNotes {
  all(): readonly PendingPrompt[];
  /** Settles when it outlives this process; rejects with a retryable DeliveryError. */
  put(prompt: PendingPrompt): Promise<void>;
  drop(id: string): Promise<void>;
}

/** A message that is or was a prompt: only the router may change its text. */
export interface PromptMessage {
  readonly source: string;
  readonly id: string;
}

/** Former prompt messages, while they could be changed. */
export interface PromptMessageNotes {
  /** Oldest first. */
  all(): readonly PromptMessage[];
  /**
   * Settles when they outlive this process. `key` identifies one prompt: a later call replaces an earlier
   * one.
   */
  put(key: string, messages: readonly PromptMessage[]): Promise<void>;
}

export type AskingChat = Pick<Chat, "askPermission" | "continuePermission" | "expirePermission" | "edit">;

export interface RelayOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly notes: PromptNotes;
  readonly messageNotes: PromptMessageNotes;
  readonly audit: Audit;
  /** The current ones; undefined where nothing is relayed. */
  settings(): RelaySettings | undefined;
  /** The features of a running source; undefined when it is not running. */
  chat(source: string): AskingChat | undefined;
  /** `ChatTraits.promptLength` of a source. */
  pageLength(source: string): number;
  /** False where access is disabled: no verdict from there would count, so nobody is asked there. */
  isOpen(source: string): Promise<boolean>;
  /**
   * Delivers a verdict to a session: settles when its client's stream accepted it, rejects when the session
   * is gone.
   */
  answer(session: string, id: string, behavior: Behavior): Promise<void>;
  /** Hides the secrets of the config. */
  mask(text: string): string;
  /** The folder with the access control files: a call that names it stays at the terminal, too. */
  readonly stateFolder: string;
}

// The words that answer a permission prompt: `yes abcde`, `more abcde`. The alphabet of ids has no l (Claude
// Code's channels reference).

export type Behavior = "allow" | "deny";

const verdictPattern = /^\s*(y|yes|n|no)\s+([a-km-z]{5})\s*$/i;

export function isPromptId(id: string): boolean {
  return /^[a-km-z]{5}$/.test(id);
}

/** Undefined for any other text. */
export function readVerdict(text: string): { readonly id: string; readonly behavior: Behavior } | undefined {
  const [, word, id] = verdictPattern.exec(text) ?? [];
  if (word === undefined || id === undefined) return undefined;
  return { id: id.toLowerCase(), behavior: word.toLowerCase().startsWith("y") ? "allow" : "deny" };
}

/** The id of the prompt whose next pages are requested: `more abcde`. */
export function readMore(text: string): string | undefined {
  return /^\s*more\s+([a-km-z]{5})\s*$/i.exec(text)?.[1]?.toLowerCase();
}

export interface AuditEntry {
  readonly what: "asked" | "unasked" | "allow" | "deny" | "sent" | "expired" | "ended";
  readonly id: string;
  readonly session: string;
  readonly tool?: string;
  readonly description?: string;
  readonly preview?: string;
  readonly project?: string;
  readonly label?: string;
  /** Who was asked, or who decided: the source and the user id. */
  readonly people?: readonly { readonly source: string; readonly person: string }[];
  readonly reason?: string;
}

export interface Audit {
  /**
   * Settles when the line is in the file; rejects when it cannot be written: then the action must not happen.
   */
  add(entry: AuditEntry): Promise<void>;
}

/** `append` adds one line to the file, private to this user, and settles when it is on disk. */
export function openAudit(clock: Pick<Clock, "now">, append: (line: string) => Promise<void>): Audit {
  return { add: (entry) => append(JSON.stringify({ time: new Date(clock.now()).toISOString(), ...entry })) };
}
