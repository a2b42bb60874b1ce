// The interfaces of chat sources. A chat source is a source whose type declares `chat`: it passes every
// message of a user to `host.people` before anything else, and offers the features of its platform as methods
// of `chat`. It never decides who may write, what a permission prompt says or which tools exist.

import type { RouterEvent, Sender } from "./event.ts";

// --- Incoming
// -----------------------------------------------------------------------------------------------------

/**
 * `data` of a chat message's event. The rest of its arrival: `text` as here, `sender`, `trust: "sender"`,
 * `deliveryId` made of chat and message, `conversation` made of chat and thread.
 */
export type ChatData = {
  /**
   * The text, without the mention of the bot; for a message of attachments alone a placeholder such as
   * `(voice message)`.
   */
  text: string;
  /** Platform's own ids, as text. */
  chat_id: string;
  message_id: string;
  chat_type: ChatKind;
  /** The parent chat of a thread, where the thread is a separate chat (Discord). */
  parent_id?: string;
  /** A group's own name. */
  chat_name?: string;
  /** A forum topic or a thread inside the chat. */
  thread_id?: string;
  /** The message that this one replies to. */
  reply_to?: string;
  /** The beginning of that message: at most 200 characters. */
  quote?: string;
  attachments?: ChatAttachment[];
};

export type ChatAttachment = {
  /** Unique in its message; the argument of `download`. */
  id: string;
  kind: "image" | "audio" | "video" | "voice" | "sticker" | "file";
  /** Made safe: see chat/file-name.ts. */
  name?: string;
  mime?: string;
  bytes?: number;
  /** The path where it was already saved. */
  path?: string;
};

/** `direct`: one user and the bot. */
export type ChatKind = "direct" | "group";

/** A message as `People` checks it. The connector itself skips the bot's own messages. */
export interface IncomingMessage {
  readonly sender: Sender;
  readonly isBot: boolean;
  readonly chat: {
    readonly id: string;
    readonly kind: ChatKind;
    /** The parent chat of a thread: its settings apply where the thread's own id has none. */
    readonly parentId?: string;
  };
  readonly text: string;
  /**
   * The platform marks it as addressed to the bot: a mention, a reply to a message of the bot. Always true
   * where `kind` is `direct`.
   */
  readonly isForUs: boolean;
  /** A command of the platform that is addressed to the bot, without its slash: `start`. */
  readonly command?: string;
  /** Not an original text of its sender: a forwarded message, or an edit. Decides nothing. */
  readonly isSecondHand?: true;
}

/** How a message is handled. */
export type Reception =
  /** Emit it. */
  | { readonly as: "event" }
  /** No event. Send this to its chat. */
  | { readonly as: "answer"; readonly text: string }
  /** No event: it decided a permission prompt. React with the emoji or, if not possible, send the text. */
  | { readonly as: "verdict"; readonly emoji: string; readonly text: string }
  /** No event, and no reply. */
  | { readonly as: "nothing" };

/** A button under a permission prompt was pressed. */
export interface ButtonPress {
  readonly sender: Sender;
  /** `PermissionPrompt.id`, whole. */
  readonly promptId: string;
  readonly button: PermissionButton;
}

/** The reply to a button press. Acknowledge the press to the platform in any case. */
export type PressAnswer =
  /** A short notice for this user. `expirePermission` changes the prompt itself. */
  | { readonly show: "notice"; readonly text: string }
  /** Nothing here: other methods of `Chat` show the result of the press. */
  | { readonly show: "taken" }
  /** The press does not count. */
  | { readonly show: "nothing" };

/** Access control for one source: who may write and decide. */
export interface People {
  /**
   * Called once for each message of a user, before anything of it is fetched, shown or emitted. Rejects
   * (DeliveryError, retryable) when its state cannot be stored: then the message was not accepted, as with
   * `Emit`.
   */
  receive(message: IncomingMessage): Promise<Reception>;
  /** Rejects like `receive`. */
  press(press: ButtonPress): Promise<PressAnswer>;
  /** May this user send private messages now? For content that a source shows on its own. Never rejects. */
  admits(person: string): Promise<boolean>;
  /**
   * Does the config list this user as admitted or as an approver, whether or not this is active now? Never
   * rejects.
   */
  knows(person: string): Promise<boolean>;
  /** How many Claude sessions are open. Without one, messages wait. */
  sessions(): number;
  /**
   * Stores a file of an admitted user in the inbox of the state folder, under a safe generated name. Rejects
   * with a ConnectorError (E_FILE) when it is longer than `maxBytes`, and as the content does; then nothing
   * is left behind.
   */
  save(
    name: string,
    content: AsyncIterable<Uint8Array>,
    maxBytes: number,
    /** `sent`: it is a file of our own, which Claude may not forward from there. */
    as?: "received" | "sent",
  ): Promise<SavedFile>;
}

export interface SavedFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
}

/**
 * `access` of a chat source after loading; its schema is in chat/options.ts. Ids are the platform's own;
 * numbers are read as their digits.
 */
export interface AccessOptions {
  /**
   * The reply to a private message of an unknown sender: a pairing code, nothing, or (as for everybody then)
   * nothing.
   */
  readonly dm: "pairing" | "allowlist" | "disabled";
  readonly allow: readonly (string | number)[];
  /** By the id of the chat. */
  readonly groups: Readonly<Record<string, GroupAccess>>;
  readonly mentionPatterns: readonly string[];
  readonly bots: readonly (string | number)[];
}

export interface GroupAccess {
  /** Only messages that are addressed to the bot are accepted. */
  readonly mention: boolean;
  /** Who may write there; empty: nobody. */
  readonly allow: readonly (string | number)[];
}

// --- Outgoing
// -----------------------------------------------------------------------------------------------------

