import { appendFileSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { awaitRegistration, clientCacheFolder, readRegistration } from "../../src/daemon/client-log.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newLog(server = "router") {
  const cacheFolder = mkdtempSync(join(tmpdir(), "cr-log-"));
  folders.push(cacheFolder);
  const folder = join(cacheFolder, "-home-me-my-app-v1-2", `mcp-logs-${server}`);
  mkdirSync(folder, { recursive: true });
  const query = {
    project: "/home/me/my-app/v1.2",
    server,
    session: "s1",
    sinceMs: Date.UTC(2026, 10, 23),
    cacheFolder,
  };
  const line = (debug: string, sessionId = "s1", timestamp = "2026-11-23T01:00:00.000Z") =>
    `${JSON.stringify({ debug, timestamp, sessionId, cwd: query.project })}\n`;
  return { folder, query, line };
}

test("the last word on this session counts, other sessions and broken lines do not", async () => {
  const { folder, query, line } = newLog();
  writeFileSync(
    join(folder, "a.jsonl"),
    `half a line"}\n${line("Channel notifications skipped: not in --channels list")}${line("Channel notifications registered")}${line("Channel notifications skipped: other", "s2")}null\n`,
  );
  expect(await readRegistration(query)).toEqual({ registered: true });
  expect(await readRegistration({ ...query, session: "s2" })).toEqual({ registered: false, reason: "other" });
  expect(await readRegistration({ ...query, session: "s3" })).toBeUndefined();
});

test("without a session id only lines since the start count", async () => {
  const { folder, query, line } = newLog();
  writeFileSync(
    join(folder, "a.jsonl"),
    line("Channel notifications registered", "x", "2026-11-22T23:59:59.000Z"),
  );
  expect(await readRegistration({ ...query, session: undefined })).toBeUndefined();
  appendFileSync(join(folder, "a.jsonl"), line("Channel notifications registered", "y"));
  expect(await readRegistration({ ...query, session: undefined })).toEqual({ registered: true });
});

test("the newest file is read first, and only its end when it is long", async () => {
  const { folder, query, line } = newLog();
  writeFileSync(join(folder, "old.jsonl"), line("Channel notifications skipped: old"));
  utimesSync(join(folder, "old.jsonl"), 1, 1);
  writeFileSync(
    join(folder, "new.jsonl"),
    line("x".repeat(2_000_000)) + line("Channel notifications registered"),
  );
  expect(await readRegistration(query)).toEqual({ registered: true });
});

test("a folder that is not there, or is spelled by another rule, is no failure", async () => {
  const { query, folder, line } = newLog("plugin-cr-router");
  expect(await readRegistration({ ...query, cacheFolder: "/nowhere" })).toBeUndefined();
  writeFileSync(join(folder, "a.jsonl"), line("Channel notifications registered"));
  expect(await readRegistration({ ...query, server: "plugin:cr:router" })).toEqual({ registered: true });
});

test("the wait ends with the first word, or with its time", async () => {
  const { folder, query, line } = newLog();
  expect(await awaitRegistration(query, 150)).toBeUndefined();
  setTimeout(() => writeFileSync(join(folder, "a.jsonl"), line("Channel notifications registered")), 50);
  const startedMs = performance.now();
  expect(await awaitRegistration(query, 40_000)).toEqual({ registered: true });
  expect(performance.now() - startedMs).toBeLessThan(20_000);
});

test("the cache folder follows the system's rule", () => {
  expect(clientCacheFolder({ HOME: "/h" }, "linux")).toBe("/h/.cache/claude-cli-nodejs");
  expect(clientCacheFolder({ HOME: "/h", XDG_CACHE_HOME: "/c" }, "linux")).toBe("/c/claude-cli-nodejs");
  expect(clientCacheFolder({ HOME: "/h" }, "darwin")).toBe("/h/Library/Caches/claude-cli-nodejs");
});

test("a client that connected again has registered the channel again", async () => {
  const { folder, query, line } = newLog();
  writeFileSync(
    join(folder, "a.jsonl"),
    line("Channel notifications skipped: not in --channels list") +
      line("Channel notifications re-registered after reconnect"),
  );
  expect(await readRegistration(query)).toEqual({ registered: true });
});
