// The record of every permission prompt and of what became of it: lines of JSON in the state folder, only ever added to.

import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
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
  /** Who was asked, or who decided: the source and the person's id. */
  readonly people?: readonly { readonly source: string; readonly person: string }[];
  readonly reason?: string;
}

export interface Audit {
  /** Settles when the line is in the file; rejects when it cannot be: then what it is about must not happen. */
  add(entry: AuditEntry): Promise<void>;
}

export function openAudit(file: string, clock: Pick<Clock, "now">): Audit {
  return {
    async add(entry) {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const line = JSON.stringify({ time: new Date(clock.now()).toISOString(), ...entry });
      // One write in append mode: lines of two processes do not mix.
      await appendFile(file, `${line}\n`, { mode: 0o600 });
    },
  };
}
