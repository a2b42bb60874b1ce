// Proposes a channel from one event and those that are stored beside it: what never varies among events of its kind is the match, the
// most informative fields are the text, a stable id is the key by which a repetition is recognized.

import { addEntry } from "../../config/yaml/add-entry.ts";
import type { Json, JsonObject, RouterEvent } from "../../contract.ts";
import { isObject } from "../../json.ts";
import { type DraftContent, draftContent } from "../../recipes/draft/draft-content.ts";
import {
  isAt,
  isPersonal,
  type MatchPath,
  matchPaths,
  type RecordedEvent,
  scalarsOf,
} from "../../recipes/draft/draft-match.ts";
import { blockLines } from "./block-yaml.ts";

export interface DraftedChannel {
  readonly name: string;
  /** The entry under `channels:`, in block style. */
  readonly yaml: string;
  /** The config with it; undefined where its `channels:` is not written as a block. */
  readonly text: string | undefined;
  /** Why each part is as it is, a line each. */
  readonly reasons: readonly string[];
}

export interface WishedChannel {
  /** Of the same source, in any order; the event may be among them. */
  readonly stored: readonly RouterEvent[];
  /** The text of the config. */
  readonly text: string;
  /** Names that are taken, those of recipes included. */
  readonly channels: readonly string[];
  /** The first channel that takes the event now. */
  readonly takenBy: string | undefined;
}

/** Events that are compared with it. */
const maxCompared = 500;

export function proposeChannel(
  event: RouterEvent,
  { stored, text, channels, takenBy }: WishedChannel,
): DraftedChannel {
  const others = stored
    .filter(({ id, source }) => id !== event.id && source === event.source)
    .slice(-maxCompared);
  const own = recordedOf(event);
  const all = others.map(recordedOf);
  const kind = kindOf(own, all);
  const similar = [own, ...all.filter((one) => kind.every((path) => isAt(one, path)))];
  const different = all.filter((one) => kind.some((path) => !isAt(one, path)));
  const match = withKind(matchPaths(similar, different), kind, different);
  const content = draftContent(similar, match);
  const dedupe = stableKey(content.dedupe, similar);
  const name = freeName(nameOf(event, match), channels);
  const entry = {
    from: event.source,
    ...(match.length === 0 ? {} : { match: matchOf(match) }),
    ...(dedupe.key === undefined ? {} : { dedupe: { key: dedupe.key, for: "1h" } }),
    ...(Object.keys(content.meta).length === 0 ? {} : { meta: { ...content.meta } }),
    ...(isBlank(content, similar) ? {} : { content: content.content }),
  };
  const lines = blockLines({ [name]: entry });
  return {
    name,
    yaml: `${lines.join("\n")}\n`,
    text: addEntry(text, "channels", lines, takenBy) ?? addEntry(text, "channels", lines),
    reasons: [
      ...matchReasons(match, similar, different),
      ...constantReasons(similar, match),
      ...contentReasons(content),
      dedupe.reason,
      ...(takenBy === undefined ? [] : [`It comes before ${takenBy}, which takes this event now.`]),
    ],
  };
}

/** Keys under which senders write what happened, and at most how many values such a key has. */
const kindKey =
  /^(?:event|event_?type|type|kind|object_kind|action|conclusion|status|state|severity|level|result|outcome)$/i;
const maxKinds = 12;
const maxPaths = 6;

/**
 * The paths that say of what kind an event is: those that senders use for it, and those of the stored events beside it whose few
 * values say so.
 */
function kindOf(own: RecordedEvent, all: readonly RecordedEvent[]): MatchPath[] {
  const kind = matchPaths([own], []);
  for (const [path, value] of scalarsOf(own)) {
    if (kind.length >= maxPaths) break;
    const isWord =
      typeof value === "string" ? /^[A-Za-z][\w. -]{0,40}$/.test(value) : Number.isInteger(value);
    if (!isWord || !kindKey.test(path.split(".").at(-1) ?? "") || isPersonal(path)) continue;
    if (kind.some((one) => one.path === path)) continue;
    const similar = all
      .filter((one) => kind.every((each) => isAt(one, each)))
      .map((one) => scalarsOf(one).get(path));
    const values = new Set([value, ...similar.filter((one) => one !== undefined)]);
    if (values.size > 1 && values.size <= Math.min(maxKinds, 1 + similar.length))
      kind.push({ path, value: value as string });
  }
  return kind;
}

/** With what it takes to leave out each event of another kind. */
function withKind(
  match: readonly MatchPath[],
  kind: readonly MatchPath[],
  different: readonly RecordedEvent[],
): MatchPath[] {
  const chosen = [...match];
  for (const other of different) {
    if (chosen.some((one) => !isAt(other, one))) continue;
    const deciding = kind.find((one) => !isAt(other, one));
    if (deciding !== undefined) chosen.push(deciding);
  }
  const isNeeded = ({ exists }: MatchPath) => exists !== true || chosen.every((one) => one.exists === true);
  return chosen.filter(isNeeded);
}

