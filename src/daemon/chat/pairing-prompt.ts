// Asks the user at a terminal whether a stranger with a pairing code may write: one stranger at a time, in
// one session, and never again about one that was declined. Only the user's own `yes` to a form admits
// anybody. In a flood of strangers the user is asked about a few; every code still works when the user types
// it.

import type { AccessAnswer, AccessRequest, SourceAccessAnswer } from "../../access/administer.ts";
import { systemClock } from "../../clock.ts";
import type { Clock } from "../../contract.ts";
import type { Elicitation } from "../../session/elicitation.ts";
import { cut } from "../../text/clip.ts";
import { line, lines, safeLine } from "../../text.ts";
import { keepAsking, type PromptAnswer, type Prompts, type ReadySession } from "../prompts.ts";

interface PairingOptions<S extends ReadySession> {
  readonly prompts: Prompts<S>;
  administer(request: AccessRequest): Promise<AccessAnswer>;
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
export function promptForPairing<S extends ReadySession>(
  { prompts, administer, gapMs, clock = systemClock }: PairingOptions<S>,
  signal: AbortSignal,
): () => void {
  /** By source, the codes that any session was asked about, and when. */
  const askedAbout = new Map<string, Map<string, number>>();

  /** Whether another question would exceed the limit. */
  function isTooMuch({ source, pending }: Waiting): boolean {
    const codes = askedAbout.get(source);
    if (codes === undefined || codes.has(pending.code)) return false;
    const nowMs = clock.now();
    for (const [code, atMs] of codes) if (Math.abs(nowMs - atMs) >= askedWindowMs) codes.delete(code);
    return codes.size >= maxAsked;
  }

  function noteAsked({ source, pending: { code } }: Waiting): void {
    const codes = askedAbout.get(source) ?? new Map<string, number>();
    askedAbout.set(source, codes);
    if (codes.has(code)) return;
    codes.set(code, clock.now());
    if (codes.size === maxAsked)
      prompts.log.warn(
        line`source ${source}: asked about ${maxAsked} strangers within an hour; use channel-router access list for the others`,
      );
  }

  async function waiting(): Promise<Waiting[]> {
    const { sources } = await administer({ do: "list" });
    return sources.flatMap(({ source, type, pending }) =>
      pending.map((one) => ({ source, type, pending: one })),
    );
  }

  const promptAbout = (one: Waiting) => {
    const { code } = one.pending;
    return {
      key: code,
      kind: "pairing" as const,
      elicitation: isTooMuch(one) ? undefined : formOf(one),
      still: async () => (await waiting()).some(({ pending }) => pending.code === code),
      onAsk: () => noteAsked(one),
      async settle(answer: PromptAnswer, session: string) {
        if (answer === "withdrawn" || answer === "cancel") return false;
        const { said } = await administer({ do: answer === "yes" ? "pair" : "deny", code });
        prompts.log.info(line`the user at session ${session} decided: ${safeLine(said)}`);
        return false;
      },
    };
  };

  return keepAsking({ prompts, gapMs, waiting: async () => (await waiting()).map(promptAbout) }, signal);
}

function formOf({ source, type, pending }: Waiting): Elicitation {
  const called = pending.name?.replaceAll(/["\u201C-\u201F]/g, "'");
  const name = called === undefined ? "" : line`, who calls themselves "${cut(safeLine(called), 60)}"`;
  return {
    message: lines([
      line`Someone wants to write to Claude on ${source} (${type}): id ${cut(safeLine(pending.id), 80)}${name}.`,
      line`Their code is ${pending.code}. Answer yes only if you expect them and they know this code: anyone you let in can instruct Claude.`,
    ]),
    fields: { allow: { title: line`Let ${pending.code} in?`, choices: [line`no`, line`yes`] } },
  };
}
