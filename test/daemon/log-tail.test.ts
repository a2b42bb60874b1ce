// What is read of the client's log when it continues in other files of the same session.

import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LogTail } from "../../src/daemon/log-tail.ts";

let cacheFolder: string;
let nowS: number;
beforeEach(() => {
  cacheFolder = mkdtempSync(join(tmpdir(), "cr-log-tail-"));
  mkdirSync(join(cacheFolder, "-p", "mcp-logs-router"), { recursive: true });
  nowS = Date.now() / 1_000;
});
afterEach(() => rmSync(cacheFolder, { recursive: true, force: true }));

function say(name: string, debug: string, sessionId = "s1"): void {
  const file = join(cacheFolder, "-p", "mcp-logs-router", `${name}.jsonl`);
  const timestamp = new Date(nowS * 1_000).toISOString();
  appendFileSync(file, `${JSON.stringify({ debug, timestamp, sessionId, cwd: "/p" })}\n`);
  // Each write is later than all before.
  nowS += 1;
  utimesSync(file, nowS, nowS);
}
const open = () =>
  LogTail.open(() => ({
    project: "/p",
    server: "router",
    session: "s1",
    laterSession: undefined,
    sinceMs: 0,
    cacheFolder,
  }));
const words = async (tail: LogTail) => (await tail.read(true))?.map(({ debug }) => debug);

test("each entry is read once, whichever of its files the client continues in", async () => {
  say("a", "Channel notifications registered");
  const tail = await open();
  say("b", "channel 1");
  say("b", "channel 2");
  expect(await words(tail)).toEqual(["channel 1", "channel 2"]);
  say("b", "channel 3");
  expect(await words(tail)).toEqual(["channel 3"]);
  say("a", "channel 4");
  expect(await words(tail)).toEqual(["channel 4"]);
  say("b", "channel 5");
  expect(await words(tail)).toEqual(["channel 5"]);
  for (let index = 0; index < 20; index++) say(`c${index}`, `channel c${index}`);
  expect(await words(tail)).toEqual(["channel c19"]);
  expect(await words(tail)).toEqual([]);
});

test("a file of another session is not taken, and its entries are not used up", async () => {
  say("a", "Channel notifications registered");
  const tail = await open();
  say("b", "channel 1", "s2");
  expect(await words(tail)).toEqual([]);
  say("b", "channel 2");
  expect(await words(tail)).toEqual(["channel 1", "channel 2"]);
});