/** Then the payload itself is the better text. */
function isBlank({ content }: DraftContent, similar: readonly RecordedEvent[]): boolean {
  return content.startsWith("{{truncate text ") && similar.some(({ text }) => text.trim() === "");
}

/** As expressions see it. */
function recordedOf({ data, text, headers = {} }: RouterEvent): RecordedEvent {
  return { data: isObject(data) || Array.isArray(data) ? data : text, text, headers };
}

function matchOf(match: readonly MatchPath[]): JsonObject {
  return Object.fromEntries(
    match.map(({ path, value, exists, contains }): [string, Json] => [
      path,
      exists ? { exists: true } : contains ? { contains: value } : value,
    ]),
  );
}

function matchReasons(
  match: readonly MatchPath[],
  similar: readonly RecordedEvent[],
  different: readonly RecordedEvent[],
): string[] {
  const among =
    similar.length === 1
      ? "the only stored event of its kind"
      : `all ${similar.length} stored events of its kind`;
  if (match.every(({ exists }) => exists === true))
    return ["Nothing in the event says of what kind it is: the channel takes every event of the source."];
  const reasons = match.map(({ path, value, exists, contains }) =>
    exists
      ? `${path} is there in ${among}.`
      : contains
        ? `${path} contains ${JSON.stringify(value)} in ${among}.`
        : `${path} is ${JSON.stringify(value)} in ${among}.`,
  );
  const excluded = different.filter((one) => match.some((path) => !isAt(one, path))).length;
  if (different.length > 0)
    reasons.push(
      `It leaves out ${excluded} of ${different.length} stored events of other kinds of this source.`,
    );
  if (excluded < different.length) reasons.push("Nothing distinguishes the others: look at the match.");
  return reasons;
}

/** What has been the same so far, but names somebody or something: the user decides. */
function constantReasons(similar: readonly RecordedEvent[], match: readonly MatchPath[]): string[] {
  const [first, ...more] = similar.map(scalarsOf);
  if (first === undefined || more.length === 0) return [];
  const found = [...first].filter(
    ([path, value]) =>
      /^data\.(?:repository\.full_name|project\.path_with_namespace|ref|branch|environment|[\w.]*head_branch)$/.test(
        path,
      ) &&
      typeof value === "string" &&
      !match.some((one) => one.path === path) &&
      more.every((one) => one.get(path) === value),
  );
  return found
    .slice(0, 2)
    .map(
      ([path, value]) =>
        `${path} is always ${JSON.stringify(value)} so far: add it to the match to take no other.`,
    );
}

function contentReasons({ content, meta }: DraftContent): string[] {
  const paths = [...content.matchAll(/\{\{(?:truncate )?([\w.-]+)/g)].map(([, path]) => path);
  const attributes = Object.keys(meta);
  return [
    `The text shows ${paths.join(", ")}: what happened, and where to read more.`,
    ...(attributes.length === 0
      ? []
      : [`${attributes.join(", ")} is an attribute, so that Claude can distinguish it from the text.`]),
  ];
}

/** A key that distinct events of the kind share would drop all but the first of them. */
function stableKey(
  key: string | undefined,
  similar: readonly RecordedEvent[],
): { readonly key?: string; readonly reason: string } {
  if (key === undefined) return { reason: "No dedupe: nothing in the event identifies it." };
  const paths = [...key.matchAll(/\{\{([\w.-]+)\}\}/g)].map(([, path]) => path as string);
  const keys = similar.map((event) => {
    const scalars = scalarsOf(event);
    return paths.map((path) => String(scalars.get(path) ?? "")).join(" ");
  });
  const distinct = new Set(similar.map(({ data }) => JSON.stringify(data))).size;
  if (new Set(keys).size < distinct)
    return { reason: `No dedupe: ${paths.join(" and ")} is the same in different events of this kind.` };
  return {
    key,
    reason: `Repetitions are recognized by ${paths.join(" and ")}, which differs from event to event.`,
  };
}

function nameOf({ source }: RouterEvent, match: readonly MatchPath[]): string {
  const words = match.flatMap(({ value, exists }) =>
    exists || typeof value === "boolean" ? [] : [String(value)],
  );
  const name = [...new Set(words.map(slug))]
    .filter((word) => word !== "")
    .slice(0, 2)
    .join("_");
  return (name === "" ? `${slug(source)}_event` : name).slice(0, 40).replace(/_+$/, "");
}

/** As names of channels are. */
function slug(word: string): string {
  return word
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[^a-z]+|_+$/g, "");
}

function freeName(name: string, taken: readonly string[]): string {
  for (let count = 1; ; count++) {
    const next = count === 1 ? name : `${name}_${count}`;
    if (!taken.includes(next)) return next;
  }
}
