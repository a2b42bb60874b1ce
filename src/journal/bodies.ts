// Reads lines back from disk: neighbouring lines in one read, and lines that were just committed from RAM,
// because dispatch nearly always needs those.

import { codeOf } from "../files/disk.ts";
import { openRegular } from "../regular-file.ts";
import { decodeLine, isWhole } from "./line-format.ts";
import type { OpenEntry } from "./open-entries.ts";
import type { Delivery, DigestLine, EventLine, Place } from "./records.ts";
import type { Segments } from "./segments.ts";

const maxRecentBytes = 8 * 1024 * 1024;
const maxReadBytes = 1024 * 1024;
/** Two lines with a smaller gap than this between them are read together. */
const maxGapBytes = 16 * 1024;

export interface Bodies {
  /** One for each entry, in their order; undefined where the body is no longer readable. */
  deliveries(entries: readonly OpenEntry[]): Promise<(Delivery | undefined)[]>;
  line(place: Place): Promise<EventLine | DigestLine | undefined>;
  /** Caches what was just written at a span. */
  remember(place: Place, deliveries: readonly Delivery[]): void;
  /** The cached spans are no longer valid. */
  forget(): void;
}

export function createBodies(segments: Segments): Bodies {
  const recent = new Map<number, { readonly deliveries: readonly Delivery[]; readonly bytes: number }>();
  let recentBytes = 0;

  /** The bytes of a run of spans in one segment, in ascending order. */
  async function readRun(run: readonly Place[]): Promise<(Buffer | undefined)[]> {
    const first = run[0] as Place;
    const last = run.at(-1) as Place;
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

  async function lines(places: readonly Place[]): Promise<Map<number, EventLine | DigestLine>> {
    const found = new Map<number, EventLine | DigestLine>();
    for (const run of runs(places)) {
      const bytes = await readRun(run);
      for (const [index, place] of run.entries()) {
        const line = bytes[index] === undefined ? undefined : decodeLine(bytes[index]);
        if (line?.type === "event" || line?.type === "digest") found.set(keyOf(place), line);
      }
    }
    return found;
  }

  return {
    async deliveries(entries) {
      const unknown = entries.filter(({ place }) => !recent.has(keyOf(place)));
      const known = entries.map(({ place }) => recent.get(keyOf(place)));
      const read = await lines(unknown.map(({ place }) => place));
      return entries.map(({ place, channel }, index) => {
        const line = read.get(keyOf(place));
        const all = known[index]?.deliveries ?? (line === undefined ? [] : deliveriesOf(line));
        return all.find((delivery) => delivery.channel === channel);
      });
    },
    line: async (place) => (await lines([place])).get(keyOf(place)),
    remember(place, deliveries) {
      recent.set(keyOf(place), { deliveries, bytes: place.length });
      recentBytes += place.length;
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
function keyOf({ segment, offset }: Place): number {
  return segment * 2 ** 32 + offset;
}

/** Groups spans that one read can fetch, each span once. */
function runs(places: readonly Place[]): Place[][] {
  const sorted = [...new Map(places.map((place) => [keyOf(place), place])).values()].sort(
    (a, b) => keyOf(a) - keyOf(b),
  );
  const found: Place[][] = [];
  for (const place of sorted) {
    const run = found.at(-1);
    const first = run?.[0];
    const last = run?.at(-1);
    const joins =
      first?.segment === place.segment &&
      last !== undefined &&
      place.offset - (last.offset + last.length) <= maxGapBytes &&
      place.offset + place.length - first.offset <= maxReadBytes;
    if (joins) run?.push(place);
    else found.push([place]);
  }
  return found;
}
