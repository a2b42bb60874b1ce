// Whether the router is ready: a config runs, its sources run, and a session shows what they send. Without any text of
// the config but names: everybody on this machine may ask.

import type { DaemonState } from "../state.ts";

export interface ReadinessProblem {
  readonly part: "config" | "source" | "session" | "journal";
  readonly name?: string;
  /** One of a few fixed texts, or the state of a source. */
  readonly state: string;
}

/** Empty when it is ready. */
export function readinessProblems(state: DaemonState): ReadinessProblem[] {
  const running = state.running();
  if (running === undefined) {
    const config = state.config();
    const isBroken = (config?.issues.length ?? 0) > 0;
    return [
      {
        part: "config",
        state: config === undefined ? "missing" : isBroken ? "invalid" : "waits for consent, or starts",
      },
    ];
  }
  const sources = running.router.report().sources.filter((one) => one.state !== "running");
  // One of which nothing is known is sent events, too.
  const isListening = state.sessions.list().some((session) => session.listening().state !== "no");
  const { failure } = running.journal.stats();
  return [
    ...sources.map((one): ReadinessProblem => ({ part: "source", name: one.name, state: one.state })),
    ...(isListening ? [] : [{ part: "session", state: "none shows channel events" } as const]),
    ...(failure === undefined ? [] : [{ part: "journal", state: "cannot be written" } as const]),
  ];
}
