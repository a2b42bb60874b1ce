// The `websocket` source type: messages on a connection that the router opens.

import type { SourceType } from "../../contract.ts";
import { addressOf, hostReach, trustOf } from "../../intake/request-options.ts";
import { checkOptions } from "./check.ts";
import { type WebsocketOptions, websocketOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { arrivalOf, createWebsocketSource } from "./source.ts";

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
