import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { websocket } from "../../../src/connectors/websocket/index.ts";
import { testSource } from "../conformance.ts";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
await new Promise((resolve) => server.once("listening", resolve));
afterAll(() => {
  for (const link of server.clients) link.terminate();
  server.close();
});

const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
testSource({
  type: websocket,
  written: { url },
  options: { url, idleMs: 60_000, maxMessageBytes: 1024 * 1024 },
  acks: false,
  async arrive({ source }) {
    const sent = new Set<WebSocket>();
    for (let tries = 0; ; tries++) {
      // Those of the tests before may be on their way out yet.
      for (const link of server.clients) if (!sent.has(link)) link.send("x");
      for (const link of server.clients) sent.add(link);
      if (source.health?.().state !== "running") return false;
      await new Promise((resolve) => setTimeout(resolve, 5));
      // Nothing comes back: so long after it was sent it was read.
      if (sent.size > 0 && tries > 100) return true;
    }
  },
});
