import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { SUPPORTED_PROTOCOL_VERSIONS } from "@modelcontextprotocol/sdk/types.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  answerInitialize,
  channelCapabilities,
  type InitializeResult,
  protocolVersions,
} from "../../src/session/initialize-result.ts";
import type { Request } from "../../src/session/json-rpc.ts";
import { line, ownWords } from "../../src/text.ts";

const greeting: InitializeResult = {
  serverInfo: { name: "router", version: "0.1.0" },
  capabilities: channelCapabilities,
  instructions: line`Events arrive.`,
};

/** What the SDK's own server answers to the same request. */
async function askSdk(request: Request, from: InitializeResult): Promise<unknown> {
  const server = new Server(from.serverInfo, {
    capabilities: from.capabilities,
    instructions: from.instructions,
  });
  return new Promise((resolve) => {
    const transport = {
      start: async () => undefined,
      close: async () => undefined,
      send: async (message: JSONRPCMessage) => resolve(message),
      onmessage: undefined as ((message: JSONRPCMessage) => void) | undefined,
    };
    void server.connect(transport as never).then(() => transport.onmessage?.(request as JSONRPCMessage));
  });
}

function initialize(protocolVersion: string, id: string | number = 1): Request {
  const clientInfo = { name: "test", version: "1" };
  return {
    jsonrpc: "2.0",
    id,
    method: "initialize",
    params: { protocolVersion, capabilities: {}, clientInfo },
  };
}

describe("answering initialize", () => {
  test("knows the versions that the SDK knows, and not the one that carries no channel", () => {
    expect([...protocolVersions]).toEqual(SUPPORTED_PROTOCOL_VERSIONS);
    expect(protocolVersions).not.toContain("2026-07-28");
  });

  test.each([...SUPPORTED_PROTOCOL_VERSIONS, "2026-07-28", "1.0", "", "9999-99-99"])(
    "answers version %j as the SDK does",
    async (version) => {
      const request = initialize(version, "an id");
      expect(answerInitialize(request, greeting)).toEqual(await askSdk(request, greeting));
    },
  );

  test("answers any version as the SDK does, with and without instructions", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.constantFrom("", "text"), async (version, instructions) => {
        const request = initialize(version);
        const from = { ...greeting, instructions: ownWords(instructions) };
        expect(answerInitialize(request, from)).toEqual(await askSdk(request, from));
      }),
      { numRuns: 50 },
    );
  });
});
