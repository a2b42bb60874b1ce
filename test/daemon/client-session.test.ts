import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { ClientSession } from "../../src/daemon/client-session.ts";
import { manualClock } from "../support/manual-clock.ts";

const folder = mkdtempSync(join(tmpdir(), "cr-session-"));
const path = join(folder, "4711.json");
afterEach(() => rmSync(path, { force: true }));

function open(file: () => string | undefined = () => path) {
  let changes = 0;
  const session = new ClientSession({
    path: file,
    clock: manualClock(),
    onChange: () => {
      changes += 1;
    },
  });
  return { session, changes: () => changes };
}
const write = (value: unknown) =>
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));

test("its id, its name and whether it is idle are what the client wrote last", async () => {
  const { session, changes } = open();
  await session.look();
  expect([session.info, changes()]).toEqual([{}, 0]);
  write({ pid: 4711, sessionId: "s1", name: "app", nameSource: "derived", status: "busy" });
  await session.look();
  expect([session.info, changes()]).toEqual([{ sessionId: "s1", isIdle: false, waitsForUser: false }, 1]);
  write({ pid: 4711, sessionId: "s2 after /clear", name: "review", nameSource: "user", status: "idle" });
  await session.look();
  await session.look();
  expect([session.info, changes()]).toEqual([
    { sessionId: "s2 after /clear", name: "review", isIdle: true, waitsForUser: false },
    2,
  ]);
  rmSync(path);
  await session.look();
  expect([session.info, changes()]).toEqual([{}, 3]);
});

test("while it shows a dialog, it waits for its user", async () => {
  const { session } = open();
  write({ status: "waiting", waitingFor: "permission prompt" });
  await session.look();
  expect(session.info).toEqual({ isIdle: false, waitsForUser: true });
});

test.each([
  ["empty", ""],
  ["half written", "{"],
  ["a list", "[]"],
  ["null", "null"],
  ["too large", `"${"x".repeat(100_000)}"`],
  ["other types", { sessionId: 5, name: ["x"], status: "sleeping" }],
  ["too long a name", { name: "x".repeat(201) }],
])("a file that is %s says nothing", async (_, value) => {
  const { session } = open();
  write(value);
  await session.look();
  expect(session.info).toEqual({});
});

test("without a file that is known, or after its end, it says nothing and reports nothing", async () => {
  const { session } = open(() => undefined);
  await session.look();
  expect(session.info).toEqual({});
  const later = open();
  later.session.close();
  write({ sessionId: "s1" });
  await later.session.look();
  expect(later.changes()).toBe(0);
});
