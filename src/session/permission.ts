// The client's permission relay on the wire (Claude Code's channels reference): it tells every channel that declares the
// capability what it asks the person at the terminal, and takes the first answer, theirs or a channel's.

import type { JsonObject } from "../contract.ts";

export const permissionCapability = "claude/channel/permission";

export const permissionMethods = {
  request: "notifications/claude/channel/permission_request",
  verdict: "notifications/claude/channel/permission",
} as const;

export interface PermissionRequest {
  /** Five letters; what a verdict names. */
  readonly id: string;
  readonly tool: string;
  readonly description: string;
  /** Text for display in the shape of JSON; not to be parsed. */
  readonly preview: string;
}

/** Undefined for what is no such request. */
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
