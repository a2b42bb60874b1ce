// The marks of events that have ended, or of digests: gathered from the lines that the journal still has about them.

import type { Mark } from "../contract.ts";
import { furthest, markOf } from "./mark.ts";
import type { Line, MoveRecord } from "./records.ts";

/** The marks of some events, gathered from lines about them in any order. */
export class DeliveryMarks {
  readonly #marks = new Map<string, Mark>();
  /** Of events on all their channels. */
  readonly #everywhere = new Map<string, Mark>();
  /** From a member to the digest that folded it. */
  readonly #digests = new Map<string, { readonly id: string; readonly channel: string }>();

  add(line: Line): void {
    switch (line.type) {
      case "event":
        this.#raiseMoved(line.event.id, line.moved);
        break;
      case "digest":
        this.#raiseMoved(line.id, line.moved);
        for (const { id, channel } of line.members)
          this.#digests.set(keyOf(id, channel), { id: line.id, channel: line.delivery.channel });
        break;
      case "state":
        this.raise(line.id, line.channel, furthest(markOf(line), line.mark ?? "accepted"));
        break;
      case "call":
        if (line.id !== undefined) this.#raiseAll(line.id, "read");
        break;
      case "proof":
        if (line.channel === undefined) this.#raiseAll(line.id, markOf(line));
        else this.raise(line.id, line.channel, markOf(line));
        break;
    }
  }

  raise(id: string, channel: string, mark: Mark): void {
    const key = keyOf(id, channel);
    this.#marks.set(key, furthest(this.#marks.get(key) ?? "accepted", mark));
  }

  /** An event that was folded got as far as its digest. Undefined when no line about it was added. */
  of(id: string, channel: string): Mark | undefined {
    return this.#of(id, channel, maxDigests);
  }

  /** The digests that folded some of the events. */
  digests(): string[] {
    return [...new Set([...this.#digests.values()].map(({ id }) => id))];
  }

  #raiseMoved(id: string, moved: MoveRecord | undefined): void {
    for (const { channel, ...entry } of moved?.entries ?? []) this.raise(id, channel, markOf(entry));
  }

  #raiseAll(id: string, mark: Mark): void {
    this.#everywhere.set(id, furthest(this.#everywhere.get(id) ?? "accepted", mark));
  }

  #of(id: string, channel: string, depth: number): Mark | undefined {
    const key = keyOf(id, channel);
    const own = this.#marks.get(key);
    const digest = this.#digests.get(key);
    const everywhere = this.#everywhere.get(id);
    const found = [
      ...(own === undefined ? [] : [own]),
      ...(everywhere === undefined ? [] : [everywhere]),
      ...(digest === undefined || depth === 0
        ? []
        : [this.#of(digest.id, digest.channel, depth - 1) ?? "accepted"]),
    ];
    return found.length === 0 ? undefined : found.reduce<Mark>(furthest, "accepted");
  }
}

/** A digest's members fold into it, and a part of a digest into the whole. */
const maxDigests = 3;

/** Ids have no spaces. */
function keyOf(id: string, channel: string): string {
  return `${id} ${channel}`;
}
