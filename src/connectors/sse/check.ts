// Checks that the option schema cannot express. Pure; locations are paths in the YAML.

import type { OptionIssue, Surroundings } from "../../contract.ts";
import { durationIssue, requestIssues, sizeIssue } from "../../intake/request-issues.ts";
import type { SseOptions } from "./options.ts";

export function checkOptions(options: SseOptions, surroundings: Surroundings): OptionIssue[] {
  return [
    ...requestIssues(options, ["https", "http"]),
    ...relayIssues(options, surroundings),
    ...durationIssue("idle", options.idleMs, [5_000, "5s"], [86_400_000, "1d"]),
    ...sizeIssue("max_message", options.maxMessageBytes),
  ];
}

function relayIssues({ relay }: SseOptions, { isTainted }: Surroundings): OptionIssue[] {
  if (relay === undefined || isTainted(["url"])) return [];
  return [
    {
      path: ["url"],
      message: "is the only secret of a relay, and is written here in plain text",
      hint: 'put it into .env beside this file, as RELAY_URL=..., and write  url: "${RELAY_URL}"',
    },
  ];
}
