// Which event ids a session can know only because its client showed the event. A session that hears nothing may still fetch events
// with `pending`, or read ids in `status`: naming one of those proves nothing, and an event that is then pushed would be lost.

/** Of each kind; the oldest are forgotten. */
const maxIds = 2_000;
/** As the event ids of tools: 13 digits and letters. */
const eventIds = /\b[0-9a-z]{13}\b/g;

export class SeenIds {
  readonly #pushed = new Set<string>();
  readonly #handedOut = new Set<string>();

  /** An event was pushed into the session. */
  push(id: string): void {
    addLatest(this.#pushed, id, maxIds);
  }

  /** The session was given this text in answer to a call of its own. */
  handOut(text: string): void {
    for (const [id] of text.matchAll(eventIds)) addLatest(this.#handedOut, id, maxIds);
  }

  /** True for an event that was pushed, and whose id no answer to the session has contained. */
  provesListening(id: string): boolean {
    return this.#pushed.has(id) && !this.#handedOut.has(id);
  }
}

/** The set keeps the `max` latest: one that is added again counts as new. */
export function addLatest(ids: Set<string>, id: string, max: number): void {
  ids.delete(id);
  ids.add(id);
  if (ids.size > max) ids.delete(ids.values().next().value as string);
}
