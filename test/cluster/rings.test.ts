// What the leader knows of a ring that it asked the process of a session for.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PeerSession } from "../../src/cluster/attached-session.ts";
import type { Link } from "../../src/cluster/link.ts";
import type { Frame } from "../../src/cluster/protocol.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const frames: Frame[] = [];
  let listeners = 0;
  const closed = new Promise<string>(() => undefined);
  const link = {
    send: (frame: Frame) => void frames.push(frame),
    get closed() {
      listeners += 1;
      return closed;
    },
  } as unknown as Link;
  const peer = new PeerSession({
    id: 1,
    pid: 7,
    local: false,
    facts: { project: "/p", listening: { state: "no", reason: "" }, missing: [] },
    link,
    term: 1,
    resume: { t: "resume", unanswered: 0, forgotten: [], taken: [], writing: [] },
    questions: [],
    mayRunAgain: () => false,
  });
  return { peer, frames, listeners: () => listeners, ring: (count = 3) => peer.session.ring(count) };
}

test("the answer of the process is the result", async () => {
  const { peer, frames, ring } = open();
  const rings = [ring(1), ring(2), ring(3)];
  expect(frames).toEqual([1, 2, 3].map((n) => ({ t: "ring", n, waiting: n })));
  peer.rung(3, { rung: "unknown", reason: "it was cut off" });
  peer.rung(1, { rung: true });
  peer.rung(2, { rung: false, reason: "no inbox" });
  expect(await Promise.all(rings)).toEqual([
    { rung: true },
    { rung: false, reason: "no inbox" },
    { rung: "unknown", reason: "it was cut off" },
  ]);
});

test("without an answer it is unknown whether it rang: after 5 s, and when the process ends", async () => {
  const { peer, ring } = open();
  const silent = ring();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await silent).toEqual({ rung: "unknown", reason: "its process does not answer" });
  peer.rung(1, { rung: true });
  const last = ring();
  peer.closed("the peer closed the connection");
  expect(await last).toEqual({ rung: "unknown", reason: "its process ended during the ring" });
});

test("a process that is gone is not rung", async () => {
  const { peer, frames, ring } = open();
  peer.closed("the peer closed the connection");
  expect(await ring()).toEqual({ rung: false, reason: "its process is gone" });
  expect(frames).toEqual([]);
});

test("rings leave nothing behind", async () => {
  const { peer, listeners, ring } = open();
  const before = listeners();
  for (let n = 1; n <= 50; n++) {
    const rung = ring();
    peer.rung(n, { rung: true });
    await rung;
  }
  expect([listeners() - before, vi.getTimerCount()]).toEqual([0, 0]);
});
