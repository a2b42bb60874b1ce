// The permission relay: puts a prompt of the client before the approvers, and takes the first verdict of one of them back to the
// session that asked. Decides nothing by itself: where nobody can be asked, and when time is over, there is no verdict, and
// the person at the terminal decides. Prompts that wait are journal notes, so that another owner goes on with them.

import { randomBytes } from "node:crypto";
import type { IncomingMessage, PressAnswer, Reception } from "../contract/chat.ts";
import { line } from "../text.ts";
import type { AuditEntry } from "./audit.ts";
import { type Copies, createCopies, messagesOf, type Person } from "./copies.ts";
import { readsLikePrompt } from "./look-alike.ts";
import type { Verdicts } from "./people.ts";
import {
  type AskingSession,
  buttonId,
  isCutByClient,
  type PermissionRequest,
  requestIdOf,
} from "./prompt.ts";
import { touchesAccessControl } from "./protected-calls.ts";
import type { PendingPrompt, RelayOptions, RelaySettings } from "./relay-deps.ts";
import { type Behavior, isPromptId, readMore, readVerdict } from "./verdict.ts";

export interface Relay extends Verdicts {
  /** A client asks. Never rejects. */
  ask(request: PermissionRequest, session: AskingSession): Promise<void>;
  /** A session is there again after a change of owner: what was decided meanwhile is handed over. */
  sessionBack(id: string): void;
  /** Nobody awaits its prompts any more. */
  sessionGone(id: string): void;
  /** Is it a message of a prompt, or was it one a while ago? Its text is ours, and for nobody else to change. */
  isPrompt(source: string, messageId: string): boolean;
  /** Could the text, written by Claude, be taken for a prompt, or talk somebody into the words that answer one? */
  looksLikePrompt(text: string): boolean;
  /** Takes up what an earlier owner left. */
  resume(): void;
  stop(): void;
}

/** More than a client asks at one time, and more than anybody looks through. */
const maxPrompts = 50;
const rememberedMs = 60 * 60 * 1_000;
const maxRemembered = 200;
const maxFieldLength = 16_000;

