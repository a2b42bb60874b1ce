// The permission relay: shows a prompt of the client to the approvers, and returns the first verdict of one
// of them to the session that asked. Decides nothing by itself: when nobody can be asked, or the timeout has
// passed, it returns no verdict, and the user at the terminal decides. Pending prompts are journal notes, so
// that another leader continues with them.

import { randomBytes } from "node:crypto";
import type { ButtonPress, IncomingMessage, PressAnswer, Reception } from "../contract/chat.ts";
import { line } from "../text.ts";
import { Copies, messagesOf, type Person } from "./copies.ts";
import { readsLikePrompt } from "./look-alike.ts";
import { OpenPrompts } from "./open-prompts.ts";
import type { Verdicts } from "./people.ts";
import {
  type AskingSession,
  buttonId,
  isCutByClient,
  type PermissionRequest,
  requestIdOf,
  type WaitingPrompt,
  waitingPrompt,
} from "./prompt.ts";
import {
  type AuditEntry,
  type Behavior,
  isPromptId,
  type PendingPrompt,
  type RelayOptions,
  type RelaySettings,
  readMore,
  readVerdict,
} from "./relay-deps.ts";

/** More than a client asks at one time, and more than anybody reviews. */
const maxPrompts = 50;
const rememberedMs = 60 * 60 * 1_000;
const maxRemembered = 200;
const maxFieldLength = 16_000;
/** After a verdict was sent: how long its prompt may stay open at the terminal before that is reported. */
const effectWithinMs = 10_000;

export class Relay implements Verdicts {
  readonly #options: RelayOptions;
  readonly #clock: RelayOptions["clock"];
  readonly #log: RelayOptions["log"];
  readonly #notes: RelayOptions["notes"];
  readonly #audit: RelayOptions["audit"];
  readonly #mask: RelayOptions["mask"];
  readonly #prompts = new Map<string, PendingPrompt>();
  readonly #timers = new Map<string, () => void>();
  /** Finished prompts, for late answers. */
  readonly #over = new Map<
    string,
    { readonly key: string; readonly outcome: string; readonly atMs: number }
  >();
  /** Ids whose prompt or verdict is being processed. */
  readonly #busy = new Set<string>();
  /** Ids of requests that are not yet recorded. */
  readonly #coming = new Set<string>();
  readonly #stopping = new AbortController();
  readonly #copies: Copies;
  readonly #open: OpenPrompts;
  /** Prompts whose verdict was sent a moment ago, while it is not known whether they have closed. */
  readonly #sent = new Map<string, PendingPrompt>();
  /** Is or was it, not long ago, a message of a prompt? Only the router may change its text. */
  readonly isPrompt: (source: string, messageId: string) => boolean;

