// Finds stored events by id, including those that ended long ago. There is no index for this: id ranges show
// which segments to search, and searching for bytes is fast.

import type { RouterEvent } from "../contract.ts";
import { isMissing } from "../files/disk.ts";
import { DeliveryMarks } from "./delivery-marks.ts";
import { decodeLine, lineStart, restoreEvent } from "./line-format.ts";
import { findLines } from "./line-reader.ts";
import type { DigestLine, EventLine, Line } from "./records.ts";
import { mayHold, type Segment, type Segments } from "./segments.ts";

/** An event as it was accepted, or a digest, with what was made of it. */
export type KeptRecord = (Omit<EventLine, "event"> & { readonly event: RouterEvent }) | DigestLine;

export function toKept(line: EventLine | DigestLine): KeptRecord {
  const original = asAccepted(line);
  return original.type === "event" ? { ...original, event: restoreEvent(original.event) } : original;
}

/** The line that this one repeats, which may be gone. */
function asAccepted(line: EventLine | DigestLine): EventLine | DigestLine {
  const { moved, ...rest } = line;
  return moved === undefined ? line : { ...rest, timeMs: moved.acceptedMs };
}

export function idOf(line: EventLine | DigestLine): string {
  return line.type === "event" ? line.event.id : line.id;
}

/** The latest line that accepted this event. */
export async function findEvent(
  segments: Segments,
  id: string,
): Promise<{ line: EventLine | DigestLine; segment: Segment } | undefined> {
  for (const segment of segments.all().reverse()) {
    if (!mayHold(segment, id)) continue;
    const lines = await linesAbout(segment, id);
    const line = lines.findLast((one) => isAcceptance(one) && idOf(one) === id);
    if (line !== undefined) return { line: line as EventLine | DigestLine, segment };
  }
  return undefined;
}

/**
 * Every line about this event, in order: its acceptance, its states, the digest that folded it, the calls
 * that answered it.
 */
export async function findHistory(segments: Segments, id: string): Promise<Line[]> {
  const all = segments.all();
  const first = all.findIndex((segment) => mayHold(segment, id));
  if (first === -1) return [];
  const found: Line[] = [];
  for (const segment of all.slice(first)) found.push(...(await linesAbout(segment, id)));
  const seen = new Set<string>();
  return found.flatMap((line): Line[] => {
    if (!isAcceptance(line)) return [line];
    const isRepeated = line.moved !== undefined && seen.has(idOf(line));
    seen.add(idOf(line));
    return isRepeated ? [] : [asAccepted(line)];
  });
}

/** The latest events and digests, newest first. */
export async function findRecent(segments: Segments, limit: number): Promise<KeptRecord[]> {
  const found: KeptRecord[] = [];
  const again = new Map<string, KeptRecord>();
  for (const segment of segments.all().reverse()) {
    if (found.length >= limit) break;
    if (segment.firstId === undefined) continue;
    const { fresh, moved } = await latestIn(segment, limit);
    found.push(...fresh.map(toKept));
    for (const line of moved) if (!again.has(idOf(line))) again.set(idOf(line), toKept(line));
  }
  for (const record of found) again.delete("event" in record ? record.event.id : record.id);
  for (const record of again.values()) {
    const older = found.findIndex(({ timeMs }) => timeMs < record.timeMs);
    found.splice(older === -1 ? found.length : older, 0, record);
  }
  return found.slice(0, limit);
}

