// The tools that every router has or may have: a sink is a tool, too, and cannot take one of their names.

/** Those that may be asked a second time for the same: they change nothing, or nothing more. */
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
