// Whether any event will do as an example for a channel, for the command line in `dev` and `status`. If a channel has
// conditions, or reads nested parts, only a real payload is an example: those of `tests:` are used, and none is invented.

import type { ChannelValues } from "../config/values.ts";
import type { Sample } from "../contract/event.ts";
import type { Json } from "../contract.ts";
import type { CompiledMatch } from "../filters/match.ts";
import { shellWord } from "../text/shell.ts";

/** The command that sends the payload of a test. */
export function sendSample(source: string): string {
  return `channel-router send ${shellWord(source, /^[\w.-]+$/)} --sample`;
}

const reads = /\{\{[^}]*?\b(data(?:[.[][^\s}|)]*)?|headers[.[][^\s}|)]*)/g;
const flat = /^data\.([A-Za-z_][\w-]*)$/;

/** `needed`: an invented event would be rejected, or look wrong. Undefined: any event will do. */
export function sampleOf(
  channel: ChannelValues,
  match: CompiledMatch | undefined,
): Sample | "needed" | undefined {
  if (match !== undefined || channel.when !== undefined) return "needed";
  const data: Record<string, Json> = Object.create(null);
  for (const text of [channel.content ?? "", ...Object.values(channel.meta ?? {})]) {
    for (const [, path = ""] of text.matchAll(reads)) {
      const [, key] = flat.exec(path) ?? [];
      if (key === undefined && path !== "data") return "needed";
      if (key !== undefined) data[key] = "hello";
    }
  }
  return Object.keys(data).length === 0 ? undefined : { headers: {}, data };
}