/** The last acceptances in a segment, at most `limit` of each kind, newest first; and those that were moved there. */
async function latestIn(
  segment: Segment,
  limit: number,
): Promise<Record<"fresh" | "moved", (EventLine | DigestLine)[]>> {
  // Copies only the last few, so that a segment of small events does not fill RAM.
  const latest: { readonly bytes: Buffer; readonly offset: number }[] = [];
  for (const kind of ["event", "digest"]) {
    const some = { fresh: [] as typeof latest, moved: [] as typeof latest };
    await find(segment, `${lineStart}${kind}"`, (bytes, offset) => {
      // A payload may contain the same bytes: the decoded lines are sorted again below.
      const of = bytes.includes(movedField) ? some.moved : some.fresh;
      of.push({ bytes: Buffer.from(bytes), offset });
      if (of.length > limit) of.shift();
    });
    latest.push(...some.fresh, ...some.moved);
  }
  const lines = latest
    .sort((a, b) => b.offset - a.offset)
    .flatMap(({ bytes }) => decodeLine(bytes) ?? [])
    .filter(isAcceptance);
  return {
    fresh: lines.filter((line) => line.moved === undefined),
    moved: lines.filter((line) => line.moved !== undefined),
  };
}

/** How far these events got, by the stored lines about them and about the digests that folded them. */
export async function findMarks(segments: Segments, ids: readonly string[]): Promise<DeliveryMarks> {
  const marks = new DeliveryMarks();
  const all = segments.all();
  const first = all.findIndex((segment) => ids.some((id) => mayHold(segment, id)));
  const wanted = new Set(ids);
  for (const segment of first === -1 ? [] : all.slice(first)) {
    // A digest is committed before anything happens to it.
    await find(segment, `${lineStart}digest"`, (bytes) => {
      const line = decodeLine(bytes);
      if (line?.type !== "digest") return;
      if (!wanted.has(line.id) && !line.members.some(({ id }) => wanted.has(id))) return;
      wanted.add(line.id);
      marks.add(line);
    });
    await find(segment, `${lineStart}event"`, (bytes) => {
      const line = mayName(bytes, wanted) && bytes.includes(movedField) ? decodeLine(bytes) : undefined;
      if (line?.type === "event" && wanted.has(line.event.id)) marks.add(line);
    });
    for (const kind of ["state", "call", "proof"] as const)
      await find(segment, `${lineStart}${kind}"`, (bytes) => {
        const line = mayName(bytes, wanted) ? decodeLine(bytes) : undefined;
        if (line?.type === kind && line.id !== undefined && wanted.has(line.id)) marks.add(line);
      });
  }
  return marks;
}

/** In lines that were written again, which have the marks of what waits in them. A payload may contain it too. */
const movedField = ',"moved":{';
const idField = '"id":"';
/** The id is near the start of such a line. */
const idWithin = 100;

/** False when the line is about another event: decoding all lines of a large journal is slow. */
function mayName(bytes: Buffer, ids: ReadonlySet<string>): boolean {
  const start = bytes.subarray(0, idWithin).indexOf(idField);
  if (start === -1) return true;
  const from = start + idField.length;
  return ids.has(bytes.toString("latin1", from, bytes.indexOf(0x22, from)));
}

async function linesAbout(segment: Segment, id: string): Promise<Line[]> {
  const found: Line[] = [];
  await find(segment, `"id":${JSON.stringify(id)}`, (bytes) => {
    const line = decodeLine(bytes);
    if (line !== undefined && isAbout(line, id)) found.push(line);
  });
  return found;
}

async function find(
  segment: Segment,
  needle: string,
  found: (bytes: Buffer, offset: number) => void,
): Promise<void> {
  try {
    await findLines(segment.path, needle, found, segment.bytes);
  } catch (error) {
    // Retention, or the user, deleted the file meanwhile: then it holds nothing.
    if (!isMissing(error)) throw error;
  }
}

/** A payload may contain the same bytes as one of our fields. */
function isAbout(line: Line, id: string): boolean {
  if (line.type === "event") return line.event.id === id;
  if (line.type === "state" || line.type === "call" || line.type === "proof") return line.id === id;
  return line.type === "digest" && (line.id === id || line.members.some((member) => member.id === id));
}

function isAcceptance(line: Line): line is EventLine | DigestLine {
  return line.type === "event" || line.type === "digest";
}
