// Decides what happens now with one entry for one session. The only place that weighs silence, shaping, ttl,
// delivery options and the loop guard.

import type { OpenEntry } from "../journal/open-entries.ts";
import type { Delivery } from "../journal/records.ts";
import { line } from "../text.ts";
import { loopScope } from "./breaker.ts";
import { type DispatchContext, finish, type InFlight, isComplete } from "./context.ts";
import { type DeliveryOptions, readDeliveryOptions } from "./delivery-options.ts";
import { isPast } from "./entries.ts";
import type { SessionSlot } from "./session-registry.ts";
import { stickyKeys } from "./sticky.ts";

/**
 * `push`: write it to the session. `wait`: keep it for its `pending`. `none`: not for this session, or
 * already ended.
 */
export type Triage =
  | { readonly is: "push" | "wait"; readonly options: DeliveryOptions }
  | { readonly is: "none" };

const none: Triage = { is: "none" };

/**
 * Whether reading its body is worthwhile. What waits for another session alone is skipped, except from the position
 * `offeredFrom` on: a conversation may have moved here. Default: nothing is skipped for that.
 */
export function isCandidate(
  context: DispatchContext,
  slot: SessionSlot,
  entry: OpenEntry,
  offeredFrom = 0,
): boolean {
  return (
    !slot.waiting.has(entry.position) &&
    !slot.foreign.has(entry.position) &&
    !context.reservations.has(entry, slot.session.id) &&
    (entry.position >= offeredFrom || !context.registry.isWithAnother(entry, slot))
  );
}

export function triage(
  context: DispatchContext,
  slot: SessionSlot,
  entry: OpenEntry,
  delivery: Delivery | undefined,
): Triage {
  const nowMs = context.clock.now();
  if (endEarly(context, entry, delivery, nowMs)) return none;
  const options = readDeliveryOptions((delivery as Delivery).terms);
  if (!context.registry.matches(options, slot)) {
    slot.foreign.add(entry.position);
    return none;
  }
  if (context.registry.isOnItsWay(entry, options, slot)) return none;
  const { push } = context.registry.targets(options, entry);
  const isTarget = push.includes(slot);
  // A budget of one session must not hold an event for another session, or one that is fetched.
  if (context.holds(entry, delivery as Delivery, isTarget ? slot.session.id : undefined, nowMs)) return none;
  if (options.to === "all" && slot.taken.has(entry.position)) {
    // The sessions that it waited for may be gone.
    if (isComplete(context, entry, options) && context.reservations.attemptOf(entry) === undefined)
      finish(context, entry, options, {});
    return none;
  }
  if (push.length === 0) return { is: "wait", options };
  if (!isTarget) {
    if (options.to !== "all") passOver(context, entry, delivery as Delivery, options, push, nowMs);
    return none;
  }
  if (options.to !== "all" && context.reservations.attemptOf(entry) !== undefined) return none;
  return giveUp(context, entry, options) ? none : { is: "push", options };
}

/**
 * It belongs to another session: that one scans it if it did not know of it, and so does any session that it
 * moves to.
 */
function passOver(
  context: DispatchContext,
  entry: OpenEntry,
  delivery: Delivery,
  terms: DeliveryOptions,
  [target]: readonly SessionSlot[],
  nowMs: number,
): void {
  for (const key of stickyKeys(terms)) context.passedOver.add(key, entry.position);
  // The session with the reservation scans again when it is not sent.
  if (target === undefined || context.reservations.attemptOf(entry) !== undefined) return;
  if (isCandidate(context, target, entry) && !context.holds(entry, delivery, target.session.id, nowMs))
    context.offer(target, entry.position);
}

/** It is for this session, which is to fetch it with `pending`. */
export function keepWaiting(
  { registry, sticky, passedOver }: DispatchContext,
  slot: SessionSlot,
  entry: OpenEntry,
  options: DeliveryOptions,
): void {
  const owner = sticky.sessionOf(options);
  const isElsewhere = owner !== undefined && owner !== slot.session.id && registry.get(owner) !== undefined;
  slot.waiting.add(entry.position, entry, options.to !== "all" && !isElsewhere);
  // If the conversation moves, the session that it moves to looks at the event.
  if (options.to !== "all") for (const key of stickyKeys(options)) passedOver.add(key, entry.position);
}

/** Ends an entry that no session should get any more. Returns whether it did. */
export function endEarly(
  context: DispatchContext,
  entry: OpenEntry,
  delivery: Delivery | undefined,
  nowMs: number,
): boolean {
  if (delivery === undefined) {
    context.setState(entry, { state: "dead", reason: "its text can no longer be read" });
    return true;
  }
  if (isPast(entry, nowMs)) {
    context.setState(entry, { state: "expired", reason: "its ttl ended before it was sent" });
    return true;
  }
  const silence = context.silences.over(entry);
  if (silence === undefined) return false;
  context.setState(entry, {
    state: "silenced",
    reason: `silenced by ${silence.by === "tool" ? "a tool" : "the user"}: ${silence.reason}`,
  });
  return true;
}

/** Sent as often as its receipt allows, and the last time not even confirmed. */
function giveUp(context: DispatchContext, entry: OpenEntry, { to, receipt }: DeliveryOptions): boolean {
  if (receipt === undefined || entry.attempt < receipt.attempts) return false;
  if (to === "all" && context.rounds.has(entry.position)) return false;
  context.setState(entry, { state: "dead", reason: `sent ${entry.attempt} times, never acknowledged` });
  return true;
}

/**
 * Called once, before the first push: whether the loop guard holds it. Notifies the session when its breaker
 * opens.
 */
export function isLooping(
  context: DispatchContext,
  slot: SessionSlot,
  { entry, options, attempt }: InFlight,
): boolean {
  const scope = loopScope(slot.session.id, entry, options);
  if (scope === undefined || attempt > 1) return false;
  const verdict = context.breaker.judge(scope, entry.changedMs);
  if (verdict === "opens") {
    context.log.warn(
      line`channel ${entry.channel}: more than 30 events of one thread or key in a minute; the rest is kept back`,
    );
    // A notice that a full disk rejects is not retried: the log and `waiting` report it too.
    void context.notices.breaker(slot.session.id, entry.channel, entry.id);
  }
  return verdict !== "pass";
}
