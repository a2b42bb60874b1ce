// The `event` tool: the payload behind a block, whole or in part, at most 2,000 tokens a call. A block costs
// only a few tokens because this is one call away.

import type { RouterEvent, Tool } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import { cut } from "../../text/clip.ts";
import { quotable, quote, unifyLineEnds } from "../../text/quote.ts";
import { charactersIn } from "../../text/tokens.ts";
import { line, lines, type SafeText, safeLine } from "../../text.ts";
import { eventId, noSuchEvent } from "./ack.ts";
import { type Part, partsOf, readPart, textOf } from "./payload-part.ts";

export interface EventPort {
  /** The event as it was accepted; undefined when no stored event has this id. */
  read(eventId: string): Promise<RouterEvent | undefined>;
}

/** 2,000 tokens, less the lines that may be added to every result. */
const maxLength = charactersIn(2_000) - 220;
const maxPartsLength = 1_200;

export function eventTool(port: EventPort): Tool {
  return {
    name: "event",
    description: line`The payload behind an event, or the part at a path (data.a.b[0], headers.x). Long ones continue at offset.`,
    input: {
      type: "object",
      properties: {
        event_id: eventId,
        path: { type: "string", minLength: 1, maxLength: 500 },
        offset: { type: "integer", minimum: 0 },
      },
      required: ["event_id"],
      additionalProperties: false,
    },
    readOnly: true,
    async call(input) {
      const { event_id, path, offset = 0 } = input as { event_id: string; path?: string; offset?: number };
      const event = await port.read(event_id);
      if (event === undefined) throw noSuchEvent([event_id]);
      return describePart(event, path, offset);
    },
  };
}

function describePart(event: RouterEvent, path: string | undefined, offset: number): SafeText {
  const value = path === undefined ? event.data : readPart(event, path);
  if (value === undefined) throw noSuchPart(event, path as string);
  const whole = unifyLineEnds(textOf(value));
  const name = path ?? "data";
  if (offset > 0 && offset >= whole.length) {
    throw new UsageError(
      "E_TOOL_INPUT",
      `offset ${offset} is beyond the end: ${name} has ${whole.length} characters`,
    );
  }

  const origin = line`${event.id} from ${event.source} (${event.connector}) at ${new Date(event.timeMs).toISOString()}`;
  const isWhole = offset === 0 && quotable(whole, 0, maxLength - 200) === whole.length;
  const parts = [
    ...(path === undefined ? partsOf(event).filter(({ path: root }) => root !== "data") : []),
    ...(isWhole || offset > 0 ? [] : partsOf(event, name)),
  ];
  const head = [
    ...(offset === 0 ? [origin] : []),
    ...(offset > 0 || parts.length === 0 ? [] : [line`parts (tokens): ${listParts(parts)}`]),
  ];
  const room = maxLength - lines(head).length - name.length - 80;
  const end = quotable(whole, offset, room);
  const range = end - offset === whole.length ? "whole" : `characters ${offset} to ${end} of ${whole.length}`;
  const next = end < whole.length ? `; continue with offset ${end}` : "";
  return lines([...head, line`${name}, ${range}${next}:`, quote(whole.slice(offset, end))]);
}

function listParts(parts: readonly Part[]): string {
  let list = "";
  for (const [index, { path, tokens }] of parts.entries()) {
    const entry = `${index === 0 ? "" : ", "}${cut(safeLine(path), 120)} (~${tokens})`;
    if (list.length + entry.length > maxPartsLength) return `${list} and ${parts.length - index} more`;
    list += entry;
  }
  return list;
}

function noSuchPart(event: RouterEvent, path: string): UsageError {
  const parent = path.replace(/(\.[^.[\]]*|\[[^\]]*\])$/, "");
  const near = parent === path ? [] : partsOf(event, parent);
  const parts = near.length > 0 ? near : [...partsOf(event), ...partsOf(event, "data")];
  return new UsageError("E_TOOL_INPUT", `the event has nothing at ${cut(safeLine(path), 120)}`, {
    hint: `parts (tokens): ${listParts(parts)}`,
  });
}
