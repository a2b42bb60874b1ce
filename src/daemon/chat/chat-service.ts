// What an owner does for its chats: who may speak, what they see while they wait, which of them nobody answered, and the
// permission prompts that go to some of them. Loaded with the first chat that a config has.

import { join } from "node:path";
import {
  type AccessAnswer,
  type AccessRequest,
  administer,
  type ChatSources,
  rehearse,
} from "../../access/administer.ts";
import { openAudit } from "../../access/audit.ts";
import { createOutbound, type Outbound } from "../../access/outbound.ts";
import { accessOf } from "../../access/pairing.ts";
import { createPeople } from "../../access/people.ts";
import { createRelay, type Relay } from "../../access/relay.ts";
import type {
  PendingPrompt,
  PromptMessage,
  PromptMessageNotes,
  PromptNotes,
} from "../../access/relay-deps.ts";
import { openAccessStore } from "../../access/store.ts";
import { openInbox } from "../../chat/inbox.ts";
import { type Outbox, openOutbox } from "../../chat/outbox.ts";
import { stateRoot } from "../../config/paths.ts";
import type { AccessOptions, People } from "../../contract/chat.ts";
import type { Json, RouterEvent } from "../../contract.ts";
import type { AccessPromptAnswer } from "../../control/protocol.ts";
import { consentRequired, DeliveryError } from "../../errors.ts";
import { appendStateLine, writeStateFile } from "../../files/state-file.ts";
import { systemClock } from "../../host/clock.ts";
import type { Journal } from "../../journal/journal.ts";
import type { StateChange } from "../../journal/records.ts";
import type { PlannedSource } from "../../plan/plan.ts";
import type { PermissionRequest } from "../../session/permission.ts";
import { line, type SafeLine, type SafeText } from "../../text.ts";
import type { PromptQueue } from "../prompt-queue.ts";
import type { DaemonSession } from "../sessions.ts";
import type { DaemonState } from "../state.ts";
import type { Consent } from "../trust/consent.ts";
import { createAccessPrompt } from "./access-prompt.ts";
import { type AskForFiles, createFilePrompt } from "./file-prompt.ts";
import { promptForPairing } from "./pairing-prompt.ts";
import { createTypingSigns } from "./typing.ts";
import { trackUnanswered, type Unanswered } from "./unanswered.ts";

export interface ChatService {
  /** For one source, when it is made. */
  people(source: PlannedSource, turnedAway: (reason: string) => void): People;
  /** The event is safe. `channels` took it. */
  accepted(event: RouterEvent, channels: readonly string[]): void;
  changed(change: StateChange): void;
  answered(eventId: string): void;
  /** Oldest first. */
  unanswered(): readonly Unanswered[];
  /** For the end of a tool's result: what this session was sent a while ago and has not answered. */
  reminder(sessionId: string): SafeLine | undefined;
  outbound(source: PlannedSource): Promise<Outbound>;
  readonly prompts: Pick<Relay, "isPrompt" | "looksLikePrompt">;
  administer(request: AccessRequest): Promise<AccessAnswer>;
  /** For a command in Claude's shell. */
  askAccess(request: AccessRequest, session: string | undefined): Promise<AccessPromptAnswer>;
  ask(member: DaemonSession, request: PermissionRequest): void;
  memberBack(member: DaemonSession): void;
  memberGone(member: DaemonSession): void;
  /** What is wrong with who may speak, for whoever looks at the status. */
  problems(): readonly SafeText[];
  readonly inboxFolder: string;
  readonly outbox: Outbox;
  /** Whether files may leave through a chat that nothing but the user can permit. */
  readonly askAboutFiles: AskForFiles;
  stop(): void;
}

interface ChatServiceOptions {
  readonly state: DaemonState;
  readonly journal: Journal;
  readonly consent: Consent;
  readonly turn: PromptQueue;
  /** Fires when this owner begins to end. */
  readonly ending: AbortSignal;
}

