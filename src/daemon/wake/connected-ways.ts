// The monitors and hooks of the plugin that are connected to this leader. Each is a process beside the session's own, started by
// the same client: that is how it is known which session it belongs to.

import type { ProcessIdentity } from "../../cluster/process-identity.ts";
import type { RingResult, WakeWay } from "../../contract/wake.ts";

/** The process of the client, and the client's id of the session, as far as they are known. */
export interface ClientIdentity {
  readonly process?: ProcessIdentity | undefined;
  readonly session?: string | undefined;
}

export interface ConnectedWay {
  readonly way: Exclude<WakeWay, "inbox">;
  readonly client: ClientIdentity;
  /** Never rejects. */
  ring(waiting: number): Promise<RingResult>;
  /** Another one took its place. */
  replaced(): void;
}

export class ConnectedWays {
  readonly #ways = new Set<ConnectedWay>();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** A session has one of each kind: a later one replaces it. Call the result to remove it. */
  add(added: ConnectedWay): () => void {
    for (const known of [...this.#ways])
      if (known.way === added.way && isSameClient(known.client, added.client)) {
        this.#ways.delete(known);
        known.replaced();
      }
    this.#ways.add(added);
    this.#onChange();
    return () => {
      if (this.#ways.delete(added)) this.#onChange();
    };
  }

  of(way: WakeWay, client: ClientIdentity): ConnectedWay | undefined {
    return [...this.#ways].find((one) => one.way === way && isSameClient(one.client, client));
  }
}

/** Compares the processes if both are known, because `/clear` changes the id of a session. */
export function isSameClient(one: ClientIdentity, other: ClientIdentity): boolean {
  if (one.process !== undefined && other.process !== undefined)
    return one.process.pid === other.process.pid && one.process.start === other.process.start;
  return one.session !== undefined && one.session === other.session;
}
