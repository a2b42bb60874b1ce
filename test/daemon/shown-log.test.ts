import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Registration } from "../../src/daemon/client-log.ts";
import { type Shown, ShownLog } from "../../src/daemon/shown-log.ts";
import { manualClock } from "../support/manual-clock.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const entry = (debug: string, sessionId = "s1") =>
  `${JSON.stringify({ debug, timestamp: "2026-11-23T01:00:00.000Z", sessionId, cwd: "/p" })}\n`;

async function open(options: { isRegistered?: boolean } = {}) {
  const cacheFolder = mkdtempSync(join(tmpdir(), "cr-log-"));
  folders.push(cacheFolder);
  const folder = join(cacheFolder, "-p", "mcp-logs-router");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "a.jsonl");
  if (options.isRegistered !== false)
    writeFileSync(
      path,
      entry("Channel notifications registered") + entry("notifications/claude/channel (5 chars)"),
    );
  const clock = manualClock();
  let late = 0;
  let laterSession: string | undefined;
  const onLate = () => {
    late += 1;
  };
  const words: Registration[] = [];
  const log = new ShownLog({
    query: () => ({ project: "/p", server: "router", session: "s1", laterSession, sinceMs: 0, cacheFolder }),
    clock,
    isAnothers: (sessionId) => sessionId === "of another open session",
    onRegistration: (word) => words.push(word),
  });
  await log.start();
  const results: Shown[] = [];
  return {
    log,
    path,
    folder,
    words,
    late: () => late,
    clock,
    /** What the client itself says that the session's id is now. */
    isNow(session: string) {
      laterSession = session;
    },
    /** Reading a file takes a few turns of the event loop, which the clock does not wait for. */
    async pass(ms: number) {
      await clock.advance(ms);
      for (let turn = 0; turn < 3; turn++) {
        await log.read();
        await clock.advance(0);
      }
    },
    says: (debug: string, session?: string) => appendFileSync(path, entry(debug, session)),
    shows: (chars: number, session?: string) =>
      appendFileSync(path, entry(`notifications/claude/channel (${chars} chars)`, session)),
    write(chars: number) {
      const index = results.push("unknown") - 1;
      const expected = log.expect(chars, onLate);
      void expected?.shown.then((shown) => {
        results[index] = shown;
        settled += 1;
      });
      expected?.written();
    },
    results,
    settled: () => settled,
  };
}
let settled = 0;
afterEach(() => {
  settled = 0;
});

test("a message that the client accepts is shown, also under another session's id, as after /clear", async () => {
  const { write, shows, pass, results } = await open();
  write(5);
  write(7);
  shows(5);
  shows(7, "another");
  await pass(250);
  expect(results).toEqual(["yes", "yes"]);
});

test("what the log had before counts for nothing, and no line in five seconds means not shown", async () => {
  const { write, pass, results, settled: count } = await open();
  write(5);
  await pass(4_900);
  expect(count()).toBe(0);
  await pass(200);
  expect(results).toEqual(["no"]);
});

test("of two of the same length the first line is the first one's, and one that vanished in between is missed", async () => {
  const { write, shows, pass, results } = await open();
  write(5);
  write(9);
  write(5);
  shows(5);
  shows(5);
  await pass(250);
  await pass(5_000);
  expect(results).toEqual(["yes", "no", "yes"]);
});

test("a line that comes too late is noticed once", async () => {
  const { write, shows, pass, results, late } = await open();
  write(5);
  await pass(5_000);
  shows(5);
  shows(5);
  await pass(250);
  expect([results, late()]).toEqual([["no"], 1]);
});

test("later words on the registration are passed on", async () => {
  const { says, pass, words } = await open();
  says("Channel notifications skipped: channels are disabled by policy");
  says("Channel notifications re-registered after reconnect");
  says("Channel notifications skipped: of another session in the same file", "another");
  await pass(250);
  expect(words).toEqual([
    { registered: false, reason: "channels are disabled by policy" },
    { registered: true },
  ]);
});

test("the client keeps its handler although its gate refuses: it listens", async () => {
  const { says, pass, words } = await open();
  says("Channel notifications skipped: channels are disabled by policy");
  says("Channel gate says skip:session but was previously registered \u2014 preserving handler");
  await pass(250);
  expect(words.at(-1)).toEqual({ registered: true });
});

test("what another open session shows is its own, in the same file too", async () => {
  const { write, shows, pass, results } = await open();
  write(5);
  shows(5, "of another open session");
  await pass(250);
  await pass(5_000);
  expect(results).toEqual(["no"]);
});

test("after /clear the words under the session's new id are its own", async () => {
  const { says, isNow, pass, words } = await open();
  says("Channel notifications skipped: before anybody knows the id", "s2");
  await pass(250);
  expect(words).toEqual([]);
  isNow("s2");
  says("Channel notifications skipped: after /clear", "s2");
  await pass(250);
  expect(words).toEqual([{ registered: false, reason: "after /clear" }]);
});

test.each(["replaced", "cut", "continued in another file"])("a log that was %s is read on", async (how) => {
  const { path, folder, write, shows, pass, results } = await open();
  write(5);
  const filler = entry("something long about another thing".repeat(100));
  if (how === "cut") writeFileSync(path, "");
  if (how === "replaced") {
    renameSync(path, join(folder, "a.jsonl.1"));
    writeFileSync(path, filler);
  }
  if (how === "continued in another file")
    writeFileSync(join(folder, "b.jsonl"), filler + entry("notifications/claude/channel (5 chars)"));
  else shows(5);
  await pass(250);
  await pass(5_000);
  expect(results).toEqual(["yes"]);
});

test("a client that has ended has a moment to write what it showed; the rest was not shown", async () => {
  const { log, clock, write, shows, results } = await open();
  write(5);
  write(9);
  write(11);
  shows(5);
  const closed = log.close();
  await clock.advance(500);
  shows(9);
  for (let turn = 0; turn < 20; turn++) {
    await log.read();
    await clock.advance(250);
  }
  await closed;
  expect(results).toEqual(["yes", "yes", "no"]);
});

test("a log that is gone, or was never there, says nothing", async () => {
  const { write, pass, folder, results, settled: count } = await open();
  write(5);
  rmSync(folder, { recursive: true });
  await pass(5_100);
  expect([results, count()]).toEqual([["unknown"], 1]);
  const { log } = await open({ isRegistered: false });
  const expected = log.expect(5, () => {});
  expected?.written();
  log.close();
  expect(await expected?.shown).toBe("unknown");
});

test("a line in two pieces, very long lines and bytes that are no text are read over", async () => {
  const { path, write, pass, results } = await open();
  write(5);
  const line = entry("notifications/claude/channel (5 chars)");
  appendFileSync(path, `${"x".repeat(3_000_000)}\n`);
  appendFileSync(path, Buffer.from([0xff, 0xfe, 0x0a]));
  appendFileSync(path, line.slice(0, 30));
  await pass(250);
  appendFileSync(path, line.slice(30));
  await pass(250);
  expect(results).toEqual(["yes"]);
});
