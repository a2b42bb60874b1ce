// The smallest channel server on the MCP SDK alone: greets, lists one tool, and sends one event for each `send` call.
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const server = new Server(
  { name: "minimal", version: "1.0.0" },
  {
    capabilities: { experimental: { "claude/channel": {} }, tools: {} },
    instructions: "Events arrive as channel blocks.",
  },
);
const inputSchema = { type: "object", properties: { content: { type: "string" }, meta: { type: "object" } } };
server.setRequestHandler(ListToolsRequestSchema, () => ({
  tools: [{ name: "send", description: "Sends one event", inputSchema }],
}));
server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
  await server.notification({ method: "notifications/claude/channel", params: params.arguments });
  return { content: [{ type: "text", text: "sent" }] };
});
server.oninitialized = () => {
  if (!process.env.GREET_AT_ONCE) return;
  server.notification({ method: "notifications/claude/channel", params: { content: "too early" } });
};
await server.connect(new StdioServerTransport());
