// Pairing: an unknown sender gets a code, and the user of this machine types it. Pure changes of one source's
// access. Messages of an unknown sender never approve anything.

import { randomInt } from "node:crypto";
import type { IncomingMessage } from "../contract/chat.ts";
import { UsageError } from "../errors.ts";
import type { AccessState, PendingPerson, SourceAccess } from "./store.ts";
import { emptyAccess } from "./store.ts";

export const pairingLimits = {
  validMs: 60 * 60 * 1_000,
  /** New codes of one source in a window: each causes a reply and a write to the disk. */
  maxNew: 60,
  newWindowMs: 3 * 60 * 1_000,
  /**
   * Maximum of pending codes of one source; the oldest is dropped. More than can be issued while a code is
   * valid, so that none is dropped early.
   */
  maxPending: 1_500,
  /** The code, and one reminder; after that an unknown sender gets no more replies. */
  maxReplies: 2,
} as const;

/** The reply to an unknown sender; none after too many messages, or when too many senders write at once. */
export interface PairingStart {
  readonly access: SourceAccess;
  readonly code?: string;
  readonly isFirst?: boolean;
  readonly reason?: string;
  /** Not unknown: admitted since the check. */
  readonly isAdmitted?: boolean;
}

/** The additions to the source of this name and type; empty when its type was different. */
export function accessOf(state: AccessState, source: string, type: string): SourceAccess {
  const found = Object.hasOwn(state, source) ? (state[source] as SourceAccess) : emptyAccess;
  if (found.type === type) return found;
  return { ...(found.type === undefined ? found : emptyAccess), type };
}

/** Without expired codes. The same object when none expired. */
export function dropExpired(access: SourceAccess, nowMs: number): SourceAccess {
  const all = Object.entries(access.pending);
  const live = all.filter(([, { untilMs }]) => untilMs > nowMs);
  return live.length === all.length ? access : { ...access, pending: Object.fromEntries(live) };
}

/** `isTaken`: whether the code is already in use on any source. */
export function introduce(
  before: SourceAccess,
  message: IncomingMessage,
  nowMs: number,
  isTaken: (code: string) => boolean,
): PairingStart {
  const access = dropExpired(before, nowMs);
  const { sender, chat } = message;
  if (Object.hasOwn(access.people, sender.id)) return { access, isAdmitted: true };
  if (Object.hasOwn(access.declined, sender.id))
    return { access, reason: `${sender.id} was declined before` };
  const found = Object.entries(access.pending).find(([, { id }]) => id === sender.id);
  if (found !== undefined) {
    const [code, pending] = found;
    if (pending.replies >= pairingLimits.maxReplies)
      return { access, reason: `${sender.id} waits for pairing` };
    const reminded = { ...pending, replies: pending.replies + 1 };
    return { access: { ...access, pending: { ...access.pending, [code]: reminded } }, code, isFirst: false };
  }
  const waiting = Object.entries(access.pending);
  const { maxNew, newWindowMs, maxPending } = pairingLimits;
  const recent = waiting.filter(([, { createdMs }]) => Math.abs(nowMs - createdMs) < newWindowMs);
  if (recent.length >= maxNew)
    return { access, reason: `${sender.id} got no code: too many unknown senders write at once` };
  const code = newCode(isTaken);
  const pending: PendingPerson = {
    id: sender.id,
    ...(sender.name === undefined ? {} : { name: sender.name.slice(0, 100) }),
    chatId: chat.id,
    createdMs: nowMs,
    untilMs: nowMs + pairingLimits.validMs,
    replies: 1,
  };
  const kept =
    waiting.length < maxPending ? access.pending : withoutSender(access.pending, oldestOf(waiting));
  return { access: { ...access, pending: { ...kept, [code]: pending } }, code, isFirst: true };
}

function oldestOf(waiting: readonly (readonly [code: string, PendingPerson])[]): string {
  let [oldest] = waiting;
  for (const one of waiting) if (oldest === undefined || one[1].createdMs < oldest[1].createdMs) oldest = one;
  return oldest?.[0] ?? "";
}

/** Six hexadecimal digits. */
function newCode(isTaken: (code: string) => boolean): string {
  for (;;) {
    const code = randomInt(0x1000000).toString(16).padStart(6, "0");
    if (!isTaken(code)) return code;
  }
}

export interface PairingMatch extends PendingPerson {
  readonly source: string;
  readonly code: string;
}

/** The user with this code on any of these sources. Throws a UsageError for an unknown or expired code. */
export function findPending(
  state: AccessState,
  sources: Readonly<Record<string, { readonly type: string }>>,
  written: string,
  nowMs: number,
): PairingMatch {
  const code = written.trim().toLowerCase();
  for (const [source, { type }] of Object.entries(sources)) {
    const { pending: waiting } = accessOf(state, source, type);
    const pending = Object.hasOwn(waiting, code) ? waiting[code] : undefined;
    if (pending !== undefined && pending.untilMs > nowMs) return { ...pending, source, code };
  }
  throw new UsageError("E_USAGE", `no pending user has the code ${written.slice(0, 20)}`, {
    hint: "a code is valid for an hour; channel-router access list shows pending users",
  });
}

export function admit(
  access: SourceAccess,
  { code, id, name, chatId }: PairingMatch,
  nowMs: number,
): SourceAccess {
  return {
    ...access,
    pending: withoutSender(access.pending, code),
    declined: withoutSender(access.declined, id),
    people: { ...access.people, [id]: { ...(name === undefined ? {} : { name }), sinceMs: nowMs } },
    chats: { ...access.chats, [id]: chatId },
  };
}

export function decline(access: SourceAccess, { code, id }: PairingMatch, nowMs: number): SourceAccess {
  return {
    ...access,
    pending: withoutSender(access.pending, code),
    declined: { ...access.declined, [id]: nowMs },
  };
}

export function withoutSender<T>(
  record: Readonly<Record<string, T>>,
  key: string,
): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).filter(([other]) => other !== key));
}
