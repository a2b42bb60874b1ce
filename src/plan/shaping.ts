// The flow control of a channel: compiled when the config is loaded, and evaluated for each event at
// admission.

import type { ChannelValues, IssueDraft } from "../config/values.ts";
import type { JsonObject, Memory, MemoryWrite, Template, TraceStep, View } from "../contract.ts";
import { showDuration } from "../dates.ts";
import { memoryScope } from "../filters/canonical.ts";
import { type KeyReader, maxKeysPerScope, memoryKey } from "../filters/memory-key.ts";
import { keyText } from "../key-parts.ts";
import { showTime } from "../shaping/describe.ts";
import type { ShapingOptions, StoredShaping } from "../shaping/options.ts";
import { longestQuietMs, readWindow, zoneProblem } from "../shaping/quiet.ts";
import { countThrottle, type ThrottleParts, type ThrottleResult } from "../shaping/throttle.ts";

export interface PlannedShaping {
  readonly options: ShapingOptions;
  readonly throttle: (ThrottleParts & { readonly by: KeyReader | undefined }) | undefined;
  /** Without `by`, all events of the channel share one. */
  readonly digestBy: KeyReader | undefined;
  readonly supersede: KeyReader | undefined;
  readonly thread: KeyReader | undefined;
  /** Of a digest's text; absent: counts, newest lines, ids. */
  readonly content: Template | undefined;
  readonly inputs: JsonObject;
  /** Hides secrets in what is sent. */
  mask(text: string): string;
}

interface Context {
  /** Tokens of one event. */
  readonly budget: number;
  readonly issues: IssueDraft[];
  mask(text: string): string;
  key(path: readonly (string | number)[], text: string): KeyReader | undefined;
  template(path: readonly (string | number)[], text: string): Template | undefined;
}

const machineZone = new Intl.DateTimeFormat().resolvedOptions().timeZone;
const usualWaitMs = 30_000;

export function compileShaping(
  name: string,
  values: ChannelValues,
  { budget, issues, mask, key, template }: Context,
): PlannedShaping {
  const at = ["channels", name];
  const { throttle, digest, supersede, thread, budget: own } = values;
  const keyOf = (path: readonly (string | number)[], text: string | undefined) =>
    text === undefined ? undefined : key([...at, ...path], text);
  const by = keyOf(["throttle", "by"], throttle?.by);
  const supersedeKey = keyOf(["supersede"], supersede);
  const { content, ...cadence } = digest ?? { everyMs: 0 };
  const waitMs = Math.min(digest?.waitMs ?? usualWaitMs, digest?.everyMs ?? 0);
  const quiet = compileQuiet(values, at, issues);
  checkTimes(values, at, issues);
  return {
    mask,
    inputs: values.inputs ?? {},
    options: {
      supersedes: supersedeKey !== undefined,
      quiet,
      budget,
      ...(throttle === undefined
        ? {}
        : { throttle: { max: throttle.max, perMs: throttle.perMs, overflow: throttle.overflow } }),
      ...(digest === undefined
        ? {}
        : {
            digest: {
              everyMs: digest.everyMs,
              waitMs,
              ...(digest.max === undefined ? {} : { max: digest.max }),
              scope: memoryScope(name, "digest", { ...cadence, waitMs, by: digest.by ?? null }),
            },
          }),
      ...(own?.hour === undefined ? {} : { hour: own.hour }),
    },
    throttle:
      throttle === undefined
        ? undefined
        : {
            scope: memoryScope(name, "throttle", {
              max: throttle.max,
              perMs: throttle.perMs,
              by: throttle.by ?? null,
            }),
            max: throttle.max,
            perMs: throttle.perMs,
            keys: maxKeysPerScope,
            by,
          },
    digestBy: keyOf(["digest", "by"], digest?.by),
    supersede: supersedeKey,
    thread: keyOf(["thread"], thread),
    content: content === undefined ? undefined : template([...at, "digest", "content"], content),
  };
}

/**
 * The longest time that shaping may hold back an event of the channel: an implicit ttl must not end before.
 */
export function longestHoldMs({ digest, throttle, quiet }: ShapingOptions): number {
  const quietMs = longestQuietMs(quiet);
  return (digest?.everyMs ?? 0) + (throttle?.perMs ?? 0) + (Number.isFinite(quietMs) ? quietMs : 0);
}

/** The path in the file is `at` and `quiet`; for a list of one the index is left out. */
export function compileQuiet(
  { quiet = [] }: Pick<ChannelValues, "quiet">,
  at: readonly string[],
  issues: IssueDraft[],
): ShapingOptions["quiet"] {
  const windows = quiet.flatMap((written, index) => {
    const problem = written.tz === undefined ? undefined : zoneProblem(written.tz);
    if (problem === undefined) return [readWindow(written, machineZone)];
    const path = [...at, "quiet", ...(quiet.length === 1 ? [] : [index]), "tz"];
    issues.push({ path, code: "E_CONFIG_VALUE", ...problem });
    return [];
  });
  if (Number.isFinite(longestQuietMs(windows))) return windows;
  issues.push({
    path: [...at, "quiet"],
    code: "E_CONFIG_VALUE",
    message: "it is always quiet: these windows leave no time between them",
    hint: "leave a gap, or give urgent events a channel with  priority: high",
  });
  return [];
}