export function createRelay(options: RelayOptions): Relay {
  const { clock, log, notes, audit, mask } = options;
  const prompts = new Map<string, PendingPrompt>();
  const timers = new Map<string, () => void>();
  /** Prompts that are over, for those who answer late. */
  const over = new Map<string, { readonly key: string; readonly outcome: string; readonly atMs: number }>();
  /** Ids whose prompt or verdict is just being worked on. */
  const busy = new Set<string>();
  /** Ids that were asked about and are not yet recorded. */
  const coming = new Set<string>();
  const stopping = new AbortController();
  const copies: Copies = createCopies({
    ...options,
    prompts,
    stopping: stopping.signal,
    outcomeOf: (id) => over.get(id)?.outcome ?? "over",
    keep,
  });

  const isApprover = (source: string, person: string): boolean =>
    options.settings()?.approvers.get(source)?.has(person) === true;

  async function record(entry: AuditEntry): Promise<boolean> {
    try {
      await audit.add(entry);
      return true;
    } catch (error) {
      log.error(
        line`the record of permissions cannot be written, so nothing is relayed: ${(error as Error).message}`,
      );
      return false;
    }
  }

  async function ask(given: PermissionRequest, session: AskingSession): Promise<void> {
    const { request, isPartial } = bounded(given, mask);
    const about = { id: request.id, session: session.id, ...describe(request, session) };
    const settings = options.settings();
    if (settings === undefined) return;
    const why = reasonNotToAsk(request, settings);
    if (why !== undefined) {
      await record({ what: "unasked", ...about, reason: why });
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
      askedMs: clock.now(),
      expireMs: settings.expireMs,
      copies: [],
    };
    coming.add(request.id);
    try {
      if (!(await record({ what: "asked", ...about, people }))) return;
      // From here on a fast verdict finds it, with this owner or the next.
      await keep(base);
    } finally {
      coming.delete(request.id);
    }
    await Promise.all(people.map((one) => copies.send(request.id, one)));
    const now = prompts.get(request.id);
    // Decided or gone while the others were still being asked.
    if (now === undefined) return;
    if (now.copies.length === 0 && now.decided === undefined) {
      prompts.delete(request.id);
      await dropNote(request.id);
      await record({
        what: "unasked",
        id: request.id,
        session: session.id,
        reason: "nobody could be reached",
      });
      return;
    }
    await keep(now);
    arm(request.id);
  }

  function reasonNotToAsk({ id, tool, preview }: PermissionRequest, settings: RelaySettings) {
    if (!isPromptId(id)) return "its id is none that a verdict could name";
    // A word or a button that was meant for one call must not count for another.
    if (prompts.has(id) || coming.has(id)) return "a prompt with this id waits already";
    if (over.has(id)) return "a prompt with this id has only just ended";
    if (prompts.size + coming.size >= maxPrompts) return `${maxPrompts} prompts wait already`;
    if (![...settings.approvers.values()].some((ids) => ids.size > 0)) return "there is no approver";
    if (!settings.mayRelay(tool)) return "permissions.tools keeps it at the terminal";
    if (touchesAccessControl(preview, options.stateFolder)) return "it changes who may speak or decide";
    if (settings.isQuiet(clock.now())) return "it is quiet time";
    return undefined;
  }

  async function keep(prompt: PendingPrompt): Promise<void> {
    prompts.set(prompt.request.id, prompt);
    await notes.put(prompt).catch((error: unknown) => {
      log.warn(line`a permission prompt would not survive a change of owner: ${messageOf(error)}`);
    });
  }

  function arm(id: string): void {
    const prompt = prompts.get(id);
    if (prompt === undefined || stopping.signal.aborted) return;
    timers.get(id)?.();
    const leftMs = prompt.askedMs + prompt.expireMs - clock.now();
    timers.set(
      id,
      clock.after(
        Math.max(0, leftMs),
        () => void end(id, "expired", "⌛ Expired. It can still be decided in the terminal."),
      ),
    );
  }

  async function end(id: string, what: "expired" | "ended", outcome: string): Promise<void> {
    const prompt = prompts.get(id);
    if (prompt === undefined || prompt.decided !== undefined) return;
    // Somebody is deciding just now: they were in time.
    if (what === "expired" && busy.has(id)) return arm(id);
    forget(id, outcome);
    await record({ what, id, session: prompt.session.id });
    await copies.close(prompt.request, prompt.copies, outcome);
    await dropNote(id);
  }

  function forget(id: string, outcome: string): void {
    const key = prompts.get(id)?.key ?? "";
    prompts.delete(id);
    timers.get(id)?.();
    timers.delete(id);
    over.set(id, { key, outcome, atMs: clock.now() });
    for (const [old, { atMs }] of over)
      if (over.size > maxRemembered || clock.now() - atMs > rememberedMs) over.delete(old);
  }

  async function dropNote(id: string): Promise<void> {
    await notes.drop(id).catch(() => undefined); // The next owner finds it, and ends it again.
  }

  /** Undefined when it did not count: decided before, or over. Rejects when it could not be kept: it may be given again. */
  async function decide(id: string, behavior: Behavior, by: Person, name: string) {
    const prompt = prompts.get(id);
    if (prompt === undefined || prompt.decided !== undefined || busy.has(id)) return undefined;
    const whyNot = behavior === "allow" ? copies.whyNotAllowed(prompt, by) : undefined;
    if (whyNot !== undefined) return whyNot;
    busy.add(id);
    try {
      const about = { id, session: prompt.session.id, people: [by] };
      if (!(await record({ what: behavior, ...about })))
        return "The verdict could not be recorded, so it was not sent.";
      const decided = { ...(prompts.get(id) ?? prompt), decided: { behavior, by: name } };
      prompts.set(id, decided);
      await notes.put(decided).catch((error: unknown) => {
        const { decided: _, ...undecided } = prompts.get(id) ?? decided;
        prompts.set(id, undecided);
        throw error;
      });
    } finally {
      busy.delete(id);
    }
    void handOver(id);
    return undefined;
  }

  /** Takes the verdict to the session; where that is not there now, when it is back. */
  async function handOver(id: string): Promise<void> {
    const prompt = prompts.get(id);
    if (prompt?.decided === undefined || busy.has(id)) return;
    busy.add(id);
    const { behavior, by } = prompt.decided;
    try {
      await options.answer(prompt.session.id, id, behavior);
    } catch {
      busy.delete(id);
      return;
    }
    busy.delete(id);
    const outcome = `${behavior === "allow" ? "✅ Sent: allow" : "❌ Sent: deny"}, by ${by}`;
    const sent = prompts.get(id)?.copies ?? prompt.copies;
    forget(id, outcome);
    await record({ what: "sent", id, session: prompt.session.id });
    await copies.close(prompt.request, sent, outcome);
    await dropNote(id);
  }

  const isAnswered = (id: string) => prompts.get(id)?.decided !== undefined || busy.has(id);

  function pastOf(id: string): Reception | undefined {
    const past = over.get(id);
    return past === undefined ? undefined : { as: "answer", text: `That prompt is over. ${past.outcome}` };
  }

  function showRest(id: string, by: Person): Reception | undefined {
    const prompt = prompts.get(id);
    if (prompt === undefined) return pastOf(id);
    if (isAnswered(id)) return answered;
    if (copies.unfinished(prompt, by) === undefined)
      return { as: "answer", text: "All of it is shown already." };
    void copies.sendRest(id, by);
    return { as: "verdict", emoji: "👀", text: "The rest follows." };
  }

  return {
    ask,
    async receive(source, message): Promise<Reception | undefined> {
      if (message.isSecondHand === true || !isApprover(source, message.sender.id)) return undefined;
      const by = { source, person: message.sender.id };
      const continued = readMore(message.text);
      if (continued !== undefined) return showRest(continued, by);
      const verdict = readVerdict(message.text);
      if (verdict === undefined) return undefined;
      const { id, behavior } = verdict;
      if (!prompts.has(id)) return pastOf(id);
      if (isAnswered(id)) return answered;
      const failure = await decide(id, behavior, by, nameOf(message));
      if (failure !== undefined) return { as: "answer", text: failure };
      return behavior === "allow"
        ? { as: "verdict", emoji: "✅", text: `Sent: allow (${id})` }
        : { as: "verdict", emoji: "❌", text: `Sent: deny (${id})` };
    },
    async press(source, { sender, promptId, button }): Promise<PressAnswer> {
      if (!isApprover(source, sender.id)) return { show: "nothing" };
      const id = requestIdOf(promptId);
      const prompt = prompts.get(id);
      if (prompt === undefined || buttonId(id, prompt.key) !== promptId) {
        const past = over.get(id);
        const isItsOwn = past !== undefined && buttonId(id, past.key) === promptId;
        return { show: "notice", text: isItsOwn ? past.outcome : "That prompt is over." };
      }
      if (isAnswered(id)) return { show: "notice", text: answered.text };
      const by = { source, person: sender.id };
      if (button === "more") {
        if (copies.unfinished(prompt, by) === undefined)
          return { show: "notice", text: "All of it is shown already." };
        void copies.sendRest(id, by);
        return { show: "taken" };
      }
      const failure = await decide(id, button, by, sender.name ?? sender.id);
      return { show: "notice", text: failure ?? `Sent: ${button}` };
    },
    sessionBack(session) {
      for (const { request, session: asking, decided } of prompts.values())
        if (asking.id === session && decided !== undefined) void handOver(request.id);
    },
    sessionGone(session) {
      const ended = "The session has ended.";
      for (const prompt of [...prompts.values()]) {
        const { id } = prompt.request;
        if (prompt.session.id !== session) continue;
        if (prompt.decided === undefined) void end(id, "ended", ended);
        else {
          forget(id, ended);
          void record({ what: "ended", id, session });
          void copies.close(prompt.request, prompt.copies, ended);
          void dropNote(id);
        }
      }
    },
    isPrompt: copies.isPrompt,
    looksLikePrompt: (text) => readsLikePrompt(text, [...prompts.keys()]),
    resume() {
      copies.remember(options.messageNotes.all());
      for (const prompt of notes.all()) {
        if (!isOfThisVersion(prompt)) {
          void dropNote((prompt as PendingPrompt).request.id);
          continue;
        }
        copies.remember(messagesOf(prompt.copies));
        prompts.set(prompt.request.id, prompt);
        arm(prompt.request.id);
      }
    },
    stop() {
      stopping.abort();
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
}

/** What is shown and kept of a request, and whether that is less than all of it. */
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

const answered = { as: "answer", text: "That prompt was answered already." } as const;

/** Before prompts had keys, copies were kept in another form. Such a prompt is decided at the terminal. */
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
