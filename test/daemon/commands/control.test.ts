// The router's side of the control socket: whatever comes in, what goes out is an answer or a refusal, and never a secret.

import { expect, test } from "vitest";
import type { Json } from "../../../src/contract.ts";
import { createControl } from "../../../src/daemon/commands/control.ts";
import { followEvents } from "../../../src/daemon/commands/event-list.ts";
import { line } from "../../../src/text.ts";
import { startRunning } from "../../cli/running.ts";

const never = new AbortController().signal;
const nothing = async () => {};

test("secrets are masked in every answer and every part", async () => {
  const running = await startRunning({ all: { content: "{{data}}" } });
  running.secrets.push("hunter2-hunter2");
  const control = createControl(running.state);
  const sent = await control(
    "send",
    { source: "post", data: "the key is hunter2-hunter2", headers: {} },
    nothing,
    never,
  );
  expect(sent).toMatchObject({ outcome: "accepted" });
  const id = (sent as { event_id: string }).event_id;
  for (const [command, args] of [
    ["events", { limit: 5 }],
    ["replay", { event_id: id, dry_run: true }],
    ["why", { event_id: id }],
  ] as const) {
    const text = JSON.stringify(await control(command, args, nothing, never));
    expect(text).not.toContain("hunter2");
  }
  const ending = new AbortController();
  const parts: Json[] = [];
  await control(
    "events",
    { limit: 5, follow: true },
    async (part) => {
      parts.push(part);
      ending.abort();
    },
    ending.signal,
  );
  expect(JSON.stringify(parts)).toContain("the key is •••");
});

test.each([
  ["nonsense", {}, 'unknown command "nonsense"'],
  ["statsu", {}, 'unknown command "statsu"'],
  ["constructor", {}, 'unknown command "constructor"'],
  ["why", null, "event_id must be a text, and is missing"],
  ["why", { event_id: 7 }, "event_id must be a text, and is 7"],
  ["events", { limit: -1 }, "limit must be a whole number from 0 to 1000, and is -1"],
  ["events", { limit: 1e9 }, "limit must be a whole number from 0 to 1000"],
  ["replay", { event_id: "x", dry_run: "yes" }, "dry_run must be true or false, and is string"],
  ["send", { source: "post", data: "x", headers: { a: 1 } }, "headers.a must be a text, and is 1"],
  ["silence", { channel: "all", for_ms: 1e12 }, "for_ms must be a whole number"],
] as const)("%s with %j is refused", async (command, args, message) => {
  const { state } = await startRunning({ all: {} });
  await expect(createControl(state)(command, args as Json, nothing, never)).rejects.toThrow(message);
});

test("without a good config, nothing is sent and status still answers", async () => {
  const { state } = await startRunning({ all: {} });
  const control = createControl({
    ...state,
    running: () => undefined,
    used: () => ({ ...state.used(), plan: { channels: [], powers: [] } }) as never,
    problems: () => [line`no config file found`],
  });
  await expect(control("send", { source: "post", data: "x" }, nothing, never)).rejects.toThrow(
    "the running router has no valid config",
  );
  expect(await control("status", {}, nothing, never)).toMatchObject({
    problems: ["no config file found"],
    sources: [],
    channels: [],
    counts: { accepted: 0 },
  });
});

test("a follower that does not read costs a bounded number of events, and is told how many it missed", async () => {
  const { state, router } = await startRunning({ all: {} });
  const ending = new AbortController();
  let release = () => {};
  const read: unknown[] = [];
  const first = router.emit("post", { data: "0", text: "0", trust: "local" });
  await first;
  const following = followEvents(
    state,
    { limit: 1 },
    async (part) => {
      read.push(part);
      if (read.length === 1)
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      if ("left_out" in part) ending.abort();
    },
    ending.signal,
  );
  await new Promise((resolve) => setImmediate(resolve));
  for (let n = 1; n <= 1_500; n += 1)
    await router.emit("post", { data: `${n}`, text: `${n}`, trust: "local" });
  release();
  await following;
  expect(read).toHaveLength(1 + 1_000 + 1);
  expect(read.at(-1)).toEqual({ left_out: 500 });
});
