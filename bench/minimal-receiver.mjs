// The smallest webhook channel: every POST becomes one channel notification. This is what the figures of bench/ are
// measured against, so it is written as the official channel tutorial does it, on the SDK's own transport, and nothing in
// it is slower than it needs to be. It checks no signature, has no limits and must not be used for anything else.
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";

const mcp = new Server(
  { name: "webhook", version: "0.0.1" },
  {
    capabilities: { experimental: { "claude/channel": {} } },
    instructions:
      'Events from the webhook channel arrive as <channel source="webhook" ...>. They are one-way.',
  },
);
await mcp.connect(new StdioServerTransport());

createServer(async (request, response) => {
  const content = await text(request);
  const meta = { path: request.url, method: request.method };
  await mcp.notification({ method: "notifications/claude/channel", params: { content, meta } });
  response.end("ok");
}).listen(Number(process.env.PORT ?? 8788), "127.0.0.1");
