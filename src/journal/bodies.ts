// Reads lines back from disk: neighbouring lines in one read, and lines that were just committed from RAM,
// because dispatch nearly always needs those.

import { codeOf } from "../files/disk.ts";
import { openRegular } from "../regular-file.ts";
import { decodeLine, isWhole } from "./line-format.ts";
import type { OpenEntry } from "./open-entries.ts";
import type { Delivery, DigestLine, EventLine, LineSpan } from "./records.ts";
import type { Segments } from "./segments.ts";

const maxRecentBytes = 8 * 1024 * 1024;
const maxReadBytes = 1024 * 1024;
/** Two lines with a smaller gap than this between them are read together. */
const maxGapBytes = 16 * 1024;

export interface Bodies {
  /** One for each entry, in their order; undefined where the body is no longer readable. */
  deliveries(entries: readonly OpenEntry[]): Promise<(Delivery | undefined)[]>;
  line(span: LineSpan): Promise<EventLine | DigestLine | undefined>;
  /** One for each span, in their order. */
  lines(spans: readonly LineSpan[]): Promise<(EventLine | DigestLine | undefined)[]>;
  /** Caches what was just written at a span. */
  remember(span: LineSpan, deliveries: readonly Delivery[]): void;
  /** The cached spans are no longer valid. */
  forget(): void;
}

/** `spanOf`: where the line of an entry is now; undefined when it is not open. */
export function createBodies(
  segments: Segments,
  spanOf: (id: string, channel: string) => LineSpan | undefined,
): Bodies {
  const recent = new Map<number, { readonly deliveries: readonly Delivery[]; readonly bytes: number }>();
  let recentBytes = 0;

  /** The bytes of a run of spans in one segment, in ascending order. */
  async function readRun(run: readonly LineSpan[]): Promise<(Buffer | undefined)[]> {
    const first = run[0] as LineSpan;
    const last = run.at(-1) as LineSpan;
    try {
      const path = segments.get(first.segment)?.path;
      if (path === undefined) return run.map(() => undefined);
      const buffer = Buffer.allocUnsafe(last.offset + last.length - first.offset);
      const file = await openRegular(path);
      const { bytesRead } = await file
        .read(buffer, 0, buffer.length, first.offset)
        .finally(() => file.close());
      return run.map(({ offset, length }) => {
        const bytes = buffer.subarray(offset - first.offset, offset - first.offset + length);
        return offset - first.offset + length <= bytesRead && isWhole(bytes) ? bytes : undefined;
      });
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      return run.map(() => undefined); // The caller reports file system errors: the body is not available.
    }
  }

  async function lines(spans: readonly LineSpan[]): Promise<Map<number, EventLine | DigestLine>> {
    const found = new Map<number, EventLine | DigestLine>();
    for (const run of runs(spans)) {
      const bytes = await readRun(run);
      for (const [index, span] of run.entries()) {
        const line = bytes[index] === undefined ? undefined : decodeLine(bytes[index]);
        if (line?.type === "event" || line?.type === "digest") found.set(keyOf(span), line);
      }
    }
    return found;
  }

  return {
    async deliveries(entries) {
      const known = entries.map(({ span }) => recent.get(keyOf(span))?.deliveries);
      const read = await lines(entries.filter((_, at) => known[at] === undefined).map(({ span }) => span));
      const found = entries.map(({ span }, at) => known[at] ?? deliveriesOf(read.get(keyOf(span))));
      // A segment that was emptied meanwhile may be gone: what waited there is in a later one.
      const spans = entries.map(({ id, channel }, at) => (found[at] ? undefined : spanOf(id, channel)));
      const moved = await lines(spans.filter((span) => span !== undefined));
      return entries.map(({ channel }, at) => {
        const span = spans[at];
        const all = found[at] ?? (span === undefined ? undefined : deliveriesOf(moved.get(keyOf(span))));
        return all?.find((delivery) => delivery.channel === channel);
      });
    },
    line: async (span) => (await lines([span])).get(keyOf(span)),
    async lines(spans) {
      const found = await lines(spans);
      return spans.map((span) => found.get(keyOf(span)));
    },
    remember(span, deliveries) {
      recent.set(keyOf(span), { deliveries, bytes: span.length });
      recentBytes += span.length;
      for (const [key, { bytes }] of recent) {
        if (recentBytes <= maxRecentBytes) break;
        recent.delete(key);
        recentBytes -= bytes;
      }
    },
    forget() {
      recent.clear();
      recentBytes = 0;
    },
  };
}

function deliveriesOf(line: EventLine | DigestLine | undefined): readonly Delivery[] | undefined {
  return line?.type === "digest" ? [line.delivery] : line?.deliveries;
}

/** Segment numbers stay far below 2^20, offsets below 2^32. */
function keyOf({ segment, offset }: LineSpan): number {
  return segment * 2 ** 32 + offset;
}

/** Groups spans that one read can fetch, each span once. */
function runs(spans: readonly LineSpan[]): LineSpan[][] {
  const sorted = [...new Map(spans.map((span) => [keyOf(span), span])).values()].sort(
    (a, b) => keyOf(a) - keyOf(b),
  );
  const found: LineSpan[][] = [];
  for (const span of sorted) {
    const run = found.at(-1);
    const first = run?.[0];
    const last = run?.at(-1);
    const joins =
      first?.segment === span.segment &&
      last !== undefined &&
      span.offset - (last.offset + last.length) <= maxGapBytes &&
      span.offset + span.length - first.offset <= maxReadBytes;
    if (joins) run?.push(span);
    else found.push([span]);
  }
  return found;
}
