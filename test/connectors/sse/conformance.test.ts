import type { ServerResponse } from "node:http";
import { afterAll } from "vitest";
import { sse } from "../../../src/connectors/sse/index.ts";
import { farSide } from "../../support/far-side.ts";
import { testSource } from "../conformance.ts";

const streams = new Set<ServerResponse>();
const server = await farSide((response) => {
  response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  streams.add(response);
  response.once("close", () => streams.delete(response));
});
afterAll(server.close);
let count = 0;

const url = `${server.url}/stream`;
testSource({
  type: sse,
  written: { url },
  options: { url, idleMs: 300_000, maxMessageBytes: 1024 * 1024 },
  async arrive({ host, source }) {
    count += 1;
    const id = `${count}`;
    const sent = new Set<ServerResponse>();
    while (host.store.get("last") !== id) {
      // Those of the tests before may be on their way out yet.
      for (const stream of streams) if (!sent.has(stream)) stream.write(`id: ${id}\ndata: x\n\n`);
      for (const stream of streams) sent.add(stream);
      if (source.health?.().state !== "running") return false;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return true;
  },
});
