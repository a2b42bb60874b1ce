// The tools that every router has or may have: a sink is also a tool, and cannot use one of their names.

/** Idempotent tools: a repeated call changes nothing, or nothing more. */
export const repeatableTools: readonly string[] = [
  "ack",
  "download_attachment",
  "event",
  "fetch_messages",
  "pending",
  "silence",
  "status",
];

export const builtInTools: readonly string[] = [
  ...repeatableTools,
  "edit_message",
  "react",
  "reply",
  "send_message",
];
