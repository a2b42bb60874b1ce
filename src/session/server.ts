// The MCP SDK's server over the handshake's transport, for everything after `initialize`. The only file that
// loads the SDK; import it lazily. Channel events do not pass through here: the session writes them itself.

import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CallToolRequestSchema,
  ListToolsRequestSchema,
  type ServerCapabilities,
} from "@modelcontextprotocol/sdk/types.js";
import type { JsonObject, Log, Tool } from "../contract.ts";
import { wrapLines } from "../text/clip.ts";
import { line, type SafeLine } from "../text.ts";
import { type Elicitation, type ElicitationResult, formValidator } from "./elicitation.ts";
import type { InitializeResult } from "./initialize-result.ts";
import { type PermissionRequest, permissionMethods, readPermissionRequest } from "./permission.ts";
import { callTool, listTools, type Neutralise } from "./tool-calls.ts";
import { watchResults } from "./written-results.ts";

export interface ToolServer {
  /** Notifies the client when the list that it last saw is outdated. */
  setTools(tools: readonly Tool[]): void;
  /** See `OpenSession.ask`. */
  elicit(elicitation: Elicitation, signal: AbortSignal): Promise<ElicitationResult>;
  /** See `OpenSession.decide`. */
  decide(requestId: string, behavior: "allow" | "deny"): Promise<void>;
  /** Aborts calls in progress; writes nothing more. */
  close(): Promise<void>;
}

export interface ToolServerOptions {
  readonly transport: Transport;
  readonly initializeResult: InitializeResult;
  readonly tools: readonly Tool[];
  readonly neutralise: Neutralise;
  /** See `CallContext.waiting`. */
  readonly waiting: () => number;
  /** See `CallContext.reminder`. */
  readonly reminder: () => SafeLine | undefined;
  /** See `SessionOptions.onPermissionRequest`. */
  readonly onPermissionRequest?: ((request: PermissionRequest) => void) | undefined;
  readonly log: Log;
}

/** The user may be away; the SDK would give up after a minute. Within the range of a timer. */
const askWithinMs = 7 * 24 * 60 * 60 * 1_000;
/** Claude Code cuts a line of a form at the edge of the terminal: what is beyond it would be decided unseen. */
const formWidth = 76;

export async function connectToolServer(options: ToolServerOptions): Promise<ToolServer> {
  const { initializeResult, log, neutralise, waiting, reminder } = options;
  let tools = options.tools;
  /** The list as the client last got it; undefined if it never asked. */
  let listed: string | undefined;

  const server = new Server(
    { ...initializeResult.serverInfo },
    {
      capabilities: initializeResult.capabilities as ServerCapabilities,
      instructions: initializeResult.instructions,
      jsonSchemaValidator: formValidator,
    },
  );
  server.onerror = (error) => log.warn(line`MCP: ${firstLine(error.message)}`);
  server.setRequestHandler(ListToolsRequestSchema, () => {
    const list = listTools(tools, neutralise);
    listed = JSON.stringify(list);
    return { tools: list };
  });
  server.fallbackNotificationHandler = async ({ method, params }) => {
    const request = method === permissionMethods.request ? readPermissionRequest(params) : undefined;
    if (request !== undefined) options.onPermissionRequest?.(request);
  };
  const results = watchResults(options.transport, log);
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { requestId, signal }) => {
    const cancelled = results.cancelled(requestId);
    const context = { tools, neutralise, waiting, reminder, log, cancelled };
    const { result, afterWritten } = await callTool(
      params.name,
      (params.arguments ?? {}) as JsonObject,
      context,
    ).finally(() => results.forget(requestId));
    if (afterWritten !== undefined) results.expect(requestId, signal, afterWritten);
    return result;
  });
  await server.connect(results.transport);

  return {
    setTools(next) {
      tools = next;
      if (listed === undefined || listed === JSON.stringify(listTools(next, neutralise))) return;
      listed = undefined;
      server.sendToolListChanged().catch((error) => log.warn(line`MCP: ${firstLine(String(error))}`));
    },
    async elicit({ message, fields }, signal) {
      const properties = Object.fromEntries(
        Object.entries(fields).map(([name, { choices, ...words }]) => [
          name,
          { type: "string" as const, ...words, enum: [...choices] },
        ]),
      );
      const { action, content } = await server.elicitInput(
        {
          message: wrapLines(message, formWidth),
          requestedSchema: { type: "object", properties, required: Object.keys(fields) },
        },
        { signal, timeout: askWithinMs },
      );
      return action === "accept" ? { action, values: (content ?? {}) as JsonObject } : { action };
    },
    async decide(requestId, behavior) {
      // A method of the client, which the SDK's types do not know.
      const params = { request_id: requestId, behavior };
      await server.notification({ method: permissionMethods.verdict, params } as never);
    },
    close: () => server.close(),
  };
}

/** Bounded: the SDK quotes whole messages of the client. */
function firstLine(text: string): string {
  return text.split("\n", 1)[0]!.slice(0, 200);
}