/** The facts that a source needs to answer an event: it stores the rest itself, or in `data`. */
export type AnsweredEvent = Pick<RouterEvent, "id" | "conversation" | "data" | "sender">;

export interface Message {
  /** Claude's Markdown; a chat converts it to its platform's own markup, in as many parts as necessary. */
  readonly text: string;
  /** Files to attach. At most `ChatTraits.maxFiles`, each at most `maxFileBytes`. */
  readonly files?: readonly OutgoingFile[];
  /** The message to quote; where absent, the one of the answered event. */
  readonly replyTo?: string;
}

/**
 * A file that may leave: the guard of chat/file-guard.ts has checked it. Must be read with
 * chat/outgoing-file.ts only.
 */
export interface OutgoingFile {
  /** Real path. */
  readonly path: string;
  /** `device:inode`: exactly this file, and not a replacement. */
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
}

/** `person`: a private chat with this user, which is opened when it does not exist yet. */
export type ChatAddress =
  | { readonly chatId: string; readonly threadId?: string }
  | { readonly person: string };

export type ChatAbility = "react" | "edit" | "download" | "history" | "send" | "typing" | "ask";

/** The features and limits of a platform. Known before anything starts: the tools depend on them. */
export interface ChatTraits {
  readonly can: readonly ChatAbility[];
  /** The format of user ids. Without it any text is one. */
  readonly personId?: IdForm;
  /**
   * The format of message and thread ids: one spelling per id, since they are compared as texts. Without it
   * any text is one.
   */
  readonly messageId?: IdForm;
  readonly threadId?: IdForm;
  /**
   * With the ability `ask`: one message shows this many UTF-16 units of `PromptText.quoted` completely,
   * whatever the characters. Default 1,000.
   */
  readonly promptLength?: number;
  /** Per message. 0: none. */
  readonly maxFiles: number;
  readonly maxFileBytes: number;
  /** How long the platform shows `typing` before it must be repeated. */
  readonly typingForMs?: number;
  /** The prompts of `channel-router configure TYPE`, in this order. */
  readonly credentials?: readonly Credential[];
}

/**
 * The canonical form of an id. A name, or the id of a group, is not accepted as a user id: it would admit
 * nobody, or ask everybody. And an id of a message has no second spelling under which it could pass for
 * another one.
 */
export interface IdForm {
  /** A JavaScript pattern for the whole id. */
  readonly pattern: string;
  readonly example: string;
}

export interface Credential {
  /** As a config names it: `${TELEGRAM_BOT_TOKEN}`. */
  readonly variable: string;
  /** The platform's name for it: `bot token`. */
  readonly title: string;
  /** A JavaScript pattern for the whole value. */
  readonly pattern?: string;
}

/**
 * The platform's side, one method per ability that the type declares; `Source.reply` answers an event. All
 * reject with a ConnectorError that Claude can act on; when part of a message was sent, it says how much. The
 * text that they settle with is one line for Claude: `sent (id: 12)`, `sent 2 parts (ids: 12, 13)`.
 */
export interface Chat {
  /** Adds an emoji to the message of the event, or to another one of its chat. */
  react?(event: AnsweredEvent, emoji: string, messageId?: string): Promise<string>;
  /** Replaces the text of one of the bot's messages in the event's chat. */
  edit?(event: AnsweredEvent, messageId: string, text: string): Promise<string>;
  /** Fetches an attachment of the event's message, with `People.save`. */
  download?(event: AnsweredEvent, attachment: ChatAttachment): Promise<SavedFile>;
  /** The newest messages of the event's chat and thread (before a given one), oldest first, at most `limit`. */
  history?(event: AnsweredEvent, page: HistoryPage): Promise<readonly HistoryMessage[]>;
  /** Sends to a chat or user that `People` was asked about before. */
  send?(to: ChatAddress, message: Message): Promise<string>;
  /** Shows the typing indicator once. */
  typing?(event: AnsweredEvent): Promise<void>;
  /**
   * Shows a prompt to one user, in private, as one message that contains all of it: a chat that cannot show
   * all of it rejects. Settles with the data that the other two need, in this process or a later one.
   */
  askPermission?(person: string, prompt: PermissionPrompt): Promise<AskedPrompt>;
  /** Sends one more page of a prompt, as one more message. Settles with the data for all of its messages. */
  continuePermission?(asked: AskedPrompt, page: PermissionPrompt): Promise<AskedPrompt>;
  /**
   * The prompt is finished: replaces the text of its messages and removes their buttons. Where the platform
   * cannot, it sends a message.
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
  /** Absent for the bot's own messages. */
  readonly sender?: Sender;
  readonly timeMs: number;
  readonly text: string;
  readonly attachments: number;
}

// --- Permission prompts
// ----------------------------------------------------------------------------------------------

export type PermissionButton = "more" | "allow" | "deny";

/** A prompt, or one page of it. */
export interface PermissionPrompt {
  /** Letters and digits: the payload of a button. Unique among all prompts, earlier and later. */
  readonly id: string;
  readonly text: PromptText;
  readonly buttons: readonly { readonly button: PermissionButton; readonly label: string }[];
}

/**
 * The text of a prompt. Plain texts, which a chat escapes. `quoted` was written by a model or comes from it:
 * each text is rendered as a block that nothing in the text can end, and is shown completely. The rest are
 * the router's own words.
 */
export interface PromptText {
  readonly title: PromptLine;
  readonly quoted: readonly string[];
  readonly foot: readonly PromptLine[];
}

/** `code`: a foreign name (a tool, a folder), rendered as code. */
export type PromptLine = readonly (string | { readonly code: string })[];

/** Ids as in `ChatData`, in sending order. No ids where the platform returns none. */
export type AskedPrompt = { chat_id: string; message_ids: string[] };
