// A Claude Code session as a channel server meets it, for tests: same first messages, same environment, same silence when
// an event is not wanted, same signals at the end. Knows nothing of the server under test but its stdin and stdout.
//
//   const claude = await spawnClaude({ command: "node", args: ["server.js"] });
//   const event = await claude.nextEvent();
//   await claude.stop();

import type { Readable, Writable } from "node:stream";
import { type ChannelEvent, createInbox, type Inbox } from "./claude-channel.ts";
import { type ServerCommand, type ServerProcess, startServer } from "./claude-process.ts";
import { openWire, type Params, RpcError, type Wire } from "./claude-wire.ts";

export type { ChannelEvent } from "./claude-channel.ts";
export type { Exit, ServerCommand, ServerProcess } from "./claude-process.ts";
export { RpcError } from "./claude-wire.ts";

export interface FormAnswer {
  readonly action: "accept" | "decline" | "cancel";
  readonly content?: Params;
}

export interface ClaudeOptions {
  /** As the client's config names the server; the `source` of each block. Default "router". */
  readonly serverName?: string;
  /** From `notifications/initialized` until the channel handler exists; 60 to 1,500 ms on a real client. Default 60; 0 loses nothing. */
  readonly bootWindowMs?: number;
  /** False: the session was started without this channel. Default true. */
  readonly listening?: boolean;
  /** For the handshake, requests and waits. Default 10,000. */
  readonly timeoutMs?: number;
  /** What the person answers to a form. Default: declines. */
  answerForm?(params: Params): FormAnswer | Promise<FormAnswer>;
  /** False: a client that cannot show forms. Default true. */
  readonly forms?: boolean;
  /** Default: the project folder, if there is one. */
  readonly roots?: readonly { uri: string; name: string }[];
}

export interface ListedTool {
  readonly name: string;
  readonly description?: string;
  readonly inputSchema: Params;
  readonly annotations?: Params;
  readonly _meta?: Params;
}

export interface ToolResult {
  /** The text blocks, joined by line ends. */
  readonly text: string;
  readonly isError: boolean;
  readonly raw: Params;
}

export interface Claude extends Pick<Inbox, "events" | "lost" | "ignored" | "rejected"> {
  /** What the server answered to `initialize`. */
  readonly server: {
    readonly protocolVersion: string;
    readonly name: string;
    readonly version: string;
    readonly capabilities: Params;
    readonly instructions: string | undefined;
  };
  /** As last listed; listed again when the server says that they changed. */
  readonly tools: readonly ListedTool[];
  /** Other notifications of the server. */
  readonly notices: readonly { readonly method: string; readonly params: Params }[];
  readonly wire: Wire;
  /** The first event that no earlier call has returned. */
  nextEvent(timeoutMs?: number): Promise<ChannelEvent>;
  /** All events, once there are `count`. */
  waitForEvents(count: number, timeoutMs?: number): Promise<readonly ChannelEvent[]>;
  callTool(name: string, args?: Params): Promise<ToolResult>;
  /** Any request; rejects with an RpcError that has the server's code. */
  request(method: string, params?: Params): Promise<Params>;
  /** Stops reading the server's stdout. */
  pauseReading(): void;
  resumeReading(): void;
  /** Ends the server's stdin, as a client does that quits in order. */
  closeStdin(): void;
  /** Throws when the server wrote anything that is not a message of the protocol. */
  assertCleanWire(): void;
}

export interface SpawnedClaude extends Claude {
  readonly process: ServerProcess;
  /** Ends the server with Claude Code's signals and asserts a clean wire. Idempotent. */
  stop(): ReturnType<ServerProcess["interrupt"]>;
}

/** The capabilities that Claude Code 2.1.330 declares. */
export const claudeCapabilities: Params = { elicitation: { form: {} }, roots: {} };
export const claudeInfo: Params = { name: "claude-code", version: "2.1.330" };
export const claudeProtocolVersion = "2025-11-25";