  constructor(options: RelayOptions) {
    this.#options = options;
    const { clock, log, notes, audit, mask } = options;
    this.#clock = clock;
    this.#log = log;
    this.#notes = notes;
    this.#audit = audit;
    this.#mask = mask;
    this.#copies = new Copies({
      ...options,
      prompts: this.#prompts,
      stopping: this.#stopping.signal,
      outcomeOf: (id) => this.#over.get(id)?.outcome ?? "over",
      keep: (prompt: PendingPrompt) => this.#keep(prompt),
    });
    this.#open = new OpenPrompts({ clock, onClosed: (id) => this.#closedAtTerminal(id) });
    this.isPrompt = (source, messageId) => this.#copies.isPrompt(source, messageId);
  }

  async receive(source: string, message: IncomingMessage): Promise<Reception | undefined> {
    if (message.isSecondHand === true || !this.#isApprover(source, message.sender.id)) return undefined;
    const by = { source, person: message.sender.id };
    const continued = readMore(message.text);
    if (continued !== undefined) return this.#showRest(continued, by);
    const verdict = readVerdict(message.text);
    if (verdict === undefined) return undefined;
    const { id, behavior } = verdict;
    if (!this.#prompts.has(id)) return this.#pastOf(id);
    if (this.#isAnswered(id)) return answered;
    const failure = await this.#decide(id, behavior, by, nameOf(message));
    if (failure !== undefined) return { as: "answer", text: failure };
    return behavior === "allow"
      ? { as: "verdict", emoji: "✅", text: `Sent: allow (${id})` }
      : { as: "verdict", emoji: "❌", text: `Sent: deny (${id})` };
  }

  async press(source: string, { sender, promptId, button }: ButtonPress): Promise<PressAnswer> {
    if (!this.#isApprover(source, sender.id)) return { show: "nothing" };
    const id = requestIdOf(promptId);
    const prompt = this.#prompts.get(id);
    if (prompt === undefined || buttonId(id, prompt.key) !== promptId) {
      const past = this.#over.get(id);
      const isItsOwn = past !== undefined && buttonId(id, past.key) === promptId;
      return { show: "notice", text: isItsOwn ? past.outcome : "That prompt is over." };
    }
    if (this.#isAnswered(id)) return { show: "notice", text: answered.text };
    const by = { source, person: sender.id };
    if (button === "more") {
      if (this.#copies.unfinished(prompt, by) === undefined)
        return { show: "notice", text: "All of it is shown already." };
      void this.#copies.sendRest(id, by);
      return { show: "taken" };
    }
    const failure = await this.#decide(id, button, by, sender.name ?? sender.id);
    return { show: "notice", text: failure ?? `Sent: ${button}` };
  }

  /** The prompts without a verdict, oldest first. */
  waiting(): readonly WaitingPrompt[] {
    return [...this.#prompts.values()]
      .filter(({ request: { id } }) => !this.#isAnswered(id))
      .map(waitingPrompt);
  }

  /**
   * The user's verdict at a page that showed all of a waiting prompt. Undefined when it was sent, else why not. Rejects as a
   * verdict of a chat does.
   */
  async decide(promptId: string, behavior: Behavior, by: Person): Promise<string | undefined> {
    const id = requestIdOf(promptId);
    const prompt = this.#prompts.get(id);
    if (prompt === undefined || buttonId(id, prompt.key) !== promptId) return "That prompt is over.";
    if (this.#isAnswered(id)) return answered.text;
    return this.#decide(id, behavior, by, by.source, ({ isPartial }) => (isPartial ? partial : undefined));
  }

  /** A session has reconnected after a change of leader: pending verdicts are delivered. */
  sessionBack(session: string): void {
    for (const { request, session: asking, decided } of this.#prompts.values())
      if (asking.id === session && decided !== undefined) void this.#handOver(request.id);
  }

  /** Whether a session waits for its user, as its client says; undefined if it does not say. */
  sessionWaits(session: string, waits: boolean | undefined): void {
    this.#open.report(session, waits);
  }

  /** Its prompts are not awaited any more. */
  sessionGone(session: string): void {
    this.#open.forget(session);
    const ended = "The session has ended.";
    for (const prompt of [...this.#prompts.values()]) {
      const { id } = prompt.request;
      if (prompt.session.id !== session) continue;
      if (prompt.decided === undefined) void this.#end(id, "ended", ended);
      else {
        this.#forget(id, ended);
        void this.#record({ what: "ended", id, session });
        void this.#copies.close(prompt.request, prompt.copies, ended);
        void this.#dropNote(id);
      }
    }
  }

  /**
   * Could the text, written by Claude, be mistaken for a prompt, or persuade an approver to type an answer to
   * one?
   */
  looksLikePrompt(text: string): boolean {
    return readsLikePrompt(text, [...this.#prompts.keys()]);
  }

  /** Restores the state of an earlier leader. */
  resume(): void {
    this.#copies.remember(this.#options.messageNotes.all());
    for (const prompt of this.#notes.all()) {
      if (!isOfThisVersion(prompt)) {
        void this.#dropNote((prompt as PendingPrompt).request.id);
        continue;
      }
      this.#copies.remember(messagesOf(prompt.copies));
      this.#prompts.set(prompt.request.id, prompt);
      this.#open.add(prompt.request.id, prompt.session.id);
      this.#arm(prompt.request.id);
    }
  }

  stop(): void {
    this.#stopping.abort();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#sent.clear();
  }

  /** A request of a client. Never rejects. */
  async ask(given: PermissionRequest, session: AskingSession): Promise<void> {
    const { request, isPartial } = bounded(given, this.#mask);
    const about = { id: request.id, session: session.id, ...describe(request, session) };
    const settings = this.#options.settings();
    if (settings === undefined) return;
    const why = this.#reasonNotToAsk(request, settings);
    if (why !== undefined) {
      await this.#record({ what: "unasked", ...about, reason: why });
      return;
    }
    const people = [...settings.approvers].flatMap(([source, ids]) =>
      [...ids].map((person) => ({ source, person })),
    );
    const base: PendingPrompt = {
      request,
      session,
      isPartial,
      key: randomBytes(6).toString("hex"),
      askedMs: this.#clock.now(),
      expireMs: settings.expireMs,
      copies: [],
    };
    this.#coming.add(request.id);
    try {
      if (!(await this.#record({ what: "asked", ...about, people }))) return;
      // From here on a fast verdict finds it, with this leader or the next.
      await this.#keep(base);
      this.#open.add(request.id, session.id);
    } finally {
      this.#coming.delete(request.id);
    }
    await Promise.all(people.map((one) => this.#copies.send(request.id, one)));
    const now = this.#prompts.get(request.id);
    // Decided or gone while the others were still being asked.
    if (now === undefined) return;
    if (now.copies.length === 0 && now.decided === undefined) {
      this.#prompts.delete(request.id);
      await this.#dropNote(request.id);
      await this.#record({
        what: "unasked",
        id: request.id,
        session: session.id,
        reason: "nobody could be reached",
      });
      return;
    }
    await this.#keep(now);
    this.#arm(request.id);
  }

  #isApprover(source: string, person: string): boolean {
    return this.#options.settings()?.approvers.get(source)?.has(person) === true;
  }

  async #record(entry: AuditEntry): Promise<boolean> {
    try {
      await this.#audit.add(entry);
      return true;
    } catch (error) {
      this.#log.error(
        line`the record of permissions cannot be written, so nothing is relayed: ${(error as Error).message}`,
      );
      return false;
    }
  }

  #reasonNotToAsk({ id, tool, preview }: PermissionRequest, settings: RelaySettings) {
    if (!isPromptId(id)) return "its id cannot be used in a verdict";
    // A word or a button for one call must not count for another.
    if (this.#prompts.has(id) || this.#coming.has(id)) return "a prompt with this id is already pending";
    if (this.#over.has(id)) return "a prompt with this id has just ended";
    if (this.#prompts.size + this.#coming.size >= maxPrompts)
      return `${maxPrompts} prompts are already pending`;
    if (![...settings.approvers.values()].some((ids) => ids.size > 0)) return "no approver is configured";
    if (!settings.mayRelay(tool)) return "permissions.tools keeps it at the terminal";
    if (touchesAccessControl(preview, this.#options.stateFolder)) return "it changes access control";
    if (settings.isQuiet(this.#clock.now())) return "it is quiet time";
    return undefined;
  }

  async #keep(prompt: PendingPrompt): Promise<void> {
    this.#prompts.set(prompt.request.id, prompt);
    await this.#notes.put(prompt).catch((error: unknown) => {
      this.#log.warn(line`a permission prompt would not survive a change of leader: ${messageOf(error)}`);
    });
  }

  #arm(id: string): void {
    const prompt = this.#prompts.get(id);
    if (prompt === undefined || this.#stopping.signal.aborted) return;
    this.#timers.get(id)?.();
    const leftMs = prompt.askedMs + prompt.expireMs - this.#clock.now();
    this.#timers.set(
      id,
      this.#clock.after(
        Math.max(0, leftMs),
        () => void this.#end(id, "expired", "⌛ Expired. It can still be decided in the terminal."),
      ),
    );
  }

  /** No session of a client that says so waits for its user any more. */
  #closedAtTerminal(id: string): void {
    const sent = this.#sent.get(id);
    if (sent !== undefined) void this.#amend(sent, `${sentOutcome(sent)}. The prompt has closed.`);
    else void this.#end(id, "ended", "It was answered at the terminal.");
  }

  /** A client drops a verdict that it cannot use without an answer. */
  #checkEffect(sent: PendingPrompt): void {
    const { id } = sent.request;
    if (this.#sent.get(id) !== sent) return;
    if (this.#open.isOnlyOne(id) && this.#open.waits(sent.session.id))
      return void this.#amend(sent, `${sentOutcome(sent)}. The session still waits at the terminal.`);
    this.#sent.delete(id);
    this.#open.delete(id);
  }

  /** What became of a verdict that was sent, where messages can be changed. */
  async #amend(prompt: PendingPrompt, outcome: string): Promise<void> {
    const { id } = prompt.request;
    this.#sent.delete(id);
    this.#open.delete(id);
    const past = this.#over.get(id);
    if (this.#stopping.signal.aborted || past?.key !== prompt.key) return;
    this.#over.set(id, { ...past, outcome });
    await this.#copies.close(prompt.request, this.#copies.changeable(prompt.copies), outcome);
  }

  async #end(id: string, what: "expired" | "ended", outcome: string): Promise<void> {
    const prompt = this.#prompts.get(id);
    if (prompt === undefined || prompt.decided !== undefined) return;
    // An approver is deciding right now: they are in time.
    if (what === "expired" && this.#busy.has(id)) return this.#arm(id);
    this.#forget(id, outcome);
    await this.#record({ what, id, session: prompt.session.id });
    await this.#copies.close(prompt.request, prompt.copies, outcome);
    await this.#dropNote(id);
  }

  #forget(id: string, outcome: string): void {
    const key = this.#prompts.get(id)?.key ?? "";
    this.#prompts.delete(id);
    if (!this.#sent.has(id)) this.#open.delete(id);
    this.#timers.get(id)?.();
    this.#timers.delete(id);
    this.#over.set(id, { key, outcome, atMs: this.#clock.now() });
    for (const [old, { atMs }] of this.#over)
      if (this.#over.size > maxRemembered || this.#clock.now() - atMs > rememberedMs) this.#over.delete(old);
  }

  async #dropNote(id: string): Promise<void> {
    await this.#notes.drop(id).catch(() => undefined); // The next leader finds it, and ends it again.
  }

  /**
   * Undefined when it did not count: already decided, or finished. Rejects when it could not be stored: it
   * may be sent again.
   */
  async #decide(
    id: string,
    behavior: Behavior,
    by: Person,
    name: string,
    whyNotAllowed = (prompt: PendingPrompt) => this.#copies.whyNotAllowed(prompt, by),
  ) {
    const prompt = this.#prompts.get(id);
    if (prompt === undefined || prompt.decided !== undefined || this.#busy.has(id)) return undefined;
    const whyNot = behavior === "allow" ? whyNotAllowed(prompt) : undefined;
    if (whyNot !== undefined) return whyNot;
    this.#busy.add(id);
    try {
      const about = { id, session: prompt.session.id, people: [by] };
      if (!(await this.#record({ what: behavior, ...about })))
        return "The verdict could not be recorded, so it was not sent.";
      const decided = { ...(this.#prompts.get(id) ?? prompt), decided: { behavior, by: name } };
      this.#prompts.set(id, decided);
      await this.#notes.put(decided).catch((error: unknown) => {
        const { decided: _, ...undecided } = this.#prompts.get(id) ?? decided;
        this.#prompts.set(id, undecided);
        throw error;
      });
    } finally {
      this.#busy.delete(id);
    }
    void this.#handOver(id);
    return undefined;
  }

  /** Delivers the verdict to the session; if it is not connected now, when it reconnects. */
  async #handOver(id: string): Promise<void> {
    const prompt = this.#prompts.get(id);
    if (prompt?.decided === undefined || this.#busy.has(id)) return;
    this.#busy.add(id);
    const { behavior } = prompt.decided;
    try {
      await this.#options.answer(prompt.session.id, id, behavior);
    } catch {
      this.#busy.delete(id);
      return;
    }
    this.#busy.delete(id);
    const sent = this.#prompts.get(id) ?? prompt;
    const outcome = `${sentOutcome(sent)}. The terminal may have answered first.`;
    this.#sent.set(id, sent);
    this.#forget(id, outcome);
    await this.#record({ what: "sent", id, session: prompt.session.id });
    await this.#copies.close(prompt.request, sent.copies, outcome);
    await this.#dropNote(id);
    this.#clock.after(effectWithinMs, () => this.#checkEffect(sent));
  }

  #isAnswered(id: string) {
    return this.#prompts.get(id)?.decided !== undefined || this.#busy.has(id);
  }

  #pastOf(id: string): Reception | undefined {
    const past = this.#over.get(id);
    return past === undefined ? undefined : { as: "answer", text: `That prompt is over. ${past.outcome}` };
  }

  #showRest(id: string, by: Person): Reception | undefined {
    const prompt = this.#prompts.get(id);
    if (prompt === undefined) return this.#pastOf(id);
    if (this.#isAnswered(id)) return answered;
    if (this.#copies.unfinished(prompt, by) === undefined)
      return { as: "answer", text: "All of it is shown already." };
    void this.#copies.sendRest(id, by);
    return { as: "verdict", emoji: "👀", text: "The rest follows." };
  }
}

function sentOutcome({ decided }: PendingPrompt): string {
  return `${decided?.behavior === "allow" ? "✅ Sent: allow" : "❌ Sent: deny"}, by ${decided?.by}`;
}

/** The displayed and stored form of a request, and whether that is less than all of it. */
function bounded(given: PermissionRequest, mask: (text: string) => string) {
  let isPartial = isCutByClient(given);
  const cut = (text: string) => {
    const masked = mask(text);
    isPartial ||= masked.length > maxFieldLength;
    return masked.slice(0, maxFieldLength).toWellFormed();
  };
  const request = {
    id: given.id.slice(0, 40),
    tool: cut(given.tool),
    description: cut(given.description),
    preview: cut(given.preview),
  };
  return { request, isPartial };
}

const partial = "Not all of it could be shown: it can be allowed at the terminal only.";
const answered = { as: "answer", text: "That prompt was answered already." } as const;

/**
 * Copies of prompts from before they had keys were stored in another format. Such a prompt is decided at the
 * terminal.
 */
function isOfThisVersion(prompt: Partial<PendingPrompt>): boolean {
  return typeof prompt.key === "string";
}

function describe({ tool, description, preview }: PermissionRequest, { project, label }: AskingSession) {
  return { tool, description, preview, project, ...(label === undefined ? {} : { label }) };
}

function nameOf({ sender }: IncomingMessage): string {
  return sender.name ?? sender.id;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Calls of Claude that change access control, or read where it is stored: such a call is decided at the
// terminal, whatever the config says. Based on the client's description of a call, so it is an aid for the
// user and not a security boundary.

const commands = /channel-router\b[\s\S]{0,80}\b(access|trust|configure)\b/;

/** A complete path as chat/inbox.ts makes it: nothing after it could lead out of the folder. */
const inboxFile = /\/[^"'\n\\]*\/inbox\/[a-z0-9]+-[0-9a-f]{6}-[^"'\n\\/]*(?=["'\n\\]|$)/g;

/** The usual path of the state folder, beginning with `~` or a variable. */
const usualFolder = /\bchannels[\\/]+router\b/;

/**
 * `preview`: the client's description. `stateFolder`: absolute. Files that users sent are for Claude to read.
 */
export function touchesAccessControl(preview: string, stateFolder: string): boolean {
  if (commands.test(preview)) return true;
  const rest = preview.replaceAll(inboxFile, (path) => (path.startsWith(stateFolder) ? "" : path));
  return rest.includes(stateFolder) || usualFolder.test(rest);
}
