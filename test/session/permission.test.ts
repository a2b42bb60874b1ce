// The client's permission requests and our verdicts, over the wire.

import { afterEach, expect, test } from "vitest";
import { channelCapabilities, relayCapabilities } from "../../src/session/initialize-result.ts";
import type { PermissionRequest } from "../../src/session/permission.ts";
import { type OpenSession, openSession } from "../../src/session/session.ts";
import { line } from "../../src/text.ts";
import { connectClaude } from "../support/claude-simulator.ts";
import { keepLog, streamPair } from "./streams.ts";

const sessions: OpenSession[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
});

async function connect() {
  const { toServer, fromServer } = streamPair();
  const asked: PermissionRequest[] = [];
  const session = openSession({
    input: toServer,
    output: fromServer,
    initializeResult: {
      serverInfo: { name: "router", version: "1" },
      capabilities: relayCapabilities,
      instructions: line``,
    },
    log: keepLog(),
    flushMs: 100,
    onPermissionRequest: (request) => asked.push(request),
  });
  sessions.push(session);
  await session.attachTools([], (text) => text);
  return { session, asked, claude: await connectClaude(toServer, fromServer, { bootWindowMs: 0 }) };
}

const method = "notifications/claude/channel/permission_request";

test("the relay is declared by its key alone, and otherwise left out", () => {
  expect(relayCapabilities.experimental).toEqual({ "claude/channel": {}, "claude/channel/permission": {} });
  expect(channelCapabilities.experimental).toEqual({ "claude/channel": {} });
});

test("a request of the client is told as it came", async () => {
  const { asked, claude } = await connect();
  claude.wire.notify(method, {
    request_id: "abcde",
    tool_name: "Bash",
    description: "Run shell command",
    input_preview: '{"command": "npm test',
  });
  await expect
    .poll(() => asked)
    .toEqual([
      { id: "abcde", tool: "Bash", description: "Run shell command", preview: '{"command": "npm test' },
    ]);
});

test("what is no such request is nothing", async () => {
  const { asked, claude } = await connect();
  claude.wire.notify(method, { request_id: 7, tool_name: "Bash" });
  claude.wire.notify(method);
  claude.wire.notify("notifications/claude/channel/other", { request_id: "abcde", tool_name: "Bash" });
  claude.wire.notify(method, { request_id: "abcde", tool_name: "Edit", description: null });
  await expect.poll(() => asked).toEqual([{ id: "abcde", tool: "Edit", description: "", preview: "" }]);
});

test("a verdict goes out as the client wants it", async () => {
  const { session, claude } = await connect();
  await session.decide("abcde", "deny");
  await expect
    .poll(() => claude.notices)
    .toEqual([
      {
        method: "notifications/claude/channel/permission",
        params: { request_id: "abcde", behavior: "deny" },
      },
    ]);
  claude.assertCleanWire();
});

test("a verdict for a session that has ended is refused", async () => {
  const { session } = await connect();
  await session.close();
  await expect(session.decide("abcde", "allow")).rejects.toThrow();
});
