// What a leader does for its chats: who may write, what they see while they wait, which messages nobody
// answered, and the permission prompts that go to some of them. Loaded with the first chat of a config.

import { join } from "node:path";
import {
  type AccessAnswer,
  type AccessRequest,
  administer,
  type ChatSources,
  rehearse,
} from "../../access/administer.ts";
import { createOutbound, type Outbound } from "../../access/outbound.ts";
import { accessOf } from "../../access/pairing.ts";
import { createPeople } from "../../access/people.ts";
import { Relay } from "../../access/relay.ts";
import {
  openAudit,
  type PendingPrompt,
  type PromptMessage,
  type PromptMessageNotes,
  type PromptNotes,
} from "../../access/relay-deps.ts";
import { type AccessStore, openAccessStore } from "../../access/store.ts";
import { type Inbox, openInbox } from "../../chat/inbox.ts";
import { type Outbox, openOutbox } from "../../chat/outbox.ts";
import { systemClock } from "../../clock.ts";
import { stateRoot } from "../../config/paths.ts";
import type { AccessOptions, People } from "../../contract/chat.ts";
import type { Json, Log, RouterEvent } from "../../contract.ts";
import { consentRequired, DeliveryError } from "../../errors.ts";
import { appendStateLine, writeStateFile } from "../../files/state-file.ts";
import type { Journal } from "../../journal/journal.ts";
import type { StateChange } from "../../journal/records.ts";
import type { PlannedSource } from "../../plan/plan.ts";
import type { Router } from "../../router/router.ts";
import type { PermissionRequest } from "../../session/permission.ts";
import { line, type SafeLine, type SafeText } from "../../text.ts";
import type { Prompts } from "../prompts.ts";
import type { DaemonSession, DaemonSessions } from "../sessions.ts";
import type { ProvenConfig } from "../start/load-plan.ts";
import type { Consent } from "../trust/consent.ts";
import { createAccessPrompt } from "./access-prompt.ts";
import { type AskForFiles, createFilePrompt } from "./file-prompt.ts";
import { promptForPairing } from "./pairing-prompt.ts";
import { createTypingSigns, type TypingIndicators } from "./typing.ts";
import { trackUnanswered, type UnansweredMessage, type UnansweredMessages } from "./unanswered.ts";

/** What the chats see of the daemon. */
interface VisibleDaemon {
  readonly options: { readonly log: Log; readonly folder: string };
  readonly sessions: DaemonSessions;
  running(): { readonly config: ProvenConfig; readonly router: Router } | undefined;
  /** Hides texts that must never be shown. */
  mask(text: string): string;
}

interface ChatServiceOptions {
  readonly state: VisibleDaemon;
  readonly journal: Journal;
  readonly consent: Consent;
  readonly prompts: Prompts;
  /** Fires when this leader starts to stop. */
  readonly ending: AbortSignal;
}

const keepFilesMs = 7 * 24 * 60 * 60 * 1_000;
const clearEveryMs = 24 * 60 * 60 * 1_000;
/** After a change of leader sessions return within 2 s; one that has not by then will not. */
const backWithinMs = 15_000;

