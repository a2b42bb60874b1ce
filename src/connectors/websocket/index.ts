// The `websocket` source type: messages on a connection that the router opens.

import type { OptionIssue, SourceType } from "../../contract.ts";
import { durationIssue, requestIssues, sizeIssue } from "../../intake/request-issues.ts";
import { addressOf, hostReach, trustOf } from "../../intake/request-options.ts";
import { type WebsocketOptions, websocketOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { arrivalOf, createWebsocketSource } from "./source.ts";

export function checkOptions(options: WebsocketOptions): OptionIssue[] {
  return [
    ...requestIssues(options, ["wss", "ws"]),
    ...(options.protocols ?? []).flatMap(protocolIssue),
    ...durationIssue("idle", options.idleMs, [5_000, "5s"], [86_400_000, "1d"]),
    ...sizeIssue("max_message", options.maxMessageBytes),
  ];
}

function protocolIssue(protocol: string, index: number): OptionIssue[] {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(protocol)) return [];
  return [
    {
      path: ["protocols", index],
      message: "is not the name of a subprotocol",
      hint: "one name per entry, without spaces or commas, for example  graphql-transport-ws",
    },
  ];
}

export const websocket: SourceType<WebsocketOptions> = {
  type: "websocket",
  summary: "Connects to a WebSocket and makes an event of each message.",
  options: websocketOptions,
  validate,
  meta: {},
  check: checkOptions,
  trust: ({ url }) => trustOf(url),
  reaches: hostReach,
  storeKey: ({ url }) => addressOf(url),
  sampleArrival: (options, payload) => arrivalOf(payload, options.url),
  create: createWebsocketSource,
};