/** Starts the server and settles when it has greeted the client and listed its tools. */
export async function spawnClaude(
  command: ServerCommand,
  options: ClaudeOptions = {},
): Promise<SpawnedClaude> {
  const child = startServer(command);
  const project = command.project ?? process.cwd();
  const roots = [{ uri: `file://${project}`, name: project.split("/").at(-1) ?? project }];
  try {
    const claude = await connectClaude(child.stdin, child.stdout, { roots, ...options });
    return {
      ...claude,
      get tools() {
        return claude.tools;
      },
      process: child,
      async stop() {
        const exit = await child.interrupt();
        claude.assertCleanWire();
        return exit;
      },
    };
  } catch (error) {
    await child.interrupt();
    throw new Error(`the handshake failed: ${(error as Error).message}\n${child.stderr()}`, { cause: error });
  }
}

/** The same over any pair of streams. Settles when the server has greeted the client and listed its tools. */
export async function connectClaude(
  toServer: Writable,
  fromServer: Readable,
  options: ClaudeOptions = {},
): Promise<Claude> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const notices: { method: string; params: Params }[] = [];
  let tools: ListedTool[] = [];
  let isChannel = false;

  const inbox = createInbox(options.serverName ?? "router", () => {
    if (options.listening === false) return "server not in --channels list for this session";
    return isChannel ? undefined : "server did not declare claude/channel";
  });
  const wire = openWire({
    toServer,
    fromServer,
    timeoutMs,
    onNotification(method, params) {
      if (method === "notifications/claude/channel") {
        inbox.receive(params);
        return;
      }
      notices.push({ method, params });
      // A failed listing keeps the old one, as on a real client.
      if (method === "notifications/tools/list_changed") list().catch(() => undefined);
    },
    onRequest(method, params) {
      if (method === "ping") return {};
      if (method === "roots/list") return { roots: options.roots ?? [] };
      if (method === "elicitation/create") return options.answerForm?.(params) ?? { action: "decline" };
      throw new Error("method not found");
    },
  });

  async function list(): Promise<void> {
    tools = (await wire.request("tools/list")).tools as ListedTool[];
  }

  await probe(wire);
  const greeting = await wire.request("initialize", {
    protocolVersion: claudeProtocolVersion,
    capabilities: options.forms === false ? { roots: {} } : claudeCapabilities,
    clientInfo: claudeInfo,
  });
  const capabilities = greeting.capabilities as Params;
  isChannel = (capabilities.experimental as Params | undefined)?.["claude/channel"] !== undefined;
  wire.allowServerCalls();
  let listed: Promise<void> | undefined;
  wire.together(() => {
    wire.notify("notifications/initialized");
    if (capabilities.tools !== undefined) listed = list();
  });
  const bootWindowMs = options.bootWindowMs ?? 60;
  if (bootWindowMs === 0) inbox.open();
  // Does not keep a test process alive.
  else setTimeout(inbox.open, bootWindowMs).unref();
  await listed;

  const info = greeting.serverInfo as { name: string; version: string };
  return {
    ...inbox,
    server: {
      protocolVersion: greeting.protocolVersion as string,
      name: info.name,
      version: info.version,
      capabilities,
      instructions: greeting.instructions as string | undefined,
    },
    get tools() {
      return tools;
    },
    notices,
    wire,
    nextEvent: (ms = timeoutMs) => inbox.next(ms),
    waitForEvents: (count, ms = timeoutMs) => inbox.waitFor(count, ms),
    request: (method, params) => wire.request(method, params),
    async callTool(name, args = {}) {
      const raw = await wire.request("tools/call", { name, arguments: args });
      const blocks = raw.content as { type: string; text?: string }[];
      const texts = blocks.filter((block) => block.type === "text").map((block) => block.text);
      return { text: texts.join("\n"), isError: raw.isError === true, raw };
    },
    pauseReading: wire.pause,
    resumeReading: wire.resume,
    closeStdin: () => void toServer.end(),
    assertCleanWire() {
      if (wire.violations.length === 0) return;
      throw new Error(`the server broke the protocol:\n${wire.violations.join("\n")}`);
    },
  };
}

/** A server that accepts the newer revision would not be registered as a channel. */
async function probe(wire: Wire): Promise<void> {
  const params = {
    _meta: {
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
      "io.modelcontextprotocol/clientInfo": claudeInfo,
      "io.modelcontextprotocol/clientCapabilities": claudeCapabilities,
    },
  };
  try {
    await wire.request("server/discover", params, "server-discover-probe-1");
  } catch (error) {
    if (error instanceof RpcError && error.code === -32601) return;
    throw error;
  }
  throw new Error("the server took MCP 2026-07-28, which cannot carry channel messages");
}
