// Asks the user at a terminal whether a stranger with a pairing code may write: one stranger at a time, in
// one session, and never again about one that was declined. Only the user's own `yes` to a form admits
// anybody. In a flood of strangers the user is asked about a few; every code still works when the user types
// it.

import type { AccessAnswer, AccessRequest, SourceAccessAnswer } from "../../access/administer.ts";
import type { Clock, Log } from "../../contract.ts";
import { systemClock } from "../../host/clock.ts";
import type { Elicitation } from "../../session/elicitation.ts";
import { cut } from "../../text/clip.ts";
import { line, lines, safeLine } from "../../text.ts";
import { elicitUntil } from "../elicit-until.ts";
import type { PromptQueue } from "../prompt-queue.ts";
import type { DaemonSession } from "../sessions.ts";
import { createWakeableSleep } from "../wakeable-sleep.ts";

type Askable = Pick<DaemonSession, "id" | "startedMs" | "listening"> & {
  readonly session: Pick<DaemonSession["session"], "ask" | "takesForms">;
  readonly dispatchSession: Pick<DaemonSession["dispatchSession"], "ready">;
};

interface PairingOptions {
  administer(request: AccessRequest): Promise<AccessAnswer>;
  members(): readonly Askable[];
  readonly turn: PromptQueue;
  readonly log: Log;
  /** How often it checks whether the stranger still waits. Default 1 s. */
  readonly everyMs?: number;
  /** Between two questions. Default 15 s. */
  readonly gapMs?: number;
  readonly clock?: Pick<Clock, "now">;
}

/** Strangers of one source that the user is asked about per hour. */
const maxAsked = 3;
const askedWindowMs = 60 * 60 * 1_000;

interface Waiting {
  readonly source: string;
  readonly type: string;
  readonly pending: SourceAccessAnswer["pending"][number];
}

/**
 * Runs until the signal fires, and never fails. It sleeps while no stranger waits: call the result when one
 * may.
 */
export function promptForPairing(options: PairingOptions, signal: AbortSignal): () => void {
  const { administer, members, turn, log, everyMs = 1_000, gapMs = 15_000, clock = systemClock } = options;
  const ready = new WeakSet<Askable>();
  const seen = new WeakSet<Askable>();
  /** By session, the codes that it was asked about. */
  const asked = new WeakMap<Askable, Set<string>>();
  /** By source, the codes that any session was asked about, and when. */
  const askedAbout = new Map<string, Map<string, number>>();
  const { sleep, untilWoken, wake } = createWakeableSleep(signal);

  /** Whether another question would exceed the limit. */
  function isTooMuch({ source, pending }: Waiting): boolean {
    const codes = askedAbout.get(source);
    if (codes === undefined || codes.has(pending.code)) return false;
    const nowMs = clock.now();
    for (const [code, atMs] of codes) if (Math.abs(nowMs - atMs) >= askedWindowMs) codes.delete(code);
    return codes.size >= maxAsked;
  }

  function noteAsked(member: Askable, { source, pending: { code } }: Waiting): void {
    asked.set(member, (asked.get(member) ?? new Set()).add(code));
    const codes = askedAbout.get(source) ?? new Map<string, number>();
    askedAbout.set(source, codes);
    if (codes.has(code)) return;
    codes.set(code, clock.now());
    if (codes.size === maxAsked)
      log.warn(
        line`source ${source}: asked about ${maxAsked} strangers within an hour; use channel-router access list for the others`,
      );
  }

  function choose(code: string): Askable | undefined {
    for (const member of members()) {
      if (seen.has(member)) continue;
      seen.add(member);
      void member.dispatchSession.ready.then(() => ready.add(member));
    }
    const rank = (member: Askable) => (member.listening().state === "yes" ? 0 : 1);
    return members()
      .filter((member) => ready.has(member) && member.session.takesForms() && !asked.get(member)?.has(code))
      .sort((a, b) => rank(a) - rank(b) || a.startedMs - b.startedMs)[0];
  }

  async function waiting(): Promise<Waiting[]> {
    const { sources } = await administer({ do: "list" });
    return sources.flatMap(({ source, type, pending }) =>
      pending.map((one) => ({ source, type, pending: one })),
    );
  }

  const stillWaits = async (code: string) => (await waiting()).some(({ pending }) => pending.code === code);

  async function settle(member: Askable, one: Waiting): Promise<void> {
    const { code } = one.pending;
    const answer = await elicitUntil(member.session, formOf(one), {
      still: () => stillWaits(code),
      everyMs,
      signal,
    });
    if (answer === undefined || answer.action === "cancel") return;
    const isYes = answer.action === "accept" && answer.values.allow === "yes";
    const { said } = await administer({ do: isYes ? "pair" : "deny", code });
    log.info(line`the user at session ${member.id} decided: ${safeLine(said)}`);
  }

  async function goOn(): Promise<void> {
    while (!signal.aborted) {
      const all = await waiting();
      if (all.length === 0) await untilWoken();
      else await askAbout(all);
    }
  }

  async function askAbout(all: readonly Waiting[]): Promise<void> {
    const next = all
      .filter((one) => !isTooMuch(one))
      .map((one) => ({ one, member: choose(one.pending.code) }))
      .find(({ member }) => member !== undefined);
    const member = next?.member;
    if (next === undefined || member === undefined) return sleep(everyMs);
    noteAsked(member, next.one);
    await turn
      .take(() => settle(member, next.one))
      .catch((error: unknown) => {
        // The question ends with its session; the next session is asked.
        if (!signal.aborted && members().includes(member))
          log.warn(
            line`session ${member.id} could not be asked: ${safeLine(error instanceof Error ? error.message : String(error))}`,
          );
      });
    await sleep(gapMs);
  }

  void goOn();
  return wake;
}

function formOf({ source, type, pending }: Waiting): Elicitation {
  const called = pending.name?.replaceAll(/["\u201C-\u201F]/g, "'");
  const name = called === undefined ? "" : line`, who calls themselves "${cut(safeLine(called), 60)}"`;
  return {
    message: lines([
      line`Someone wants to write to Claude on ${source} (${type}): id ${cut(safeLine(pending.id), 80)}${name}.`,
      line`They were given the code ${pending.code}. Say yes only if you expect them and they give you that code: anyone you let in can instruct Claude.`,
    ]),
    fields: { allow: { title: line`Let ${pending.code} in?`, choices: [line`no`, line`yes`] } },
  };
}
