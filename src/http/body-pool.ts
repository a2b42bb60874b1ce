// The memory for bodies of unproven senders: one pool for all together. When it is full, the oldest body is
// dropped if it is slow, and otherwise the new one is refused. Proven senders are counted separately, so that
// strangers cannot take their space.

import type { IncomingMessage } from "node:http";
import type { BodyLease, BodyPool } from "../contract/host.ts";

interface BodyPoolOptions {
  /** For bodies of unproven senders. Default 64 MiB. */
  readonly maxUnprovenBytes?: number;
  /** For all others that are being processed. Default 256 MiB. */
  readonly maxProvenBytes?: number;
  /** Called for a request whose sender has proven itself. */
  proven?(request: IncomingMessage): void;
  /** Milliseconds of a monotonic clock. */
  now?(): number;
}

const mebibyte = 1024 * 1024;
/** A body older than this is dropped when space is needed. */
const slowMs = 1_000;

interface Account {
  readonly maxBytes: number;
  bytes: number;
}

interface Entry {
  readonly sinceMs: number;
  account: Account;
  bytes: number;
  cut: (() => void) | undefined;
}

export function createBodyPool({
  maxUnprovenBytes = 64 * mebibyte,
  maxProvenBytes = 256 * mebibyte,
  proven = () => {},
  now = () => performance.now(),
}: BodyPoolOptions = {}): BodyPool {
  const unproven: Account = { maxBytes: maxUnprovenBytes, bytes: 0 };
  const vouched: Account = { maxBytes: maxProvenBytes, bytes: 0 };
  /** Oldest first. */
  const reading = new Set<Entry>();

  /** A single body may always continue: it can be as large as the pool. */
  const fits = ({ account, bytes: own }: Entry, bytes: number) =>
    account.bytes + bytes <= account.maxBytes || account.bytes === own;

  function makeRoom(entry: Entry, bytes: number): boolean {
    const oldestMs = now() - slowMs;
    for (const other of reading) {
      if (fits(entry, bytes)) return true;
      if (other.sinceMs > oldestMs) return false;
      if (other !== entry && other.account === unproven) other.cut?.();
    }
    return fits(entry, bytes);
  }

  return {
    open(request, cut) {
      const entry: Entry = { sinceMs: now(), account: unproven, bytes: 0, cut };
      reading.add(entry);
      let isOpen = true;

      const give = (bytes: number) => {
        entry.bytes -= bytes;
        entry.account.bytes -= bytes;
      };
      const lease: BodyLease = {
        reserve(bytes) {
          if (!isOpen) return false;
          if (!fits(entry, bytes) && !(entry.account === unproven && makeRoom(entry, bytes))) return false;
          entry.bytes += bytes;
          entry.account.bytes += bytes;
          return true;
        },
        give,
        read() {
          entry.cut = undefined;
          reading.delete(entry);
        },
        prove() {
          if (!isOpen || entry.account === vouched) return true;
          proven(request);
          const { bytes } = entry;
          give(bytes);
          entry.account = vouched;
          return lease.reserve(bytes);
        },
        release() {
          if (!isOpen) return;
          give(entry.bytes);
          lease.read();
          isOpen = false;
        },
      };
      return lease;
    },
  };
}
