import { expect, test } from "vitest";
import type { LoopOptions } from "../../src/contract/host.ts";
import type { Log } from "../../src/contract.ts";
import { ConnectorError } from "../../src/errors.ts";
import { createLoop } from "../../src/host/loop.ts";
import { manualClock } from "../support/manual-clock.ts";

const minute = 60_000;

function failing(
  message: string,
  details: ConstructorParameters<typeof ConnectorError>[2] = { retryable: true },
) {
  return new ConnectorError("E_HTTP_FAILED", message, details);
}

function loopOf(run: LoopOptions["run"], more: Partial<LoopOptions> = {}) {
  const clock = manualClock();
  const lines: string[] = [];
  const told: string[] = [];
  const write = (level: string) => (line: string) => void lines.push(`${level} ${line}`);
  const log: Log = { info: write("info"), warn: write("warn"), error: write("error") };
  const loop = createLoop(
    { run, pauseMs: () => minute, ...more },
    { subject: "source ci", clock, log, announce: (content) => void told.push(content), random: () => 0 },
  );
  return { clock, loop, lines, told };
}

test("a round runs at once, and the next a pause after it has settled", async () => {
  const times: number[] = [];
  const { clock, loop } = loopOf(async () => void times.push(clock.now()));
  const start = clock.now();
  loop.start();
  await clock.advance(2 * minute + 1);
  expect(times.map((at) => at - start)).toEqual([0, minute, 2 * minute]);
  expect(loop.health()).toEqual({ state: "running", nextTryMs: start + 3 * minute });
});

test("a missing library is reported, because installing it is a reason to try again", async () => {
  let isMissing = true;
  const { clock, loop } = loopOf(async () => {
    if (isMissing) throw new ConnectorError("E_LIBRARY", "the client is not installed");
    throw failing("no answer");
  });
  loop.start();
  await clock.advance(1);
  expect(loop.health()).toMatchObject({ state: "waiting", lacksLibrary: true });
  isMissing = false;
  await clock.advance(5 * minute);
  expect(loop.health()).toEqual(expect.not.objectContaining({ lacksLibrary: true }));
});

test("failures are tried again with growing delays, told once on stderr while they are the same", async () => {
  const times: number[] = [];
  const { clock, loop, lines } = loopOf(async () => {
    times.push(clock.now());
    throw failing("the connection is refused");
  });
  const start = clock.now();
  loop.start();
  await clock.advance(minute);
  expect(times.map((at) => (at - start) / 1_000)).toEqual([0, 1, 3, 7, 15, 31]);
  expect(lines).toEqual(["warn source ci: the connection is refused; next try in 1 s"]);
  expect(loop.health()).toMatchObject({ state: "waiting", lastError: "the connection is refused" });
});

test("the third failure in a row is an event, and so is the end of it", async () => {
  let works = false;
  const { clock, loop, told, lines } = loopOf(async () => {
    if (!works) throw failing("api.example answered 401");
  });
  loop.start();
  await clock.advance(1_000);
  expect(told).toEqual([]);
  await clock.advance(2_000);
  expect(told).toEqual([
    "source ci fails: api.example answered 401. Tried 3 times in 3 s; it goes on trying, next try in 4 s.",
  ]);
  works = true;
  await clock.advance(4_000);
  expect(told.slice(1)).toEqual(["source ci works again after 7 s."]);
  expect(lines.at(-1)).toBe("info source ci: works again");
  expect(loop.health().state).toBe("running");
});

test("what the far side asks for is waited for, and what cannot help is tried at the longest delay", async () => {
  const times: number[] = [];
  const failures = [failing("busy", { retryable: true, retryAfterMs: 20_000 }), failing("gone", {})];
  const { clock, loop } = loopOf(async () => {
    times.push(clock.now());
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
  });
  const start = clock.now();
  loop.start();
  await clock.advance(2 * minute);
  expect(times.slice(0, 3).map((at) => (at - start) / 1_000)).toEqual([0, 20, 80]);
});

test("a connection that stands is good from then on, whatever ends it", async () => {
  let attempts = 0;
  const { clock, loop, told } = loopOf(async (_, round) => {
    attempts += 1;
    if (attempts % 2 === 1) round.works();
    throw failing("the connection was closed");
  });
  loop.start();
  await clock.advance(10 * minute);
  expect(attempts).toBeGreaterThan(10);
  expect(told).toEqual([]);
});

test("a bug is logged whole and the round is tried again", async () => {
  let attempts = 0;
  const { clock, loop, lines } = loopOf(async () => {
    attempts += 1;
    throw new TypeError("x is undefined");
  });
  loop.start();
  await clock.advance(1_000);
  expect(attempts).toBe(2);
  expect(lines[0]).toMatch(/^error source ci: TypeError: x is undefined\n/);
});

test("stop fires the signal, waits for the round, and nothing runs afterwards", async () => {
  let ended = false;
  let rounds = 0;
  const { clock, loop } = loopOf(async (signal) => {
    rounds += 1;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    ended = true;
  });
  loop.start();
  await loop.stop(new AbortController().signal);
  expect(ended).toBe(true);
  await clock.advance(10 * minute);
  expect(rounds).toBe(1);
  expect(loop.health()).toEqual({ state: "stopped" });
});

test("a round that does not end is left at the deadline", async () => {
  const { loop } = loopOf(() => new Promise(() => undefined));
  loop.start();
  await expect(loop.stop(AbortSignal.abort())).resolves.toBeUndefined();
});

test("one failure is an event where the next try is an hour away", async () => {
  const failures = [failing("busy", { retryable: true, retryAfterMs: 2 * 60 * minute })];
  const { clock, loop, told } = loopOf(async () => {
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
  });
  loop.start();
  await clock.advance(1);
  expect(told).toEqual(["source ci fails: busy. Tried once; it goes on trying, next try in 2 h."]);
  await clock.advance(120 * minute);
  expect(told.at(-1)).toBe("source ci works again after 2 h.");
});

test("work that has its own times fails until its next time, however often the clock is looked at", async () => {
  const start = Date.UTC(2026, 0, 5, 9);
  const dueMs = (nowMs: number) => start + Math.ceil((nowMs + 1 - start) / (30 * minute)) * 30 * minute;
  let next = start;
  let works = false;
  const { clock, loop, told, lines } = loopOf(
    async (_, { skip }) => {
      if (clock.now() < next) return skip();
      next = dueMs(clock.now());
      if (!works) throw failing("exit code 1");
    },
    { dueMs },
  );
  loop.start();
  await clock.advance(20 * minute);
  expect(loop.health()).toMatchObject({
    state: "waiting",
    lastError: "exit code 1",
    nextTryMs: start + 30 * minute,
  });
  expect(lines).toEqual(["warn source ci: exit code 1; next try in 30 min"]);
  expect(told).toEqual([]);
  await clock.advance(41 * minute);
  expect(told).toHaveLength(1);
  works = true;
  await clock.advance(30 * minute);
  expect(loop.health()).toMatchObject({ state: "running" });
  expect(told).toHaveLength(2);
});
