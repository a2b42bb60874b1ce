// The registry: every type of source and sink, in alphabetical order, loaded only when a config uses it. The
// folder name is the `type:` in the YAML; a folder may contain a source, a sink in `sink/`, or both.

import type { SinkTypeEntry } from "../contract/sink.ts";
import type { SourceTypeEntry } from "../contract.ts";

export const connectors: readonly SourceTypeEntry[] = [
  { type: "command", load: async () => (await import("./command/index.ts")).command },
  { type: "cron", load: async () => (await import("./cron/index.ts")).cron },
  { type: "discord", load: async () => (await import("./discord/index.ts")).discord },
  { type: "feed", load: async () => (await import("./feed/index.ts")).feed },
  { type: "http", load: async () => (await import("./http/index.ts")).http },
  { type: "imap", load: async () => (await import("./imap/index.ts")).imap },
  { type: "imessage", load: async () => (await import("./imessage/index.ts")).imessage },
  { type: "poll", load: async () => (await import("./poll/index.ts")).poll },
  { type: "slack", load: async () => (await import("./slack/index.ts")).slack },
  { type: "sse", load: async () => (await import("./sse/index.ts")).sse },
  { type: "tail", load: async () => (await import("./tail/index.ts")).tail },
  { type: "telegram", load: async () => (await import("./telegram/index.ts")).telegram },
  { type: "watch", load: async () => (await import("./watch/index.ts")).watch },
  { type: "webchat", load: async () => (await import("./webchat/index.ts")).webchat },
  { type: "websocket", load: async () => (await import("./websocket/index.ts")).websocket },
];

export const sinkTypes: readonly SinkTypeEntry[] = [
  { type: "command", load: async () => (await import("./command/sink/index.ts")).commandSink },
  { type: "file", load: async () => (await import("./file/sink/index.ts")).fileSink },
  { type: "http", load: async () => (await import("./http/sink/index.ts")).httpSink },
];
