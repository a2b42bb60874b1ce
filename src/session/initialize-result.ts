// This server's description of itself, and its answer to `initialize`, without loading the MCP SDK: the
// client waits for this answer while it starts. The negotiation is that of SDK 1.x; a test compares the two.
// `cachedAnswers` are for a process that has no session yet: a request that it cannot answer exactly as the session would
// is left to the session.

import type { JsonObject } from "../contract.ts";
import { isObject } from "../json.ts";
import type { SafeText } from "../text.ts";
import {
  type Answer,
  isRequest,
  type Refusal,
  type Request,
  readMessage,
  rpcErrors,
  toLine,
} from "./json-rpc.ts";
import { permissionCapability } from "./permission.ts";

export interface InitializeResult {
  readonly serverInfo: { readonly name: string; readonly version: string };
  /** Fixed for the whole conversation: a client reads them once. */
  readonly capabilities: JsonObject;
  /** Under 2,048 bytes; the client cuts longer text. */
  readonly instructions: SafeText;
}

/** What a channel server with tools declares (Claude Code's channels reference). */
export const channelCapabilities: JsonObject = {
  experimental: { "claude/channel": {} },
  tools: { listChanged: true },
};

/**
 * The same for one that relays permission prompts. Otherwise the key is omitted: before 2.1.234 a client took
 * `false` for declared.
 */
export const relayCapabilities: JsonObject = {
  ...channelCapabilities,
  experimental: { "claude/channel": {}, [permissionCapability]: {} },
};

/**
 * Newest first. 2026-07-28 is omitted on purpose: a channel server that negotiates it is not registered as a
 * channel ("that revision can't carry channel messages", Claude Code's MCP reference).
 */
export const protocolVersions = [
  "2025-11-25",
  "2025-06-18",
  "2025-03-26",
  "2024-11-05",
  "2024-10-07",
] as const;

/** The requested version when it is known, else the newest known one. */
export function negotiateVersion(requested: string): string {
  return (protocolVersions as readonly string[]).includes(requested) ? requested : protocolVersions[0];
}

export function answerInitialize(request: Request, result: InitializeResult): Answer {
  return {
    jsonrpc: "2.0",
    id: request.id,
    result: {
      protocolVersion: negotiateVersion(String(request.params?.protocolVersion)),
      capabilities: result.capabilities,
      serverInfo: { ...result.serverInfo },
      ...(result.instructions !== "" && { instructions: result.instructions }),
    },
  };
}

/** What is wrong with an `initialize`, or undefined. */
export function initializeProblem(request: Request): string | undefined {
  const params = request.params ?? {};
  if (typeof params.protocolVersion !== "string") return "params.protocolVersion must be a text";
  if (!isObject(params.capabilities)) return "params.capabilities must be an object";
  const client = params.clientInfo;
  if (!isObject(client) || typeof client.name !== "string" || typeof client.version !== "string") {
    return "params.clientInfo must have a name and a version";
  }
  return undefined;
}

/** The refusal that makes a client which probes with `server/discover` fall back to `initialize`. */
export function refuseMethod(request: Request): Refusal {
  return {
    jsonrpc: "2.0",
    id: request.id,
    error: { code: rpcErrors.methodNotFound, message: "Method not found" },
  };
}

/**
 * The answer to a line of the client, both without a line end; undefined for a line that only a session can
 * answer.
 */
export type CachedAnswers = (line: string) => string | undefined;

export function cachedAnswers(result: InitializeResult): CachedAnswers {
  return (line) => {
    const read = readMessage(line);
    if (!("message" in read) || !isRequest(read.message)) return undefined;
    const request = read.message;
    if (request.method === "server/discover") return toLine(refuseMethod(request));
    if (request.method !== "initialize" || initializeProblem(request) !== undefined) return undefined;
    return toLine(answerInitialize(request, result));
  };
}
