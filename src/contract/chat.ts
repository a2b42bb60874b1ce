// The words for sources that people talk through. A chat source is a source whose type declares `chat`: it asks
// `host.people` about all that a person sends before it does anything else with it, and offers what its platform can do
// as methods of `chat`. Who may speak, what a permission prompt says and which tools there are is never its business.

import type { RouterEvent, Sender } from "../contract.ts";

// --- What comes in ---------------------------------------------------------------------------------------------------

/**
 * `data` of a chat message's event. The rest of its arrival: `text` as here, `sender`, `trust: "sender"`, `deliveryId` made of
 * chat and message, `conversation` made of chat and thread.
 */
export type ChatData = {
  /** What was written, without the mention of us; for a message of attachments alone a placeholder such as `(voice message)`. */
  text: string;
  /** Platform's own ids, as text. */
  chat_id: string;
  message_id: string;
  chat_type: ChatKind;
  /** The chat that a thread hangs on, where the thread is a chat of its own (Discord). */
  parent_id?: string;
  /** A group's own name. */
  chat_name?: string;
  /** A forum topic or a thread inside the chat. */
  thread_id?: string;
  /** The message that this one answers. */
  reply_to?: string;
  /** How that message begins: at most 200 characters. */
  quote?: string;
  attachments?: ChatAttachment[];
};

export type ChatAttachment = {
  /** Unique in its message; what `download` is given. */
  id: string;
  kind: "image" | "audio" | "video" | "voice" | "sticker" | "file";
  /** Made safe: see chat/file-name.ts. */
  name?: string;
  mime?: string;
  bytes?: number;
  /** Where it was saved already. */
  path?: string;
};

/** `direct`: one person and us. */
export type ChatKind = "direct" | "group";

/** A message as `People` judges it. The connector itself leaves out what we sent. */
export interface IncomingMessage {
  readonly sender: Sender;
  readonly isBot: boolean;
  readonly chat: {
    readonly id: string;
    readonly kind: ChatKind;
    /** The chat that a thread hangs on: its settings count where the thread's own id has none. */
    readonly parentId?: string;
  };
  readonly text: string;
  /** The platform says that it is meant for us: a mention, a reply to a message of ours. Always true where `kind` is `direct`. */
  readonly isForUs: boolean;
  /** A command of the platform's own kind that is meant for us, without its slash: `start`. */
  readonly command?: string;
  /** Not what its sender writes just now: words of somebody else that they pass on, or a change of old ones. Decides nothing. */
  readonly isSecondHand?: true;
}

/** What is to be done with a message. */
export type Reception =
  /** Emit it. */
  | { readonly as: "event" }
  /** No event. Say this in its chat. */
  | { readonly as: "answer"; readonly text: string }
  /** No event: it decided a permission prompt. React with the emoji or, where that cannot be, say the text. */
  | { readonly as: "verdict"; readonly emoji: string; readonly text: string }
  /** No event, and not a sign of us. */
  | { readonly as: "nothing" };

/** A button under a permission prompt was pressed. */
export interface ButtonPress {
  readonly sender: Sender;
  /** `PermissionPrompt.id`, whole. */
  readonly promptId: string;
  readonly button: PermissionButton;
}

/** What whoever pressed is to be shown. Acknowledge the press to the platform in any case. */
export type PressAnswer =
  /** A short notice for this person. The prompt itself is changed by `expirePermission`. */
  | { readonly show: "notice"; readonly text: string }
  /** Nothing here: what the press does is shown by the other methods of `Chat`. */
  | { readonly show: "taken" }
  /** The press does not count. */
  | { readonly show: "nothing" };

