// What one entry is to one session, now. The only place that weighs silence, shaping, ttl, terms and the loop guard.

import type { OpenEntry } from "../journal/open-entries.ts";
import type { Delivery } from "../journal/records.ts";
import { line } from "../text.ts";
import { loopScope } from "./breaker.ts";
import { type DispatchContext, finish, type InFlight, isComplete } from "./context.ts";
import { type DeliveryOptions, readDeliveryOptions } from "./delivery-options.ts";
import { isPast } from "./entries.ts";
import type { SessionSlot } from "./session-registry.ts";
import { stickyKeys } from "./sticky.ts";

/** `push`: to be written to it. `wait`: kept for its `pending`. `none`: nothing to do with it, or its end was told. */
export type Triage =
  | { readonly is: "push"; readonly terms: DeliveryOptions }
  | { readonly is: "wait" | "none" };

const none: Triage = { is: "none" };
const wait: Triage = { is: "wait" };

/** Worth reading its body for? */
export function isCandidate(desk: DispatchContext, seat: SessionSlot, entry: OpenEntry): boolean {
  return (
    !seat.waiting.has(entry.position) &&
    !seat.foreign.has(entry.position) &&
    !desk.claims.has(entry, seat.session.id)
  );
}

export function triage(
  desk: DispatchContext,
  seat: SessionSlot,
  entry: OpenEntry,
  delivery: Delivery | undefined,
): Triage {
  if (endEarly(desk, entry, delivery)) return none;
  const terms = readDeliveryOptions((delivery as Delivery).terms);
  if (!desk.roster.matches(terms, seat)) {
    seat.foreign.add(entry.position);
    return none;
  }
  if (desk.roster.isOnItsWay(entry.id, terms, seat)) return none;
  const { push } = desk.roster.targets(terms, entry);
  const isTarget = push.includes(seat);
  // What one session was sent is no reason to keep back what goes to another, or is fetched.
  if (desk.holds(entry, delivery as Delivery, isTarget ? seat.session.id : undefined)) return none;
  if (terms.to === "all" && seat.taken.has(entry.position)) {
    // The sessions that it waited for may be gone.
    if (isComplete(desk, entry, terms) && desk.claims.attemptOf(entry) === undefined)
      finish(desk, entry, terms, {});
    return none;
  }
  if (push.length === 0) return wait;
  if (!isTarget) {
    if (terms.to !== "all") passOver(desk, entry, delivery as Delivery, terms, push);
    return none;
  }
  if (terms.to !== "all" && desk.claims.attemptOf(entry) !== undefined) return none;
  return giveUp(desk, entry, terms) ? none : { is: "push", terms };
}

/** It is another session's: that one looks at it if it did not know so yet, and so does whichever it moves to. */
function passOver(
  desk: DispatchContext,
  entry: OpenEntry,
  delivery: Delivery,
  terms: DeliveryOptions,
  [target]: readonly SessionSlot[],
): void {
  for (const key of stickyKeys(terms)) desk.passedOver.add(key, entry.position);
  // Whoever has claimed it looks again when it is not sent.
  if (target === undefined || desk.claims.attemptOf(entry) !== undefined) return;
  if (isCandidate(desk, target, entry) && !desk.holds(entry, delivery, target.session.id))
    desk.offer(target, entry.position);
}

/** Ends an entry that nobody is to get any more, and says whether it did. */
export function endEarly(desk: DispatchContext, entry: OpenEntry, delivery: Delivery | undefined): boolean {
  if (delivery === undefined) {
    desk.tell(entry, { state: "dead", reason: "its text can no longer be read" });
    return true;
  }
  if (isPast(entry, desk.clock.now())) {
    desk.tell(entry, { state: "expired", reason: "its ttl ended before it was sent" });
    return true;
  }
  const silence = desk.silences.over(entry);
  if (silence === undefined) return false;
  desk.tell(entry, { state: "silenced", reason: `silenced by a ${silence.by}: ${silence.reason}` });
  return true;
}

/** Sent as often as its receipt allows, and the last time not even confirmed. */
function giveUp(desk: DispatchContext, entry: OpenEntry, { to, receipt }: DeliveryOptions): boolean {
  if (receipt === undefined || entry.attempt < receipt.attempts) return false;
  if (to === "all" && desk.rounds.has(entry.position)) return false;
  desk.tell(entry, { state: "dead", reason: `sent ${entry.attempt} times, never acknowledged` });
  return true;
}

/** Asked once, before the first push: does the loop guard keep it back? Tells the session when its breaker opens. */
export function isLooping(
  desk: DispatchContext,
  seat: SessionSlot,
  { entry, terms, attempt }: InFlight,
): boolean {
  const scope = loopScope(seat.session.id, entry, terms);
  if (scope === undefined || attempt > 1) return false;
  const verdict = desk.breaker.judge(scope, entry.changedMs);
  if (verdict === "opens") {
    desk.log.warn(
      line`channel ${entry.channel}: more than 30 events of one thread or key in a minute; the rest is kept back`,
    );
    // A notice that a full disk refuses is not worth another try: the log and `waiting` say it too.
    void desk.notices.breaker(seat.session.id, entry.channel, entry.id);
  }
  return verdict !== "pass";
}
