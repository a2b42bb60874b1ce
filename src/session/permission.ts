// The client's permission relay on the wire (Claude Code's channels reference): the client sends every
// channel that declares the capability the question that it asks its user, and takes the first answer, from
// the user or a channel.

import type { JsonObject } from "../contract.ts";

export const permissionCapability = "claude/channel/permission";

export const permissionMethods = {
  request: "notifications/claude/channel/permission_request",
  verdict: "notifications/claude/channel/permission",
} as const;

export interface PermissionRequest {
  /** Five letters; the id that a verdict names. */
  readonly id: string;
  readonly tool: string;
  readonly description: string;
  /** Text for display in the shape of JSON; not meant for parsing. */
  readonly preview: string;
}

/** Undefined for params that are not such a request. */
export function readPermissionRequest(params: unknown): PermissionRequest | undefined {
  const { request_id, tool_name, description, input_preview } = (params ?? {}) as Partial<JsonObject>;
  if (typeof request_id !== "string" || typeof tool_name !== "string") return undefined;
  return {
    id: request_id,
    tool: tool_name,
    description: textOf(description),
    preview: textOf(input_preview),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
