// The chat tools of one session, over the running router: finds the event, checks the access, guards the
// files, and passes the rest to the chat.

import { basename, dirname } from "node:path";
import { type GuardedFile, guardFiles } from "../../chat/file-guard.ts";
import { checkId } from "../../chat/ids.ts";
import { parseMarkdown, readable } from "../../chat/markdown.ts";
import { plain, writeMarkup } from "../../chat/markup.ts";
import { claudeConfigFolder, homeFolder, projectFolder, realPath, stateRoot } from "../../config/paths.ts";
import { systemHome } from "../../config/project.ts";
import type { Chat, ChatAbility, ChatAttachment, HistoryMessage, OutgoingFile } from "../../contract/chat.ts";
import type { Power } from "../../contract/power.ts";
import type { RouterEvent, Tool } from "../../contract.ts";
import { ConnectorError, UsageError } from "../../errors.ts";
import { createBounds } from "../../host/bounds.ts";
import { linksOut } from "../../host/named-links.ts";
import { secretFinder } from "../../host/secret-mask.ts";
import type { PlannedBound } from "../../plan/bound.ts";
import type { PlannedSource } from "../../plan/plan.ts";
import type { SharedFiles } from "../../plan/shared-files.ts";
import {
  type ChatPort,
  downloadAttachmentTool,
  editMessageTool,
  fetchMessagesTool,
  reactTool,
  sendMessageTool,
} from "../../session/tools/chat.ts";
import type { ReplyAnswer } from "../../session/tools/reply.ts";
import { unifyLineEnds } from "../../text/quote.ts";
import { concat, line, lines, type SafeLine, type SafeText, safeLine } from "../../text.ts";
import type { DaemonSession } from "../sessions.ts";
import type { RunningParts } from "../state.ts";
import type { ChatService } from "./chat-service.ts";

export class ChatTools {
  readonly #chats: ChatService;
  readonly #session: DaemonSession;
  readonly #read: (eventId: string) => Promise<RouterEvent>;
  readonly #config: RunningParts["config"];
  readonly #router: RunningParts["router"];
  readonly #consent: RunningParts["consent"];
  readonly #abilities: Set<ChatAbility>;
  readonly #port: ChatPort;
  readonly tools: readonly Tool[];
  readonly release: (files: readonly OutgoingFile[]) => void;
  readonly answered: (eventId: string) => void;