const keepFilesMs = 7 * 24 * 60 * 60 * 1_000;
const clearEveryMs = 24 * 60 * 60 * 1_000;
/** After a change of owner sessions come back within 2 s; one that has not by then will not. */
const backWithinMs = 15_000;

export function openChatService({ state, journal, consent, turn, ending }: ChatServiceOptions): ChatService {
  const { log, folder } = state.options;
  const clock = systemClock;
  const inboxFolder = join(folder, "inbox");
  const inbox = openInbox(inboxFolder, clock);
  /** What a page shows of our own files. */
  const sent = openInbox(join(folder, "sent"), clock);
  const outbox = openOutbox(join(folder, "outbox"), clock);
  let cancelClearing = () => {};
  /** A router in the background may run for months. */
  function clearInbox(): void {
    void inbox.clear(keepFilesMs);
    void sent.clear(keepFilesMs);
    void outbox.clear();
    cancelClearing = clock.after(clearEveryMs, clearInbox);
  }
  clearInbox();
  const store = openAccessStore({
    file: join(folder, "access.json"),
    clock,
    log,
    async write(file, text) {
      await writeStateFile(file, text);
      lookForStrangers();
    },
  });
  const unanswered = trackUnanswered(journal, clock);
  const chat = (source: string) => state.running()?.router.chat(source);
  const planned = (name: string) => state.running()?.config.plan.sources.find((one) => one.name === name);
  const signs = createTypingSigns({
    clock,
    log,
    chat,
    typingForMs: (name) => planned(name)?.type.chat?.typingForMs,
  });
  const relay = createRelay({
    clock,
    log,
    notes: promptNotes(journal),
    messageNotes: promptMessageNotes(journal),
    audit: openAudit(clock, (line) => appendStateLine(join(folder, "permissions.jsonl"), line)),
    settings() {
      const permissions = state.running()?.config.plan.permissions;
      if (permissions === undefined || !permissions.powers.every(consent.allows)) return undefined;
      return permissions;
    },
    chat,
    async isOpen(name) {
      const source = planned(name);
      if (source === undefined) return false;
      const added = accessOf(await store.read(), name, source.type.type);
      return (added.dm ?? accessOptions(source.options).dm) !== "disabled";
    },
    async answer(session, id, behavior) {
      const member = state.members.list().find((one) => one.id === session);
      if (member === undefined) throw new DeliveryError("E_SESSION_CLOSED", "the session that asked is gone");
      await member.session.decide(id, behavior);
    },
    pageLength: (name) => planned(name)?.type.chat?.promptLength ?? 1_000,
    mask: state.mask,
    stateFolder: stateRoot(process.env),
  });
  relay.resume();
  const cancelLook = clock.after(backWithinMs, () => endOrphans(journal, relay, state));

  function chats(): ChatSources {
    const sources = state.running()?.config.plan.sources ?? [];
    return Object.fromEntries(
      sources
        .filter(({ type }) => type.chat !== undefined)
        .map(({ name, type, options }) => [
          name,
          { ...type.chat, type: type.type, access: accessOptions(options) },
        ]),
    );
  }

  async function change(request: AccessRequest): Promise<AccessAnswer> {
    const answer = await administer(request, { store, clock, chats });
    const { paired } = answer;
    if (paired !== undefined)
      await chat(paired.source)
        ?.send?.(
          { chatId: paired.chatId },
          { text: "You are let in. What you write here now goes to Claude." },
        )
        .catch((error: Error) =>
          log.warn(line`source ${paired.source}: could not tell ${paired.person}: ${error.message}`),
        );
    return answer;
  }

  const askAccess = createAccessPrompt({
    administer: change,
    rehearse: (request) => rehearse(request, { store, clock, chats }),
    members: state.members.list,
    turn,
    clock,
    log,
    ending,
  });
  const lookForStrangers = promptForPairing(
    { administer: change, members: state.members.list, turn, log },
    ending,
  );

  /** Nothing can be answered through a chat that the config does not have any more. */
  const answerable = () => unanswered.list().filter(({ source }) => planned(source)?.type.chat !== undefined);

  function settle(eventId: string): void {
    signs.answered(eventId);
    unanswered.answered(eventId);
  }

  return {
    inboxFolder,
    outbox,
    askAboutFiles: createFilePrompt({ members: state.members.list, turn, clock, log, ending }),
    prompts: relay,
    problems() {
      const damage = store.damage();
      return damage === undefined ? [] : [damage];
    },
    people: (source, turnedAway) =>
      createPeople({
        source: source.name,
        type: source.type.type,
        access: accessOptions(source.options),
        mentions: mentionTest(source),
        store,
        verdicts: relay,
        clock,
        save: (name, content, maxBytes, as) => (as === "sent" ? sent : inbox).save(name, content, maxBytes),
        dropped: turnedAway,
        isTrusted: () => source.powers.every(consent.allows),
        isApprover: (person) =>
          state.running()?.config.plan.permissions?.approvers.get(source.name)?.has(person) === true,
        describe: () => describeSessions(state),
      }),
    accepted(event, channels) {
      if (planned(event.source)?.type.chat === undefined) return;
      signs.taken(event);
      const all = state.running()?.config.plan.channels ?? [];
      const isAnswerable = all.some(
        ({ name, answers }) => channels.includes(name) && answers.includes(event.source),
      );
      if (isAnswerable) unanswered.add(event);
    },
    changed(change) {
      if (change.state === "sent") signs.sent(change.id);
      else if (change.state === "acked") signs.answered(change.id);
      unanswered.changed(change);
    },
    answered: settle,
    unanswered: answerable,
    reminder: (sessionId) => remind(answerable(), sessionId, clock.now()),
    async outbound({ name, type, options, powers }) {
      if (!powers.every(consent.allows)) throw consentRequired();
      return createOutbound(name, accessOptions(options), accessOf(await store.read(), name, type.type));
    },
    administer: change,
    askAccess,
    ask({ id, attached }, request) {
      const { project, label } = attached.facts();
      void relay.ask(request, { id, project, ...(label === undefined ? {} : { label }) });
    },
    memberBack: ({ id }) => relay.sessionBack(id),
    memberGone({ id }) {
      // An owner that ends lets go of sessions that go on with the next one.
      if (!ending.aborted) relay.sessionGone(id);
    },
    stop() {
      cancelLook();
      cancelClearing();
      relay.stop();
      signs.stop();
    },
  };
}

