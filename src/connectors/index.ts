// The registry: every type of source and sink, in alphabetical order, loaded only when a config uses it. The
// folder name is the `type:` in the YAML; a folder may contain a source, a sink in `sink/`, or both.

import type { SinkTypeEntry } from "../contract/sink.ts";
import type { SourceTypeEntry } from "../contract.ts";

export const connectors: readonly SourceTypeEntry[] = [
  {
    type: "command",
    summary: "Runs a program and makes an event of each output line, or of the whole output of a run.",
    load: async () => (await import("./command/index.ts")).command,
  },
  {
    type: "cron",
    summary: "Makes an event at each time of a schedule.",
    load: async () => (await import("./cron/index.ts")).cron,
  },
  {
    type: "discord",
    summary: "A Discord bot: direct messages, and the channels and threads that you name.",
    load: async () => (await import("./discord/index.ts")).discord,
  },
  {
    type: "feed",
    summary: "Reads an RSS, Atom or JSON feed again and again, and makes an event of each new entry.",
    load: async () => (await import("./feed/index.ts")).feed,
  },
  {
    type: "http",
    summary: "Receives HTTP requests, checks who sent them, and makes each one an event.",
    load: async () => (await import("./http/index.ts")).http,
  },
  {
    type: "imessage",
    summary: "The Messages app of this Mac: what people, and you yourself, write to you.",
    load: async () => (await import("./imessage/index.ts")).imessage,
  },
  {
    type: "poll",
    summary:
      "Asks an HTTP address again and again, and makes an event of each item that is new in its answer.",
    load: async () => (await import("./poll/index.ts")).poll,
  },
  {
    type: "slack",
    summary: "A Slack app over Socket Mode: direct messages, and the channels and threads that you name.",
    load: async () => (await import("./slack/index.ts")).slack,
  },
  {
    type: "sse",
    summary: "Listens to an event stream (server-sent events), or to webhooks from a webhook relay.",
    load: async () => (await import("./sse/index.ts")).sse,
  },
  {
    type: "tail",
    summary: "Follows growing files: each new line, or stack trace, becomes one event.",
    load: async () => (await import("./tail/index.ts")).tail,
  },
  {
    type: "telegram",
    summary: "A Telegram bot: messages to it become events, and Claude answers in the chat.",
    load: async () => (await import("./telegram/index.ts")).telegram,
  },
  {
    type: "watch",
    summary: "Reports when files are created, changed or removed, and empties drop folders.",
    load: async () => (await import("./watch/index.ts")).watch,
  },
  {
    type: "webchat",
    summary: "A page on this machine on which the user talks to Claude.",
    load: async () => (await import("./webchat/index.ts")).webchat,
  },
  {
    type: "websocket",
    summary: "Connects to a WebSocket and makes an event of each message.",
    load: async () => (await import("./websocket/index.ts")).websocket,
  },
];

export const sinkTypes: readonly SinkTypeEntry[] = [
  {
    type: "command",
    summary: "Runs a program without a shell and returns its output.",
    load: async () => (await import("./command/sink/index.ts")).commandSink,
  },
  {
    type: "file",
    summary: "Writes to files of one folder.",
    load: async () => (await import("./file/sink/index.ts")).fileSink,
  },
  {
    type: "http",
    summary: "Makes an HTTP request, for instance to an API.",
    load: async () => (await import("./http/sink/index.ts")).httpSink,
  },
];