  /** `read` finds an event that this session may act on, or rejects. */
  constructor(
    running: RunningParts,
    chats: ChatService,
    session: DaemonSession,
    read: (eventId: string) => Promise<RouterEvent>,
  ) {
    this.#chats = chats;
    this.#session = session;
    this.#read = read;
    const { config, router, consent } = running;
    this.#config = config;
    this.#router = router;
    this.#consent = consent;
    this.#abilities = new Set(
      config.plan.sources.flatMap(({ type, enabled }) => (enabled ? (type.chat?.can ?? []) : [])),
    );
    this.#port = {
      react: async (eventId, emoji, messageId) => {
        const { event, planned, chat } = await this.#place(eventId, "react");
        this.#checkMessage(planned, "message_id", messageId);
        const said = await chat.react!(event, emoji, messageId);
        if (messageId === undefined) chats.answered(eventId);
        return safeLine(said);
      },
      edit: async (eventId, messageId, text) => {
        const { event, planned, chat } = await this.#place(eventId, "edit");
        this.#checkMessage(planned, "message_id", messageId);
        this.#checkText(text);
        return safeLine(await chat.edit!(event, messageId, text));
      },
      download: async (eventId, wanted) => {
        const { event, chat } = await this.#place(eventId, "download");
        const all = attachmentsOf(event);
        const chosen = wanted === undefined ? all : all.filter(({ id }) => id === wanted);
        if (chosen.length === 0)
          throw new UsageError("E_TOOL_INPUT", `no such attachment on ${eventId}`, {
            hint: `attached: ${all.map(({ id }) => id).join(", ") || "nothing"}`,
          });
        const saved: SafeLine[] = [];
        for (const attachment of chosen) {
          const { path, bytes } = await chat.download!(event, attachment);
          saved.push(line`${attachment.id}: ${path} (${bytes} bytes)`);
        }
        return lines(saved);
      },
      history: async (eventId, limit, before) => {
        const { event, planned, chat, outbound } = await this.#place(eventId, "history");
        if (before !== undefined) checkId("before", before, planned.type.chat?.messageId);
        const messages = await chat.history!(event, { limit, ...(before === undefined ? {} : { before }) });
        // Someone who can read a prompt here could write one that looks like it.
        const isPrompt = ({ id, sender, text }: HistoryMessage) =>
          sender === undefined &&
          (chats.prompts.isPrompt(event.source, id) || chats.prompts.looksLikePrompt(text));
        const others = messages.filter((message) => !isPrompt(message));
        return describeHistory(others, (person) => outbound.isAdmitted(person, event));
      },
      send: async ({ source, chatId, threadId, text, files }) => {
        const { planned, chat } = this.#chatOf(source);
        if (threadId !== undefined) checkId("thread_id", threadId, planned.type.chat?.threadId);
        const to = (await chats.outbound(planned)).addressOf(chatId, threadId);
        this.#checkText(text);
        this.#checkNames(files);
        if (chat.send === undefined)
          throw new UsageError("E_REPLY_NONE", `${source} cannot do that`, this.#thoseThat("send"));
        const guarded = await this.#guard(files, planned);
        try {
          return safeLine(await chat.send(to, { text, ...(guarded.length === 0 ? {} : { files: guarded }) }));
        } finally {
          chats.outbox.release(guarded);
        }
      },
    };
    this.tools = [
      ...(this.#abilities.has("react") ? [reactTool(this.#port)] : []),
      ...(this.#abilities.has("edit") ? [editMessageTool(this.#port)] : []),
      ...(this.#abilities.has("download") ? [downloadAttachmentTool(this.#port)] : []),
      ...(this.#abilities.has("history") ? [fetchMessagesTool(this.#port)] : []),
      ...(this.#abilities.has("send") ? [sendMessageTool(this.#port)] : []),
    ];
    this.release = this.#chats.outbox.release;
    this.answered = (eventId) => this.#chats.answered(eventId);
  }

  /**
   * Before an event of a chat is answered: checks whether it may be, and which files go along, to be released
   * when it is. For other sources: checks that there are no files.
   */
  async prepare(event: RouterEvent, { text, files, replyTo }: ReplyAnswer): Promise<readonly OutgoingFile[]> {
    const planned = this.#config.plan.sources.find(({ name }) => name === event.source);
    if (planned?.type.chat === undefined) {
      if (files.length > 0 || replyTo !== undefined)
        throw new UsageError("E_FILE", `the sender of ${event.id} takes text only`);
      return [];
    }
    (await this.#chats.outbound(planned)).checkAnswer(event);
    this.#checkMessage(planned, "reply_to", replyTo);
    this.#checkText(text);
    this.#checkNames(files);
    return this.#guard(files, planned);
  }

  /** Which chats of the config a tool works for, as a hint for one that it does not work for. */
  #thoseThat(ability: ChatAbility) {
    const names = this.#config.plan.sources
      .filter(({ type, enabled }) => enabled && type.chat?.can.includes(ability) === true)
      .map(({ name }) => name);
    return names.length === 0 ? {} : { hint: `only these chats can: ${names.join(", ")}` };
  }

  #chatOf(source: string): { readonly planned: PlannedSource; readonly chat: Chat } {
    const planned = this.#config.plan.sources.find(({ name }) => name === source);
    const chat = this.#router.chat(source);
    if (planned?.type.chat !== undefined && chat !== undefined) return { planned, chat };
    throw planned?.type.chat === undefined
      ? new UsageError("E_REPLY_NONE", `${source} is not a chat source`)
      : new ConnectorError("E_SOURCE_START", `${source} is not running; status shows why`, {
          retryable: true,
        });
  }

  async #place(eventId: string, ability: Exclude<ChatAbility, "ask">) {
    const event = await this.#read(eventId);
    const { planned, chat } = this.#chatOf(event.source);
    const outbound = await this.#chats.outbound(planned);
    outbound.checkAnswer(event);
    if (chat[ability] === undefined)
      throw new UsageError(
        "E_REPLY_NONE",
        `${event.source} (${planned.type.type}) cannot do that`,
        this.#thoseThat(ability),
      );
    return { event, planned, chat, outbound };
  }

  /**
   * A message that Claude names in a chat: in its canonical form, and not one of the router's own that an
   * approver decides by.
   */
  #checkMessage({ name, type }: PlannedSource, what: string, id: string | undefined): void {
    if (id === undefined) return;
    checkId(what, id, type.chat?.messageId);
    if (!this.#chats.prompts.isPrompt(name, id)) return;
    throw new UsageError(
      "E_TOOL_INPUT",
      "that message is a permission prompt: you cannot change, quote or react to it",
    );
  }

  /** An approver must not mistake Claude's text for a question of the router. */
  #checkText(text: string): void {
    // As written, and as it appears in the chat.
    const shown = new Set([text, writeMarkup(parseMarkdown(text), plain), readable(text)]);
    if (![...shown].some((text) => this.#chats.prompts.looksLikePrompt(text))) return;
    throw new UsageError(
      "E_TOOL_INPUT",
      "the text could be taken for a permission prompt or its answer, so it was not sent",
      { hint: "rephrase it, without the format of a prompt, its buttons and its codes" },
    );
  }

  /** The same for the names of files, which are shown beside them. */
  #checkNames(files: readonly string[]): void {
    for (const file of files) this.#checkText(basename(file));
  }

  /** Copies of the files, to be released. Rejects with a UsageError (E_FILE) for Claude. */
  async #guard(paths: readonly string[], { name, type, bound }: PlannedSource): Promise<OutgoingFile[]> {
    const shared = this.#config.plan.permissions?.files ?? [];
    const guarded = await guardFiles(
      paths,
      {
        stateFolders: [stateRoot(process.env)],
        closedFolders: [claudeConfigFolder(process.env)],
        inbox: this.#chats.inboxFolder,
        // The config, `.env`, and what `${file:}` reads.
        closedFiles: [
          realPath(this.#config.loaded.file),
          ...this.#config.loaded.files.map(({ path }) => path),
        ],
        project: this.#session.attached.facts().project,
        home: homeFolder(process.env),
        homes: [homeFolder(process.env), ...[systemHome()].filter((home) => home !== undefined)],
        shared: openFolders(shared, {
          project: projectFolder(dirname(this.#config.loaded.file), process.env),
          allows: this.#consent.allows,
        }),
        isOwnSecret: secretFinder(this.#config.loaded.secrets),
        outbox: this.#chats.outbox,
      },
      type.chat ?? { maxFiles: 0, maxFileBytes: 0 },
    );
    try {
      if (bound !== undefined) await this.#demandBounds(guarded, bound);
      const open = guarded.filter(({ asks }) => asks.length > 0);
      if (open.length === 0) return guarded;
      await this.#chats.askAboutFiles(this.#session.id, name, open);
      return guarded;
    } catch (error) {
      this.#chats.outbox.release(guarded);
      throw error;
    }
  }

  /** A chat of a recipe sends the files that the recipe names, and no others. */
  async #demandBounds(files: readonly GuardedFile[], bound: PlannedBound): Promise<void> {
    const bounds = createBounds(bound, {
      folder: dirname(this.#config.loaded.file),
      home: homeFolder(process.env),
    });
    for (const { name, source } of files) {
      const beyond = await bounds.file(source);
      if (beyond !== undefined)
        throw new UsageError("E_FILE", `${name} is not sent: it ${beyond}`, {
          hint: "answer without the file, or use a chat of the config that is not from a recipe",
        });
    }
  }
}

function attachmentsOf({ data }: RouterEvent): readonly ChatAttachment[] {
  const { attachments } = (data ?? {}) as { attachments?: unknown };
  return Array.isArray(attachments) ? (attachments as ChatAttachment[]) : [];
}

/** For a message in a history, in UTF-16 units: more than most chats allow. */
const maxMessage = 20_000;

/** One line per message, whatever it contains: one message cannot pass for two. */
function describeHistory(
  messages: readonly HistoryMessage[],
  isAdmitted: (person: string) => boolean,
): SafeText {
  const shown = messages.filter(({ sender }) => sender === undefined || isAdmitted(sender.id));
  const rows = shown.map(({ id, sender, timeMs, text, attachments }) => {
    const time = new Date(timeMs).toISOString().slice(0, 16).replace("T", " ");
    const who = sender === undefined ? "(you)" : `${sender.name ?? ""} <${sender.id}>`;
    const files = attachments === 0 ? "" : ` +${attachments} attached`;
    const said = safeLine(unifyLineEnds(text).replaceAll("\n", " ⏎ "), { most: maxMessage });
    return concat(line`${time} #${id} ${who.trim()}${files}: `, said);
  });
  const hidden = messages.length - shown.length;
  return lines([
    ...rows,
    ...(hidden === 0
      ? []
      : [line`${hidden} of people who are not admitted ${hidden === 1 ? "is" : "are"} left out`]),
    ...(messages.length === 0 ? [line`no messages`] : []),
  ]);
}

/**
 * Those that the user consented to. A folder of the project (`project`: of the config) that a link leads out of it
 * is not open: its author can put a link there at any time, and it would open any other folder. What is in it
 * is asked about.
 */
export function openFolders(
  shared: readonly SharedFiles[],
  { project, allows }: { readonly project: string; allows(power: Power): boolean },
): SharedFiles[] {
  return shared.filter(({ base, power }) => allows(power) && linksOut([base], project).length === 0);
}