/** Who may speak and decide: the access room, for one source. */
export interface People {
  /**
   * Called once for each message of a person, before anything of it is fetched, shown or emitted. Rejects (DeliveryError,
   * retryable) when what it has to remember cannot be written: the message was not taken then, as with `Emit`.
   */
  receive(message: IncomingMessage): Promise<Reception>;
  /** Rejects like `receive`. */
  press(press: ButtonPress): Promise<PressAnswer>;
  /** May this person write to us alone now? For what a source shows somebody by itself. Never rejects. */
  admits(person: string): Promise<boolean>;
  /** Is this person named as somebody who may write or decide, whether or not that counts now? Never rejects. */
  knows(person: string): Promise<boolean>;
  /**
   * Keeps a file that an admitted person sent, in the inbox of the state folder, under a safe name of its own. Rejects with a
   * ConnectorError (E_FILE) when it is longer than `maxBytes`, and as the content does; nothing is left behind then.
   */
  save(
    name: string,
    content: AsyncIterable<Uint8Array>,
    maxBytes: number,
    /** `sent`: it is one of ours, which Claude may not send on from there. */
    as?: "received" | "sent",
  ): Promise<SavedFile>;
}

export interface SavedFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
}

/**
 * `access` of a chat source after loading; its schema is in chat/options.ts. Ids are the platform's own; numbers are read as
 * their digits.
 */
export interface AccessOptions {
  /** What a stranger who writes to us alone gets: a pairing code, nothing, or (like everybody else then) nothing. */
  readonly dm: "pairing" | "allowlist" | "disabled";
  readonly allow: readonly (string | number)[];
  /** By the id of the chat. */
  readonly groups: Readonly<Record<string, GroupAccess>>;
  readonly mentionPatterns: readonly string[];
  readonly bots: readonly (string | number)[];
}

export interface GroupAccess {
  /** Only messages that are for us are taken. */
  readonly mention: boolean;
  /** Who may speak there; empty: nobody. */
  readonly allow: readonly (string | number)[];
}

// --- What goes out ---------------------------------------------------------------------------------------------------

/** What a source needs to know of an event to answer it: the rest it kept, or put into `data`. */
export type AnsweredEvent = Pick<RouterEvent, "id" | "conversation" | "data" | "sender">;

export interface Message {
  /** Markdown as Claude writes it; a chat turns it into its platform's own markup, in as many parts as it takes. */
  readonly text: string;
  /** To be sent along. At most `ChatTraits.maxFiles`, each at most `maxFileBytes`. */
  readonly files?: readonly OutgoingFile[];
  /** The message to quote; where absent, the one of the event that is answered. */
  readonly replyTo?: string;
}

/** A file that may leave: the guard of chat/file-guard.ts has seen it. To be read with chat/outgoing-file.ts alone. */
export interface OutgoingFile {
  /** Real path. */
  readonly path: string;
  /** `device:inode`: this very file, and no other that was put in its place. */
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
}

/** `person`: a chat with this person alone, which is opened where there is none yet. */
export type ChatAddress =
  | { readonly chatId: string; readonly threadId?: string }
  | { readonly person: string };

export type ChatAbility = "react" | "edit" | "download" | "history" | "send" | "typing" | "ask";

/** What a platform can do and takes. Known before anything starts: which tools there are hangs on it. */
export interface ChatTraits {
  readonly can: readonly ChatAbility[];
  /** What the id of a person looks like. Without it any text is one. */
  readonly personId?: IdForm;
  /** What the ids of messages and threads look like: one form for each id, since they are compared as texts. Without it any text is one. */
  readonly messageId?: IdForm;
  readonly threadId?: IdForm;
  /**
   * With the ability `ask`: so many UTF-16 units of `PromptText.quoted`, whatever characters they are, are shown whole by one
   * message. Default 1,000.
   */
  readonly promptLength?: number;
  /** With one message. 0: it takes none. */
  readonly maxFiles: number;
  readonly maxFileBytes: number;
  /** How long the platform shows `typing` before it has to be said again. */
  readonly typingForMs?: number;
  /** What `channel-router configure TYPE` asks for, in this order. */
  readonly credentials?: readonly Credential[];
}

