// An independent client: the SDK's own, over its own framing, against a session.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { ReadBuffer, serializeMessage } from "@modelcontextprotocol/sdk/shared/stdio.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { expect, test } from "vitest";
import * as z from "zod/v4";
import { channelCapabilities } from "../../src/session/initialize-result.ts";
import { openSession } from "../../src/session/session.ts";
import { neutralise } from "../../src/text/neutralise.ts";
import { line, ownWords } from "../../src/text.ts";
import { keepLog, streamPair } from "./streams.ts";

test("the SDK's client initialises, lists, calls and gets every event in order", async () => {
  const { toServer, fromServer } = streamPair();
  const log = keepLog();
  const instructions = ownWords("Events arrive.");
  const initializeResult = {
    serverInfo: { name: "router", version: "0.1.0" },
    capabilities: channelCapabilities,
    instructions,
  };
  const session = openSession({ input: toServer, output: fromServer, initializeResult, log });
  const buffer = new ReadBuffer();
  const transport: Transport = {
    async start() {
      fromServer.on("data", (chunk: Buffer) => {
        buffer.append(chunk);
        for (let message = buffer.readMessage(); message; message = buffer.readMessage()) {
          transport.onmessage?.(message);
        }
      });
    },
    send: async (message) => void toServer.write(serializeMessage(message)),
    close: async () => void toServer.end(),
  };
  const client = new Client({ name: "sdk-client", version: "1" });
  const contents: string[] = [];
  const errors: Error[] = [];
  client.onerror = (error) => void errors.push(error);
  client.setNotificationHandler(
    z.object({
      method: z.literal("notifications/claude/channel"),
      params: z.object({ content: z.string(), meta: z.record(z.string(), z.string()) }),
    }),
    ({ params }) => void contents.push(params.content),
  );

  const hello = {
    name: "hello",
    description: line``,
    input: { type: "object" },
    call: async () => line`hello`,
  };
  const attached = session.attachTools([hello], (text) => text);
  await client.connect(transport);
  await attached;
  expect(client.getServerCapabilities()).toEqual(channelCapabilities);
  expect(client.getInstructions()).toBe(instructions);
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["hello"]);
  expect((await client.callTool({ name: "hello" })).content).toEqual([{ type: "text", text: "hello" }]);

  const wanted = Array.from({ length: 200 }, (_, n) => `event ${n} ünïcödé 🎉`);
  await Promise.all(
    wanted.map((content, n) =>
      session.deliver({
        eventId: `e${n}`,
        channel: "c",
        content: neutralise(content),
        meta: { channel: "c", event_id: `e${n}` },
        tokens: 9,
      }),
    ),
  );
  await expect.poll(() => contents).toEqual(wanted);
  expect(errors).toEqual([]);

  await client.close();
  expect(await session.ended).toBe("stdin ended");
  await session.close();
  expect(log.lines).toEqual([]);
});
