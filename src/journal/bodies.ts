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
  /** Caches what was just written at a span. */
  remember(span: LineSpan, deliveries: readonly Delivery[]): void;
  /** The cached spans are no longer valid. */
  forget(): void;
}

export function createBodies(segments: Segments): Bodies {
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
      const unknown = entries.filter(({ span }) => !recent.has(keyOf(span)));
      const known = entries.map(({ span }) => recent.get(keyOf(span)));
      const read = await lines(unknown.map(({ span }) => span));
      return entries.map(({ span, channel }, index) => {
        const line = read.get(keyOf(span));
        const all = known[index]?.deliveries ?? (line === undefined ? [] : deliveriesOf(line));
        return all.find((delivery) => delivery.channel === channel);
      });
    },
    line: async (span) => (await lines([span])).get(keyOf(span)),
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

function deliveriesOf(line: EventLine | DigestLine): readonly Delivery[] {
  return line.type === "event" ? line.deliveries : [line.delivery];
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
