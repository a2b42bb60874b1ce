// The permission relay: puts a prompt of the client before the approvers, and takes the first verdict of one of them back to the
// session that asked. Decides nothing by itself: where nobody can be asked, and when time is over, there is no verdict, and
// the person at the terminal decides. Prompts that wait are journal notes, so that another owner goes on with them.

import type { IncomingMessage, PressAnswer, Reception } from "../contract/chat.ts";
import { ConnectorError } from "../errors.ts";
import { line } from "../text.ts";
import { pause } from "../waiting.ts";
import type { AuditEntry } from "./audit.ts";
import { changesAccess } from "./own-calls.ts";
import type { Verdicts } from "./people.ts";
import {
  type AskingSession,
  hasPromptHead,
  type PermissionRequest,
  writeDetails,
  writeOutcome,
  writePrompt,
} from "./prompt.ts";
import type { Copy, PendingPrompt, RelayOptions, RelaySettings } from "./relay-world.ts";
import { type Behavior, isPromptId, namesPrompt, readVerdict } from "./verdict.ts";

export interface Relay extends Verdicts {
  /** A client asks. Never rejects. */
  ask(request: PermissionRequest, session: AskingSession): Promise<void>;
  /** A session is there again after a change of owner: what was decided meanwhile is handed over. */
  sessionBack(id: string): void;
  /** Nobody awaits its prompts any more. */
  sessionGone(id: string): void;
  /** Is it a prompt, or was it one a while ago? Its text is ours, and for nobody else to change. */
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
const maxShown = 500;
/** A chat that has just been started, by a new owner say, has to log in first. */
const reachWithinMs = 30_000;
const reachAgainMs = 2_000;

export function createRelay(options: RelayOptions): Relay {
  const { clock, log, notes, audit, mask } = options;
  const prompts = new Map<string, PendingPrompt>();
  const timers = new Map<string, () => void>();
  /** Prompts that are over, for those who answer late. */
  const over = new Map<string, { readonly outcome: string; readonly atMs: number }>();
  /** Ids whose prompt or verdict is just being worked on. */
  const busy = new Set<string>();
  /** Ids that were asked about and are not yet recorded. */
  const coming = new Set<string>();
  /** Messages that are prompts, or were. */
  let shown: readonly Pick<Copy, "source" | "asked">[] = [];
  const stopping = new AbortController();

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
    const request = bounded(given, mask);
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
    const base = { request, session, askedMs: clock.now(), expireMs: settings.expireMs, copies: [] };
    coming.add(request.id);
    try {
      if (!(await record({ what: "asked", ...about, people }))) return;
      // From here on a fast verdict finds it, with this owner or the next.
      await keep(base);
    } finally {
      coming.delete(request.id);
    }
    const prompt = writePrompt(request, session, settings.expireMs);
    const copies = await Promise.all(people.map((one) => copyTo(one, prompt, request.id)));
    const sent = copies.filter((copy) => copy !== undefined);
    const now = prompts.get(request.id);
    if (now === undefined) {
      // Decided or gone while the others were still being asked.
      await closeCopies(base, sent, over.get(request.id)?.outcome ?? "over");
      return;
    }
    if (sent.length === 0 && now.decided === undefined) {
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
    await keep({ ...now, copies: sent });
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
    if (changesAccess(preview, options.stateFolder)) return "it changes who may speak or decide";
    if (settings.isQuiet(clock.now())) return "it is quiet time";
    return undefined;
  }

  async function copyTo(
    { source, person }: { readonly source: string; readonly person: string },
    prompt: ReturnType<typeof writePrompt>,
    id: string,
  ): Promise<Copy | undefined> {
    const untilMs = clock.now() + reachWithinMs;
    for (;;) {
      try {
        if (!(await options.isOpen(source))) return undefined;
        const asked = await options.chat(source)?.askPermission?.(person, prompt);
        if (asked === undefined) return undefined;
        shown = [...shown, { source, asked }].slice(-maxShown);
        return { source, person, asked };
      } catch (error) {
        const mayHelp =
          error instanceof ConnectorError && error.retryable && prompts.has(id) && !stopping.signal.aborted;
        if (!mayHelp || clock.now() >= untilMs) {
          log.warn(line`source ${source}: a permission prompt could not be sent: ${messageOf(error)}`);
          return undefined;
        }
      }
      await pause(clock, reachAgainMs, stopping.signal);
    }
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
    await closeCopies(prompt, prompt.copies, outcome);
    await dropNote(id);
  }

  function forget(id: string, outcome: string): void {
    prompts.delete(id);
    timers.get(id)?.();
    timers.delete(id);
    over.set(id, { outcome, atMs: clock.now() });
    for (const [old, { atMs }] of over)
      if (over.size > maxRemembered || clock.now() - atMs > rememberedMs) over.delete(old);
  }

  async function dropNote(id: string): Promise<void> {
    await notes.drop(id).catch(() => undefined); // The next owner finds it, and ends it again.
  }

  async function closeCopies(prompt: PendingPrompt, copies: readonly Copy[], outcome: string): Promise<void> {
    const text = writeOutcome(prompt.request, outcome);
    await Promise.all(
      copies.map(async ({ source, asked }) => {
        try {
          await options.chat(source)?.expirePermission?.(asked, text);
        } catch (error) {
          log.warn(line`source ${source}: a permission prompt could not be closed: ${messageOf(error)}`);
        }
      }),
    );
  }

  /** Undefined when it did not count: decided before, or over. Rejects when it could not be kept: it may be given again. */
  async function decide(id: string, behavior: Behavior, source: string, person: string, name: string) {
    const prompt = prompts.get(id);
    if (prompt === undefined || prompt.decided !== undefined || busy.has(id)) return undefined;
    busy.add(id);
    try {
      const about = { id, session: prompt.session.id, people: [{ source, person }] };
      if (!(await record({ what: behavior, ...about })))
        return "The verdict could not be recorded, so it was not sent.";
      const decided = {
        ...prompt,
        copies: prompts.get(id)?.copies ?? prompt.copies,
        decided: { behavior, by: name },
      };
      prompts.set(id, decided);
      await notes.put(decided).catch((error: unknown) => {
        prompts.set(id, prompt);
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
    const copies = prompts.get(id)?.copies ?? prompt.copies;
    forget(id, outcome);
    await record({ what: "sent", id, session: prompt.session.id });
    await closeCopies(prompt, copies, outcome);
    await dropNote(id);
  }

  return {
    ask,
    async receive(source, message): Promise<Reception | undefined> {
      const verdict = message.isSecondHand === true ? undefined : readVerdict(message.text);
      if (verdict === undefined || !isApprover(source, message.sender.id)) return undefined;
      const { id, behavior } = verdict;
      if (!prompts.has(id)) {
        const past = over.get(id);
        return past === undefined
          ? undefined
          : { as: "answer", text: `That prompt is over. ${past.outcome}` };
      }
      if (prompts.get(id)?.decided !== undefined || busy.has(id))
        return { as: "answer", text: "That prompt was answered already." };
      const failure = await decide(id, behavior, source, message.sender.id, nameOf(message));
      if (failure !== undefined) return { as: "answer", text: failure };
      return behavior === "allow"
        ? { as: "verdict", emoji: "✅", text: `Sent: allow (${id})` }
        : { as: "verdict", emoji: "❌", text: `Sent: deny (${id})` };
    },
    async press(source, { sender, promptId, button }): Promise<PressAnswer> {
      if (!isApprover(source, sender.id)) return { show: "nothing" };
      const prompt = prompts.get(promptId);
      if (prompt === undefined)
        return { show: "notice", text: over.get(promptId)?.outcome ?? "That prompt is over." };
      if (button === "more")
        return { show: "details", text: writeDetails(prompt.request, prompt.session, prompt.expireMs) };
      if (prompt.decided !== undefined || busy.has(promptId))
        return { show: "notice", text: "That prompt was answered already." };
      const failure = await decide(promptId, button, source, sender.id, sender.name ?? sender.id);
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
          void closeCopies(prompt, prompt.copies, ended);
          void dropNote(id);
        }
      }
    },
    isPrompt: (source, messageId) =>
      shown.some(
        (one) =>
          one.source === source &&
          Object.values(one.asked ?? {})
            .map(String)
            .includes(messageId),
      ),
    looksLikePrompt: (text) => hasPromptHead(text) || [...prompts.keys()].some((id) => namesPrompt(text, id)),
    resume() {
      for (const prompt of notes.all()) {
        shown = [...shown, ...prompt.copies].slice(-maxShown);
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

function bounded(request: PermissionRequest, mask: (text: string) => string): PermissionRequest {
  const cut = (text: string) => mask(text).slice(0, maxFieldLength).toWellFormed();
  return {
    id: request.id.slice(0, 40),
    tool: cut(request.tool),
    description: cut(request.description),
    preview: cut(request.preview),
  };
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
