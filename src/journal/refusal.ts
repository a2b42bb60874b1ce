// The errors that callers get when the journal did not take something. Always retryable: nothing of it was
// stored.

import { DeliveryError, isRouterError } from "../errors.ts";
import { codeOf } from "../files/disk.ts";

const full: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
const retryAfterMs = 5_000;

export function isFull(error: unknown): boolean {
  return full.has(codeOf(error));
}

/** For an error of the file system; any other error is a bug and is returned unchanged. */
export function refusal(error: unknown, folder: string): unknown {
  const code = codeOf(error);
  if (code === undefined || isRouterError(error)) return error;
  if (isFull(error))
    return new DeliveryError("E_JOURNAL_FULL", `the disk of ${folder} is full`, {
      retryAfterMs,
      cause: error,
      hint: "free some space; the journal recovers by itself",
    });
  return new DeliveryError("E_JOURNAL_WRITE", `the journal in ${folder} cannot be used (${code})`, {
    retryAfterMs,
    cause: error,
    hint:
      code === "EACCES" || code === "EPERM" || code === "EROFS"
        ? "make the folder readable and writable, or name another in CHANNEL_ROUTER_STATE_DIR"
        : undefined,
  });
}

export function tooMuchWaiting(folder: string): DeliveryError {
  return new DeliveryError("E_JOURNAL_WRITE", `the disk of ${folder} does not keep up`, {
    retryAfterMs: 1_000,
  });
}

export function tooMuchUnproven(): DeliveryError {
  return new DeliveryError("E_JOURNAL_FULL", "unverified events that wait take all of delivery.max_size", {
    retryAfterMs,
    hint: "open a session that takes them, or give their source a verify",
  });
}

export function cancelled(): DeliveryError {
  return new DeliveryError("E_JOURNAL_WRITE", "the event was withdrawn before it was written");
}

/** How a journal can end. `superseded`: a process with a higher term owns it now. */
export type End = "closed" | "superseded";

export function ended(end: End): DeliveryError {
  return end === "closed"
    ? new DeliveryError("E_JOURNAL_CLOSED", "the journal is closed", { retryAfterMs: 1_000 })
    : new DeliveryError("E_JOURNAL_CLOSED", "another process has taken over the journal", {
        retryAfterMs: 1_000,
      });
}
