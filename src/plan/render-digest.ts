// The text of a digest, written for a model: one line of counts, the newest few lines, ids for the `event`
// tool; or the result of `digest.content`. Always within the channel's budget.

import type { JsonObject, Rendered, View } from "../contract.ts";
import { isRouterError } from "../errors.ts";
import { keyText } from "../key-parts.ts";
import { describeReason, showSpan, showTime } from "../shaping/describe.ts";
import type { Reason, ShapingOptions } from "../shaping/options.ts";
import { blockTokens, finalContent } from "../templates/budget.ts";
import { metaValue } from "../text/neutralise.ts";
import { charactersIn } from "../text/tokens.ts";
import type { PlannedShaping } from "./shaping.ts";

export interface DigestMember {
  readonly id: string;
  readonly atMs: number;
  readonly line: string;
  /** Absent when only its line is known. */
  readonly content?: string;
  readonly meta?: Readonly<Record<string, string>>;
}

export interface DigestInput {
  readonly id: string;
  readonly channel: string;
  readonly source: string;
  readonly reason: Reason;
  readonly key: string;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly nowMs: number;
  /** Oldest first; at most `maxNewest`. */
  readonly newest: readonly DigestMember[];
  /** Attributes that its members share. */
  readonly meta: Readonly<Record<string, string>>;
  readonly thread?: string;
}

/** How many members a digest shows individually. */
export const maxNewest = 100;
const maxLines = 10;
const maxIds = 20;
const maxLine = 160;
export type DigestStyle = Pick<PlannedShaping, "options" | "content" | "inputs" | "mask">;
/** The share of the space for ids. */
const idShare = 1 / 4;

export function renderDigest(
  input: DigestInput,
  { options, content: template, inputs, mask }: DigestStyle,
): Rendered {
  const { id, channel, count, thread } = input;
  const budget = options.budget;
  let body: string | undefined;
  let failed = false;
  if (template !== undefined) {
    try {
      body = mask(template.render({ ...viewOf(input, () => usual(input, options, budget)), inputs }));
    } catch (error) {
      if (!isRouterError(error)) throw error;
      failed = true;
    }
  }
  const ours = {
    channel,
    event_id: id,
    count: String(count),
    ...(thread === undefined ? {} : { thread: metaValue(keyText(thread)) }),
    ...(input.meta.trust === undefined ? {} : { trust: input.meta.trust }),
    ...(failed ? { error: "template" } : {}),
  };
  const all = { ...ours, ...input.meta };
  // The shared attributes are useful, but less than the lines of the members.
  const meta = blockTokens(all, "") <= budget / 2 ? all : ours;
  const room = budget - blockTokens(meta, "");
  const content = finalContent(body ?? usual(input, options, room), room);
  return { eventId: id, channel, content, meta, tokens: blockTokens(meta, content) };
}

/** The first line of a text with content, or the whole text on one line (JSON). */
export function lineOf(content: string): string {
  const start = content.slice(0, 4 * maxLine).trim();
  const [first = ""] = start.split("\n", 1);
  const line = /[\p{L}\p{N}].*[\p{L}\p{N}]/u.test(first) ? first : start;
  const flat = line.replaceAll(/\s+/g, " ").trim();
  return flat.length > maxLine
    ? `${flat
        .slice(0, maxLine - 1)
        .toWellFormed()
        .replace(/\uFFFD$/, "")}…`
    : flat;
}

function usual(input: DigestInput, options: ShapingOptions, tokens: number): string {
  const { count, firstMs, lastMs, newest, reason } = input;
  const key = keyText(input.key);
  const of = key === "" ? "" : ` of ${JSON.stringify(key)}`;
  const span =
    lastMs - firstMs < 1_000
      ? `at ${showTime(lastMs)}`
      : `in ${showSpan(lastMs - firstMs)} until ${showTime(lastMs)}`;
  const why = reason === "digest" ? "" : ` (${describeReason(reason, options)})`;
  const head = `${count} events${of} ${span}${why}.`;

  let room = charactersIn(tokens) - head.length;
  const ids: string[] = [];
  let idRoom = room * idShare - 40;
  for (const { id } of newest.slice(-maxIds).reverse()) {
    idRoom -= id.length + 1;
    if (idRoom < 0) break;
    ids.push(id);
  }
  const more = count - ids.length;
  const idLine =
    ids.length === 0 ? "" : `Ids, newest first: ${ids.join(" ")}${more > 0 ? ` and ${more} more` : ""}.`;
  room -= idLine.length + 40;
  const lines: string[] = [];
  const worthTelling = newest.filter(({ line }) => line !== "");
  for (const { line } of worthTelling.slice(-maxLines).reverse()) {
    room -= line.length + 3;
    if (room < 0) break;
    lines.unshift(`- ${line}`);
  }
  const title = lines.length === count ? [] : [lines.length === 0 ? "" : `The newest ${lines.length}:`];
  return [head, ...title, ...lines, idLine].filter((line) => line !== "").join("\n");
}

function viewOf(input: DigestInput, text: () => string): View {
  const { id, source, count, firstMs, lastMs, nowMs, newest, reason } = input;
  const time = (ms: number) => new Date(ms).toISOString();
  const events = newest.map(
    ({ id, atMs, line, content = line, meta = {} }): JsonObject => ({
      id,
      time: time(atMs),
      line,
      content,
      meta: { ...meta },
    }),
  );
  const data: JsonObject = {
    count,
    key: keyText(input.key),
    first: time(firstMs),
    last: time(lastMs),
    reason,
    events,
  };
  return { data, text: text(), id, source, connector: "digest", time: time(nowMs), inputs: {}, vars: {} };
}