function checkTimes(
  { digest, throttle, ttlMs }: ChannelValues,
  at: readonly string[],
  issues: IssueDraft[],
): void {
  if (digest?.waitMs !== undefined && digest.waitMs > digest.everyMs) {
    issues.push({
      path: [...at, "digest", "wait"],
      code: "E_CONFIG_VALUE",
      message: `the first digest would come later than \`every\`, which is ${showDuration(digest.everyMs)}`,
      hint: `at most ${showDuration(digest.everyMs)}`,
    });
  }
  const holdMs = Math.max(digest?.everyMs ?? 0, throttle?.overflow === "digest" ? throttle.perMs : 0);
  if (ttlMs !== undefined && ttlMs <= holdMs) {
    issues.push({
      path: [...at, "ttl"],
      code: "E_CONFIG_VALUE",
      message: `events would expire before their digest: it may take ${showDuration(holdMs)}`,
      hint: `more than ${showDuration(holdMs)}, or no ttl at all`,
    });
  }
}

/** The shaping values that are known at admission. */
export interface Shape {
  /** Absent: the channel does not need it. */
  readonly terms?: StoredShaping;
  readonly thread?: string;
  readonly writes: readonly MemoryWrite[];
  readonly steps: readonly Omit<TraceStep, "channel">[];
  /** It exceeds the limit, and the channel drops such events. */
  readonly dropped?: { readonly reason: string; readonly pending?: Promise<unknown> };
}

const nothing: Shape = { writes: [], steps: [] };

export function shapeOf(shaping: PlannedShaping, view: View, memory: Memory, nowMs: number): Shape {
  const { options, throttle, digestBy, supersede, thread } = shaping;
  if (
    throttle === undefined &&
    options.digest === undefined &&
    supersede === undefined &&
    thread === undefined
  )
    return nothing;
  const writes: MemoryWrite[] = [];
  const steps: Omit<TraceStep, "channel">[] = [];
  const note = (filter: string, detail: string) => steps.push({ filter, pass: true, detail });
  const keyFor = (filter: string, keyOf: KeyReader): string | undefined => {
    const found = memoryKey(keyOf, view);
    if ("key" in found) return found.key;
    note(filter, found.none);
    return undefined;
  };

  let throttled: StoredShaping["throttled"];
  if (throttle !== undefined) {
    const key = throttle.by === undefined ? "" : keyFor("throttle", throttle.by);
    const counted = key === undefined ? undefined : countThrottle(throttle, key, memory, nowMs);
    if (counted !== undefined && key !== undefined) {
      if (counted.write !== undefined) writes.push(counted.write);
      const words = describeThrottle(throttle, counted, key);
      if (counted.over && options.throttle?.overflow === "drop") {
        const { pending } = counted;
        return { writes, steps, dropped: { reason: words, ...(pending === undefined ? {} : { pending }) } };
      }
      if (counted.over) throttled = { key, untilMs: counted.untilMs };
      note("throttle", words);
    }
  }
  const digest =
    options.digest === undefined ? undefined : digestBy === undefined ? "" : keyFor("digest", digestBy);
  if (digest !== undefined && digest !== "")
    note("digest", `collected under ${JSON.stringify(keyText(digest))}`);
  const newer = supersede === undefined ? undefined : keyFor("supersede", supersede);
  if (newer !== undefined) note("supersede", `replaces an older ${JSON.stringify(keyText(newer))}`);
  const threadKey = thread === undefined ? undefined : keyFor("thread", thread);
  if (threadKey !== undefined) note("thread", keyText(threadKey));
  const isPlain = throttled === undefined && digest === undefined && newer === undefined;
  return {
    writes,
    steps,
    ...(threadKey === undefined ? {} : { thread: threadKey }),
    ...(isPlain
      ? {}
      : {
          terms: {
            atMs: nowMs,
            ...(throttled === undefined ? {} : { throttled }),
            ...(digest === undefined ? {} : { digest }),
            ...(newer === undefined ? {} : { supersede: newer }),
          },
        }),
  };
}

function describeThrottle(
  { max, perMs }: ThrottleParts,
  { over, nth, untilMs }: ThrottleResult,
  key: string,
): string {
  const of = key === "" ? "" : ` of ${JSON.stringify(keyText(key))}`;
  return over
    ? `over ${max} in ${showDuration(perMs)}${of}: the window closes at ${showTime(untilMs)}`
    : `${nth} of ${max} in ${showDuration(perMs)}${of}`;
}
