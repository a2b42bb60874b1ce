// What dispatch needs from a session, wherever its process is.

import type { Rendered } from "../contract.ts";
import type { Member } from "../journal/records.ts";

export interface Listening {
  readonly state: "yes" | "no" | "unknown";
  /** One line for the user. */
  readonly reason: string;
}

/** Passes on a number and nothing else. */
export interface SessionDoorbell {
  /** False while there is no way to ring, or the user does not allow it. Called often; must be cheap. */
  isThere(): boolean;
  /** Settles with false if nothing was sent: a ring that may have arrived counts. Never rejects. */
  ring(waiting: number): Promise<boolean>;
}

export interface DispatchSession {
  /** Unique among sessions; the same after a change of leader. */
  readonly id: string;
  readonly startedMs: number;
  /** Absolute path. */
  readonly project?: string;
  readonly label?: string;
  /** As the user has named it in the client; it may change. */
  name?(): string | undefined;
  /** Whether its client is idle at the moment; undefined when that is not known. */
  isIdle?(): boolean | undefined;
  readonly client?: string;
  /** Called at every `wake`; must be cheap. */
  listening(): Listening;
  /**
   * Several calls may be in progress; their order is kept. Settles when the client's stdout took the line.
   * Rejects with a DeliveryError: E_SESSION_BUSY means that nothing of it was written (also when the signal
   * fired before that); with any other code it may have been.
   */
  deliver(event: Rendered, signal?: AbortSignal): Promise<void>;
  /**
   * Whether the client showed an event that was just delivered. Settles within some seconds, with undefined when
   * that cannot be known; never rejects. Returns undefined when this client gives no sign of that.
   */
  shown?(delivery: Member): Promise<boolean | undefined> | undefined;
  /**
   * The same for an event that an earlier leader wrote to this session, at or after `sinceMs`; undefined for a client that gives no sign
   * of that.
   */
  wasShown?(event: Rendered, sinceMs: number): Promise<boolean | undefined>;
  /** Checks immediately what the client has shown. */
  lookShown?(): Promise<unknown>;
  /** Notifies it that events wait, while it does not show them; absent: it is not notified. */
  readonly doorbell?: SessionDoorbell;
  /** Settles when the first push may happen. Never rejects. */
  readonly ready: Promise<void>;
  /** Settles once, with the reason. Never rejects. */
  readonly ended: Promise<string>;
  /**
   * Settles after `ended`, when every write has settled: a write that is not confirmed by then never will be.
   * Never rejects.
   */
  readonly closed: Promise<void>;
}