export class ChatService {
  readonly #state: ChatServiceOptions["state"];
  readonly #consent: ChatServiceOptions["consent"];
  readonly #ending: ChatServiceOptions["ending"];
  readonly #log: Log;
  readonly #clock = systemClock;
  readonly inboxFolder: string;
  readonly #inbox: Inbox;
  /** Files of ours that a page may show. */
  readonly #sent: Inbox;
  readonly outbox: Outbox;
  #cancelClearing = () => {};
  readonly #store: AccessStore;
  readonly #unanswered: UnansweredMessages;
  readonly #signs: TypingIndicators;
  readonly prompts: Relay;
  readonly #cancelLook: () => void;
  readonly askAccess;
  /** Whether files may be sent through a chat when only the user can permit it. */
  readonly askAboutFiles: AskForFiles;
  readonly #chat = (source: string) => this.#state.running()?.router.chat(source);
  readonly #chats = (): ChatSources => {
    const sources = this.#state.running()?.config.plan.sources ?? [];
    return Object.fromEntries(
      sources
        .filter(({ type }) => type.chat !== undefined)
        .map(({ name, type, options }) => [
          name,
          { ...type.chat, type: type.type, access: accessOptions(options) },
        ]),
    );
  };

  constructor({ state, journal, consent, prompts, ending }: ChatServiceOptions) {
    this.#state = state;
    this.#consent = consent;
    this.#ending = ending;
    const { log, folder } = state.options;
    this.#log = log;
    const inboxFolder = join(folder, "inbox");
    this.inboxFolder = inboxFolder;
    this.#inbox = openInbox(inboxFolder, this.#clock);
    this.#sent = openInbox(join(folder, "sent"), this.#clock);
    this.outbox = openOutbox(join(folder, "outbox"), this.#clock);
    this.#clearInbox();
    const store = openAccessStore({
      file: join(folder, "access.json"),
      clock: this.#clock,
      log,
      async write(file, text) {
        await writeStateFile(file, text);
        lookForStrangers();
      },
    });
    this.#store = store;
    this.#unanswered = trackUnanswered(journal, this.#clock);
    this.#signs = createTypingSigns({
      clock: this.#clock,
      log,
      chat: this.#chat,
      typingForMs: (name) => this.#planned(name)?.type.chat?.typingForMs,
    });
    const relay = new Relay({
      clock: this.#clock,
      log,
      notes: promptNotes(journal),
      messageNotes: promptMessageNotes(journal),
      audit: openAudit(this.#clock, (line) => appendStateLine(join(folder, "permissions.jsonl"), line)),
      settings() {
        const permissions = state.running()?.config.plan.permissions;
        if (permissions === undefined || !permissions.powers.every(consent.allows)) return undefined;
        return permissions;
      },
      chat: this.#chat,
      isOpen: async (name) => {
        const source = this.#planned(name);
        if (source === undefined) return false;
        const added = accessOf(await store.read(), name, source.type.type);
        return (added.dm ?? accessOptions(source.options).dm) !== "disabled";
      },
      async answer(session, id, behavior) {
        const asking = state.sessions.list().find((one) => one.id === session);
        if (asking === undefined)
          throw new DeliveryError("E_SESSION_CLOSED", "the session that asked is gone");
        await asking.mcp.decide(id, behavior);
      },
      pageLength: (name) => this.#planned(name)?.type.chat?.promptLength ?? 1_000,
      mask: state.mask,
      stateFolder: stateRoot(process.env),
    });
    this.prompts = relay;
    relay.resume();
    this.#cancelLook = this.#clock.after(backWithinMs, () => endOrphans(journal, relay, state));
    this.askAccess = createAccessPrompt({
      administer: (request: AccessRequest) => this.administer(request),
      rehearse: (request) => rehearse(request, { store, clock: this.#clock, chats: this.#chats }),
      prompts,
      clock: this.#clock,
      ending,
    });
    const lookForStrangers = promptForPairing(
      {
        administer: (request: AccessRequest) => this.administer(request),
        prompts,
      },
      ending,
    );
    this.askAboutFiles = createFilePrompt({ prompts, clock: this.#clock, ending });
  }

  /** Problems with access, for `status`. */
  problems(): readonly SafeText[] {
    const damage = this.#store.damage();
    return damage === undefined ? [] : [damage];
  }

  /** Called once for each source, when it is created. */
  people(source: PlannedSource, turnedAway: (reason: string) => void): People {
    return createPeople({
      source: source.name,
      type: source.type.type,
      access: accessOptions(source.options),
      mentions: mentionTest(source),
      store: this.#store,
      verdicts: this.prompts,
      clock: this.#clock,
      sessions: () => this.#state.sessions.list().length,
      save: (name, content, maxBytes, as) =>
        (as === "sent" ? this.#sent : this.#inbox).save(name, content, maxBytes),
      dropped: turnedAway,
      isTrusted: () => source.powers.every(this.#consent.allows),
      isApprover: (person) =>
        this.#state.running()?.config.plan.permissions?.approvers.get(source.name)?.has(person) === true,
      describe: () => describeSessions(this.#state),
    });
  }

  /** The event is durable. `channels` took it. */
  accepted(event: RouterEvent, channels: readonly string[]): void {
    if (this.#planned(event.source)?.type.chat === undefined) return;
    this.#signs.taken(event);
    const all = this.#state.running()?.config.plan.channels ?? [];
    const isAnswerable = all.some(
      ({ name, answers }) => channels.includes(name) && answers.includes(event.source),
    );
    if (isAnswerable) this.#unanswered.add(event);
  }

  changed(change: StateChange): void {
    if (change.state === "sent") this.#signs.sent(change.id);
    else if (change.state === "acked") this.#signs.answered(change.id);
    this.#unanswered.changed(change);
  }

  /** For the end of a tool's result: messages that this session received a while ago and has not answered. */
  reminder(sessionId: string): SafeLine | undefined {
    return remind(this.unanswered(), sessionId, this.#clock.now());
  }

  async outbound({ name, type, options, powers }: PlannedSource): Promise<Outbound> {
    if (!powers.every(this.#consent.allows)) throw consentRequired();
    return createOutbound(name, accessOptions(options), accessOf(await this.#store.read(), name, type.type));
  }

  ask({ id, attached }: DaemonSession, request: PermissionRequest): void {
    const { project, label } = attached.facts();
    void this.prompts.ask(request, { id, project, ...(label === undefined ? {} : { label }) });
  }

  sessionBack({ id }: DaemonSession): void {
    this.prompts.sessionBack(id);
  }

  /** Something about a session may have changed. */
  sessionsChanged(): void {
    for (const { id, inClient } of this.#state.sessions.list())
      this.prompts.sessionWaits(id, inClient().waitsForUser);
  }

  sessionGone({ id }: DaemonSession): void {
    // A leader that stops keeps the prompts of sessions that continue with the next one.
    if (!this.#ending.aborted) this.prompts.sessionGone(id);
  }

  stop(): void {
    this.#cancelLook();
    this.#cancelClearing();
    this.prompts.stop();
    this.#signs.stop();
  }

  async administer(request: AccessRequest): Promise<AccessAnswer> {
    const answer = await administer(request, { store: this.#store, clock: this.#clock, chats: this.#chats });
    const { paired } = answer;
    if (paired !== undefined)
      await this.#chat(paired.source)
        ?.send?.(
          { chatId: paired.chatId },
          { text: "You are let in. What you write here now goes to Claude." },
        )
        .catch((error: Error) =>
          this.#log.warn(line`source ${paired.source}: could not notify ${paired.person}: ${error.message}`),
        );
    return answer;
  }

  /** Oldest first. */
  unanswered(): readonly UnansweredMessage[] {
    return this.#unanswered.list().filter(({ source }) => this.#planned(source)?.type.chat !== undefined);
  }

  answered(eventId: string): void {
    this.#signs.answered(eventId);
    this.#unanswered.answered(eventId);
  }

  /** A router in the background may run for months. */
  #clearInbox(): void {
    void this.#inbox.clear(keepFilesMs);
    void this.#sent.clear(keepFilesMs);
    void this.outbox.clear();
    this.#cancelClearing = this.#clock.after(clearEveryMs, () => this.#clearInbox());
  }

  #planned(name: string) {
    return this.#state.running()?.config.plan.sources.find((one) => one.name === name);
  }
}

const remindAfterMs = 60_000;

function remind(all: readonly UnansweredMessage[], sessionId: string, nowMs: number): SafeLine | undefined {
  const own = all.filter(({ session, timeMs }) => session === sessionId && nowMs - timeMs >= remindAfterMs);
  const [first] = own;
  if (first === undefined) return undefined;
  const more = own.length === 1 ? "" : ` and ${own.length - 1} more`;
  return line`not answered yet: ${first.eventId} from ${first.name}${more}; the sender sees only reply`;
}

function accessOptions(options: PlannedSource["options"]): AccessOptions {
  return options.access as unknown as AccessOptions;
}

function mentionTest({ options, code }: PlannedSource): (text: string) => boolean {
  const patterns = accessOptions(options).mentionPatterns.flatMap(
    (_, index) => code.regex(`access.mentionPatterns.${index}`) ?? [],
  );
  return (text) => patterns.some((pattern) => pattern.test(text));
}

const promptKind = "permission";

function promptNotes(journal: Journal): PromptNotes {
  return {
    all: () => journal.notes(promptKind).map(({ value }) => value as unknown as PendingPrompt),
    put: (prompt) =>
      journal.note(
        promptKind,
        prompt.request.id,
        prompt as unknown as Json,
        // A little longer, so that the current leader then removes its buttons.
        prompt.askedMs + prompt.expireMs + 60 * 60 * 1_000,
      ),
    drop: (id) => journal.note(promptKind, id, null),
  };
}

const messageKind = "permission-messages";
/**
 * Bots may edit their messages at any time; an old prompt shows its outcome, and after this time hardly
 * anybody reads it.
 */
const messagesKeptMs = 30 * 24 * 60 * 60 * 1_000;

function promptMessageNotes(journal: Journal): PromptMessageNotes {
  return {
    all: () =>
      journal.notes(messageKind).flatMap(({ value }) => value as unknown as readonly PromptMessage[]),
    put: (key, messages) =>
      journal.note(messageKind, key, messages as unknown as Json, systemClock.now() + messagesKeptMs),
  };
}

function endOrphans(journal: Journal, relay: Relay, state: VisibleDaemon): void {
  const here = new Set(state.sessions.list().map(({ id }) => id));
  for (const { session } of promptNotes(journal).all())
    if (!here.has(session.id)) relay.sessionGone(session.id);
}

function describeSessions(state: VisibleDaemon): string {
  const sessions = state.sessions.list();
  const listening = sessions.filter((session) => session.listening().state !== "no").length;
  if (listening > 0)
    return listening === 1 ? "A Claude session is open." : `${listening} Claude sessions are open.`;
  return sessions.length > 0
    ? "Claude is open but does not listen to this channel; what you write waits."
    : "No Claude session is open; what you write waits for the next one.";
}
