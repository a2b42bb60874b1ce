// Checks that the option schema cannot express. Pure; locations are paths in the YAML.

import type { OptionIssue } from "../../contract.ts";
import { durationIssue, requestIssues, sizeIssue } from "../../intake/request-issues.ts";
import type { WebsocketOptions } from "./options.ts";

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
