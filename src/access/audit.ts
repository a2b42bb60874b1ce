// The audit log of every permission prompt and its outcome: lines of JSON in the state folder, append-only.

import type { Clock } from "../contract.ts";

export interface AuditEntry {
  readonly what: "asked" | "unasked" | "allow" | "deny" | "sent" | "expired" | "ended";
  readonly id: string;
  readonly session: string;
  readonly tool?: string;
  readonly description?: string;
  readonly preview?: string;
  readonly project?: string;
  readonly label?: string;
  /** Who was asked, or who decided: the source and the user id. */
  readonly people?: readonly { readonly source: string; readonly person: string }[];
  readonly reason?: string;
}

export interface Audit {
  /**
   * Settles when the line is in the file; rejects when it cannot be written: then the action must not happen.
   */
  add(entry: AuditEntry): Promise<void>;
}

/** `append` adds one line to the file, private to this user, and settles when it is on disk. */
export function openAudit(clock: Pick<Clock, "now">, append: (line: string) => Promise<void>): Audit {
  return { add: (entry) => append(JSON.stringify({ time: new Date(clock.now()).toISOString(), ...entry })) };
}