const remindAfterMs = 60_000;

function remind(all: readonly Unanswered[], sessionId: string, nowMs: number): SafeLine | undefined {
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
        // A little longer, so that whoever is owner then takes its buttons away.
        prompt.askedMs + prompt.expireMs + 60 * 60 * 1_000,
      ),
    drop: (id) => journal.note(promptKind, id, null),
  };
}

const messageKind = "permission-messages";
/** Bots may change what they wrote for ever; an old prompt says what became of it, and after this time hardly anybody looks. */
const messagesKeptMs = 30 * 24 * 60 * 60 * 1_000;

function promptMessageNotes(journal: Journal): PromptMessageNotes {
  return {
    all: () =>
      journal.notes(messageKind).flatMap(({ value }) => value as unknown as readonly PromptMessage[]),
    put: (key, messages) =>
      journal.note(messageKind, key, messages as unknown as Json, systemClock.now() + messagesKeptMs),
  };
}

function endOrphans(journal: Journal, relay: Relay, state: DaemonState): void {
  const here = new Set(state.members.list().map(({ id }) => id));
  for (const { session } of promptNotes(journal).all())
    if (!here.has(session.id)) relay.sessionGone(session.id);
}

function describeSessions(state: DaemonState): string {
  const members = state.members.list();
  const listening = members.filter((member) => member.listening().state !== "no").length;
  if (listening > 0)
    return listening === 1 ? "A Claude session is open." : `${listening} Claude sessions are open.`;
  return members.length > 0
    ? "Claude is open but does not listen to this channel; what you write waits."
    : "No Claude session is open; what you write waits for the next one.";
}
