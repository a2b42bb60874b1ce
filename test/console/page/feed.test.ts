// The feed without a browser: rows and what changes them.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changedRow, rowOf, summaryOf } from "../../../src/console/page/live/row.ts";
import type { LiveChange, LiveEvent, LiveState } from "../../../src/console/protocol.ts";

const time = "2026-01-05T09:00:00.000Z";
const event: LiveEvent = {
  event_id: "e1",
  time,
  source: "github",
  outcome: "accepted",
  channels: [
    { name: "ci", state: "accepted" },
    { name: "log", state: "accepted" },
  ],
  note: "Checkout FAILED",
};
const change = (state: LiveState, more: Partial<LiveChange> = {}): LiveChange => ({
  event_id: "e1",
  channel: "ci",
  time,
  state,
  ...more,
});
const changed = (...changes: LiveChange[]) => changes.reduce(changedRow, rowOf(event));
const stateOf = (row: ReturnType<typeof rowOf>, name: string) =>
  row.channels.find((one) => one.name === name)?.state;

describe("a row", () => {
  test("is summed up by the channel that got least far", () => {
    expect(summaryOf(changed(change("acked")))).toBe("accepted");
    expect(summaryOf(changed(change("acked"), change("shown", { channel: "log" })))).toBe("shown");
  });

  test("goes back to held when an attempt failed, and to sent with the next one", () => {
    expect(stateOf(changed(change("sent"), change("held", { reason: "the session is gone" })), "ci")).toBe(
      "held",
    );
    expect(stateOf(changed(change("shown"), change("sent", { attempt: 2 })), "ci")).toBe("sent");
  });

  test("takes a change without a channel for all of its channels, and a new channel as one more", () => {
    const row = changed(change("read", { channel: "", session: "s-1" }), change("sent", { channel: "late" }));
    expect(row.channels.map(({ name, state }) => [name, state])).toEqual([
      ["ci", "read"],
      ["log", "read"],
      ["late", "sent"],
    ]);
    expect(row.text).toContain("s-1");
  });

  test("no order of proofs shows less than the farthest one", () => {
    const proofs = ["sent", "shown", "read", "acked"] as const;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...proofs), { minLength: 1 }), (states) => {
        const farthest = proofs.findLast((one) => states.includes(one));
        expect(stateOf(changed(...states.map((one) => change(one))), "ci")).toBe(farthest);
      }),
    );
  });
});
