// What `plan` prints: the differences by channel, then a table of events and tokens before and after.

import type {
  ChannelCounts,
  DeliveredText,
  Differences,
  EventDiff,
  SentCount,
} from "../console/try/compare-events.ts";
import { renderBlock } from "../templates/budget.ts";
import { difference } from "../testing/difference.ts";
import { concat, line, ownWords, type SafeText } from "../text.ts";
import { colors, whole } from "./colors.ts";
import { printed } from "./print.ts";

interface ComparedFiles {
  readonly file: string;
  /** A file, or the journal. */
  readonly against: string;
  /** RFC 3339; absent for events of a folder. */
  readonly since: string | undefined;
  /** As the client names it. */
  readonly server: string;
}

/** For programs. */
export function comparisonJson(found: EventDiff, { file, against, since, server }: ComparedFiles) {
  const { compared, newly, noLonger, changed, channels, stopped } = found;
  const blockOf = (text: DeliveredText) => renderBlock(text.meta, text.content, server);
  const kept = newly.first.length + noLonger.first.length + changed.first.length;
  return {
    file,
    against,
    since,
    compared,
    newly: newly.first.map((one) => ({
      event_id: one.eventId,
      channel: one.channel,
      block: blockOf(one.text),
      tokens: one.text.tokens,
    })),
    no_longer: noLonger.first.map((one) => ({
      event_id: one.eventId,
      channel: one.channel,
      block: blockOf(one.text),
      tokens: one.text.tokens,
      reason: one.reason,
    })),
    changed: changed.first.map((one) => ({
      event_id: one.eventId,
      channel: one.channel,
      before: blockOf(one.before),
      after: blockOf(one.after),
      parts: one.parts,
    })),
    counts: { newly: newly.count, no_longer: noLonger.count, changed: changed.count },
    tokens: { before: sumOf(channels, "before").tokens, after: sumOf(channels, "after").tokens },
    channels,
    left_out: newly.count + noLonger.count + changed.count - kept,
    ...(stopped === undefined ? {} : { stopped }),
  };
}

export function printComparison(
  found: EventDiff,
  { file, against, from, server }: ComparedFiles & { readonly from: string },
): SafeText {
  const { compared, newly, noLonger, changed, channels, stopped } = found;
  const texts = {
    shown: (text: DeliveredText) => renderBlock(text.meta, text.content, server).split("\n"),
    block: (text: DeliveredText) => renderBlock(text.meta, text.content, server),
  };
  const sections = [
    ...bySections(newly, "+", "newly sent", ({ text }) =>
      texts.shown(text).map((one) => whole.green(ownWords(`+ ${one}`))),
    ),
    ...bySections(noLonger, "-", "no longer sent", ({ reason }) => [line`${reason}`]),
    ...bySections(changed, "~", "different", ({ before, after, parts }) => [
      line`${parts.join(", ")}`,
      ...difference(texts.block(before), texts.block(after)).map(paintedChange),
    ]),
  ];
  const head = line`${amount(compared)} ${compared === 1 ? "event" : "events"}${from}, ${file} against ${against}`;
  const cut = stopped === undefined ? [] : [line`stopped early (${stopped}): later events were not compared`];
  const none = sections.length > 0 ? [] : [line``, line`no difference`];
  return printed(
    head,
    ...sections,
    ...none,
    ...(channels.length === 0 ? [] : [line``, ...costTable(channels)]),
    ...cut,
  );
}

interface OfChannel {
  readonly eventId: string;
  readonly channel: string;
}

/** How many events of a channel are shown. */
const shownEvents = 5;

function bySections<T extends OfChannel>(
  { byChannel, first }: Differences<T>,
  sign: "+" | "-" | "~",
  what: string,
  show: (one: T) => readonly SafeText[],
): SafeText[] {
  const paint = { "+": colors.green, "-": colors.red, "~": colors.yellow }[sign];
  return [...byChannel].flatMap(([channel, count]) => {
    const shown = first.filter((one) => one.channel === channel).slice(0, shownEvents);
    const more = count - shown.length;
    return [
      line``,
      line`${paint(`${sign} ${channel}`)}  ${what}: ${amount(count)}`,
      ...shown.flatMap((one) => indented(one.eventId, show(one))),
      ...(more > 0 ? [line`    ${colors.dim(`and ${amount(more)} more`)}`] : []),
    ];
  });
}

/** The id, then the lines beside it. */
function indented(eventId: string, shown: readonly SafeText[]): SafeText[] {
  const margin = " ".repeat(eventId.length);
  return shown.map((one, index) => concat(line`    ${index === 0 ? colors.dim(eventId) : margin}  `, one));
}

function paintedChange(change: string): SafeText {
  const shown = ownWords(change);
  if (change.startsWith("+")) return whole.green(shown);
  return change.startsWith("-") ? whole.red(shown) : shown;
}

function costTable(channels: readonly ChannelCounts[]): SafeText[] {
  const total = { channel: "total", before: sumOf(channels, "before"), after: sumOf(channels, "after") };
  const rows = [...channels.toSorted((a, b) => (a.channel < b.channel ? -1 : 1)), total];
  const named = Math.max(...rows.map(({ channel }) => channel.length), "channel".length);
  const cells = rows.map(({ before, after }) => [
    change(before.events, after.events),
    change(before.tokens, after.tokens),
  ]);
  const width = Math.max(...cells.map(([events]) => (events as string).length), "events".length);
  const last = Math.max(...cells.map(([, tokens]) => (tokens as string).length), "tokens".length);
  const row = (name: string, events: string, tokens: string) =>
    line`${name.padEnd(named)}  ${events.padStart(width)}  ${tokens.padStart(last)}`;
  return [
    whole.dim(row("channel", "events", "tokens")),
    ...rows.map(({ channel }, index) => {
      const [events = "", tokens = ""] = cells[index] ?? [];
      return row(channel, events, tokens);
    }),
  ];
}

function change(before: number, after: number): string {
  return `${amount(before)} -> ${amount(after)}`;
}

function sumOf(channels: readonly ChannelCounts[], when: "before" | "after"): SentCount {
  return channels.reduce(
    (sum, one) => ({ events: sum.events + one[when].events, tokens: sum.tokens + one[when].tokens }),
    { events: 0, tokens: 0 },
  );
}

function amount(count: number): string {
  return count.toLocaleString("en-US");
}
