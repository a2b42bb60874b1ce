// Whether prompts are still open at the terminal. The client sends no message when its user answers one there, but it
// reports whether it waits for its user (daemon/client-session.ts). Where it does not, nothing is concluded.

import type { Clock } from "../contract.ts";

interface OpenPromptsOptions {
  readonly clock: Pick<Clock, "after">;
  /** Nothing is open in its session any more. */
  onClosed(id: string): void;
}

interface Watched {
  readonly session: string;
  /** The session was waiting for its user while this prompt was pending. */
  isSeen: boolean;
}

/** The reports come every two seconds, and two dialogs may follow each other. */
const confirmMs = 3_000;

export class OpenPrompts {
  readonly #options: OpenPromptsOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #waits = new Map<string, boolean>();
  /** Sessions that have just stopped waiting. */
  readonly #confirming = new Map<string, () => void>();

  constructor(options: OpenPromptsOptions) {
    this.#options = options;
  }

  add(id: string, session: string): void {
    const watched: Watched = { session, isSeen: false };
    this.#watched.set(id, watched);
    // The session may have waited before, for the answer to another prompt.
    this.#options.clock.after(confirmMs, () => {
      if (this.waits(session)) watched.isSeen = true;
    });
  }

  delete(id: string): void {
    this.#watched.delete(id);
  }

  /** For its user, as far as its client says so. */
  waits(session: string): boolean {
    return this.#waits.get(session) === true;
  }

  /** Whether the answer to this one prompt is all that the session can be waiting for. */
  isOnlyOne(id: string): boolean {
    const session = this.#watched.get(id)?.session;
    const all = [...this.#watched.values()].filter((one) => one.session === session);
    return all.length === 1 && all[0]?.isSeen === true;
  }

  /** `waits`: undefined if its client does not say. */
  report(session: string, waits: boolean | undefined): void {
    if (this.#waits.get(session) === waits) return;
    this.#confirming.get(session)?.();
    this.#confirming.delete(session);
    if (waits === undefined) this.#waits.delete(session);
    else this.#waits.set(session, waits);
    for (const one of this.#watched.values())
      if (one.session === session && waits === true) one.isSeen = true;
    if (waits !== false || !this.#seen(session).length) return;
    this.#confirming.set(
      session,
      this.#options.clock.after(confirmMs, () => this.#close(session)),
    );
  }

  /** Of a session that has ended. */
  forget(session: string): void {
    this.report(session, undefined);
    for (const [id, one] of this.#watched) if (one.session === session) this.#watched.delete(id);
  }

  #close(session: string): void {
    this.#confirming.delete(session);
    for (const id of this.#seen(session)) {
      this.#watched.delete(id);
      this.#options.onClosed(id);
    }
  }

  #seen(session: string): string[] {
    return [...this.#watched].flatMap(([id, one]) => (one.session === session && one.isSeen ? [id] : []));
  }
}