/**
 * The canonical form of an id. A name, or the id of a group, is not taken for the id of a person: it would let in nobody, or ask
 * everybody. And an id of a message has no second spelling under which it could pass for another one.
 */
export interface IdForm {
  /** A JavaScript pattern of ours that a whole one fits. */
  readonly pattern: string;
  readonly example: string;
}

export interface Credential {
  /** As a config names it: `${TELEGRAM_BOT_TOKEN}`. */
  readonly variable: string;
  /** What it is called on the platform, for a person: `bot token`. */
  readonly title: string;
  /** A JavaScript pattern of ours that a whole one fits. */
  readonly pattern?: string;
}

/**
 * The platform's side, one method for each ability that the type declared; `Source.reply` answers an event. All reject with
 * a ConnectorError in words that Claude can act on; when part of a message went out, they say how much.
 * Texts that settle are one line for Claude: `sent (id: 12)`, `sent 2 parts (ids: 12, 13)`.
 */
export interface Chat {
  /** Puts an emoji under the message of the event, or under another one of its chat. */
  react?(event: AnsweredEvent, emoji: string, messageId?: string): Promise<string>;
  /** Replaces the text of a message of ours in the event's chat. */
  edit?(event: AnsweredEvent, messageId: string, text: string): Promise<string>;
  /** Fetches what the event's message carries, with `People.save`. */
  download?(event: AnsweredEvent, attachment: ChatAttachment): Promise<SavedFile>;
  /** The newest messages of the event's chat and thread (before a given one), oldest first, at most `limit`. */
  history?(event: AnsweredEvent, page: HistoryPage): Promise<readonly HistoryMessage[]>;
  /** Sends to a place that `People` was asked about before. */
  send?(to: ChatAddress, message: Message): Promise<string>;
  /** Shows once that an answer is being written. */
  typing?(event: AnsweredEvent): Promise<void>;
  /**
   * Puts a prompt before one person, alone, as one message that shows all of it: a chat that cannot show all of it rejects.
   * Settles with what the other two need, in this process or a later one.
   */
  askPermission?(person: string, prompt: PermissionPrompt): Promise<AskedPrompt>;
  /** Sends one more page of a prompt, as one more message. Settles with what stands for all of its messages. */
  continuePermission?(asked: AskedPrompt, page: PermissionPrompt): Promise<AskedPrompt>;
  /**
   * The prompt is over: replaces the text of its messages and takes their buttons away. Where the platform cannot, it says so in
   * a message.
   */
  expirePermission?(asked: AskedPrompt, text: PromptText): Promise<void>;
}

export interface HistoryPage {
  readonly limit: number;
  /** A message id. */
  readonly before?: string;
}

export interface HistoryMessage {
  readonly id: string;
  /** Absent for our own. */
  readonly sender?: Sender;
  readonly timeMs: number;
  readonly text: string;
  readonly attachments: number;
}

// --- Permission prompts ----------------------------------------------------------------------------------------------

export type PermissionButton = "more" | "allow" | "deny";

/** A prompt, or one page of it. */
export interface PermissionPrompt {
  /** Letters and digits: what a button names. No other prompt, before or after, has the same. */
  readonly id: string;
  readonly text: PromptText;
  readonly buttons: readonly { readonly button: PermissionButton; readonly label: string }[];
}

/**
 * What a prompt says. Plain texts, which a chat escapes. `quoted` was written by a model or comes from it: each text is set as a
 * block of the platform that nothing in the text can end, and is shown whole. The rest are the router's own words.
 */
export interface PromptText {
  readonly title: PromptLine;
  readonly quoted: readonly string[];
  readonly foot: readonly PromptLine[];
}

/** `code`: a name from elsewhere (a tool, a folder), to be set as code. */
export type PromptLine = readonly (string | { readonly code: string })[];

/** Ids as in `ChatData`, in the order in which the messages were sent. No ids where the platform gives none. */
export type AskedPrompt = { chat_id: string; message_ids: string[] };
