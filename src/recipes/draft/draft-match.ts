// Finds the paths that identify the kind of recorded events: those where all have the same value, which is a word
// rather than a name, id or time, and where senders usually write the kind of an event.

import type { Json } from "../../contract.ts";
import { isObject } from "../../json.ts";

export interface RecordedEvent {
  readonly data: Json;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface MatchPath {
  /** `headers.x-github-event`, `data.workflow_run.conclusion` */
  readonly path: string;
  readonly value: string | boolean;
  /** If true, the path must exist with any value. */
  readonly exists?: true;
  /** Then the value is a word of the text at this path. */
  readonly contains?: true;
}

/** More paths would match only these very events. */
const maxPaths = 4;

/** The best paths first. `others` must not match: at least one path excludes each of them, if possible. */
export function matchPaths(events: readonly RecordedEvent[], others: readonly RecordedEvent[]): MatchPath[] {
  const [first, ...more] = events.map(scalarsOf);
  if (first === undefined) return [];
  const constant = [...first].filter(([path, value]) => more.every((one) => one.get(path) === value));
  const ranked = constant
    // A text as a whole says what happened once.
    .filter((entry): entry is [string, string | boolean] => entry[0] !== "text" && isKind(entry[1]))
    .map(([path, value]) => ({ path, value, rank: rankOf(path) }))
    .sort((a, b) => a.rank - b.rank || depthOf(a.path) - depthOf(b.path) || (a.path < b.path ? -1 : 1));
  const chosen: MatchPath[] = ofOneState(ranked.filter(({ rank }) => rank < unranked))
    .slice(0, maxPaths)
    .map(({ path, value }) => ({ path, value }));
  for (const other of others) {
    if (chosen.some((one) => !isAt(other, one))) continue;
    const elsewhere = scalarsOf(other);
    const deciding = ranked.find(({ path, value }) => elsewhere.get(path) !== value && !isPersonal(path));
    if (deciding !== undefined) chosen.push({ path: deciding.path, value: deciding.value });
    else {
      const word = commonWord(events, others) ?? commonWord(events, [other]);
      if (word !== undefined && chosen.every(({ path }) => path !== word.path)) chosen.push(word);
    }
  }
  if (chosen.length > 0) return chosen;
  const word = commonWord(events, []);
  if (word !== undefined) return [word];
  const everywhere = [...first.keys()].filter(
    (path) => path.startsWith("data.") && more.every((one) => one.has(path)),
  );
  const any = everywhere.find((path) => /\.(?:title|subject|name|message)$/.test(path)) ?? everywhere[0];
  return any === undefined ? [] : [{ path: any, value: true, exists: true }];
}

interface RankedPath {
  readonly path: string;
  readonly value: string | boolean;
  readonly rank: number;
}

/**
 * A payload has the state of several things: the run that failed, and its workflow, which is active. Only that of the
 * thing that the event is about says what happened: the one that the kind of the event names, else the first.
 */
function ofOneState(paths: readonly RankedPath[]): RankedPath[] {
  const named = new Set(paths.filter(({ path }) => depthOf(path) < 3).map(({ value }) => String(value)));
  const inParts = paths.filter(({ path }) => depthOf(path) > 2);
  const subject = inParts.find(({ path }) => isNamed(parentOf(path), named)) ?? inParts[0];
  const about = subject === undefined ? undefined : parentOf(subject.path);
  return paths.filter(({ path }) => depthOf(path) < 3 || parentOf(path) === about);
}

function parentOf(path: string): string {
  return path.split(".").at(-2) ?? "";
}

/** `workflow_run` by `workflow_run`; `issue` by `issues` or `issue.created`. */
function isNamed(part: string, kinds: ReadonlySet<string>): boolean {
  return [...kinds].some((kind) => kind === part || kind === `${part}s` || kind.startsWith(`${part}.`));
}

/** Words of lines that say that something happened, the clearest first. */
const alarmingWords =
  "FATAL PANIC CRITICAL EMERG ERROR Error error failed FAILED Failed failure Failure exception Exception panic fatal critical timeout refused denied WARNING WARN warning warn".split(
    " ",
  );

/** A word of the texts of all of these events that no text of the others has; the most alarming of them first where no others are given. */
function commonWord(
  events: readonly RecordedEvent[],
  others: readonly RecordedEvent[],
): MatchPath | undefined {
  const [first, ...more] = events.map(scalarsOf);
  if (first === undefined) return undefined;
  const elsewhere = others.map(scalarsOf);
  const textAt = (scalars: ReadonlyMap<string, Json>, path: string) => String(scalars.get(path) ?? "");
  const paths = [...first.keys()].filter((path) =>
    /^text$|^data\.(?:line|text|message|title|subject)$/.test(path),
  );
  for (const path of paths) {
    const words = [
      ...new Set(textAt(first, path).match(/(?<![\w.@/-])[A-Za-z][A-Za-z_-]{2,}(?![\w.@/-])/g) ?? []),
    ]
      .filter((word) => more.every((one) => textAt(one, path).includes(word)))
      .filter((word) => elsewhere.every((one) => !textAt(one, path).includes(word)))
      .map((word) => ({ word, rank: alarmingWords.indexOf(word) }));
    const alarming = words.filter(({ rank }) => rank !== -1).sort((a, b) => a.rank - b.rank)[0];
    const found = alarming ?? (others.length === 0 ? undefined : words[0]);
    if (found !== undefined) return { path, value: found.word, contains: true };
  }
  return undefined;
}

/** Whether an event matches this path. */
export function isAt(event: RecordedEvent, { path, value, exists, contains }: MatchPath): boolean {
  const found = scalarsOf(event);
  if (contains) return String(found.get(path) ?? "").includes(String(value));
  return exists ? found.has(path) : found.get(path) === value;
}

/** Every scalar outside lists, by path. */
export function scalarsOf({ data, headers }: RecordedEvent): Map<string, Json> {
  const found = new Map<string, Json>();
  for (const [name, value] of Object.entries(headers)) found.set(`headers.${name}`, value);
  const walk = (value: Json, path: string, depth: number) => {
    if (isObject(value)) {
      if (depth > 6) return;
      for (const [key, inner] of Object.entries(value))
        if (/^[\w-]+$/.test(key)) walk(inner as Json, `${path}.${key}`, depth + 1);
    } else if (!Array.isArray(value)) found.set(path, value);
  };
  if (typeof data === "string") found.set("text", data);
  else walk(data, "data", 0);
  return found;
}

/** Whether a value looks like an enum member: `completed`, `pull_request.opened`, `Pipeline Hook`, or a boolean. */
function isKind(value: Json): value is string | boolean {
  if (typeof value === "boolean") return true;
  if (typeof value !== "string" || value.length > 60) return false;
  return /^[A-Za-z]+(?:[._: /-][A-Za-z]+)*$/.test(value) && !/^(?:true|false|null|none)$/i.test(value);
}

const unranked = 100;

/** Lower is better: how likely senders write the kind of an event there. */
function rankOf(path: string): number {
  const keys = path.split(".");
  const key = keys.at(-1) ?? "";
  if (keys[0] === "headers") {
    if (/^x-[a-z-]*(?:event|topic|resource|hook)(?:-(?:type|name|key))?$/.test(key)) return 0;
    // The name of a server-sent event.
    return keys[1] === "event" && keys.length === 2 ? 0 : unranked + 10;
  }
  if (isPersonal(path) || keys.length > 4) return unranked + 20;
  const words = [
    /^(?:event|event_?type|event_?name|webhook_?event|notification_?type|topic)$/i,
    /^(?:type|kind|object_kind|alert_?type)$/i,
    /^(?:action|trigger|reason)$/i,
    /^(?:conclusion|status|state|result|outcome|severity|level|priority)$/i,
    /^(?:object|resource|resource_?type|category|livemode)$/i,
  ];
  const rank = words.findIndex((word) => word.test(key));
  // A type or a state deep inside is that of a part, and what a part calls its event is how it came about.
  return rank === -1 || keys.length > 3 || (keys.length > 2 && rank < 2) ? unranked : 1 + rank;
}

/** Whether the path is inside a user, an organisation or another named thing. */
export function isPersonal(path: string): boolean {
  return /\.(?:users?|sender|owner|author|committer|actor|assignees?|pusher|customer|members?|creator|organi[sz]ation|team|group|namespace|installation|account|repository|repo|project|head_repository|triggering_actor|permissions|links|_links)\./i.test(
    `${path}.`.replace(/\.[^.]+\.$/, "."),
  );
}

export function depthOf(path: string): number {
  return path.split(".").length;
}

/** A copy with another value at this path: the counter-example for the tests. */
export function otherwise(event: RecordedEvent, { path, value, exists, contains }: MatchPath): RecordedEvent {
  const present = String(scalarsOf(event).get(path) ?? "");
  const other =
    typeof value === "boolean"
      ? !value
      : contains
        ? present.split(value).join(opposite(value))
        : opposite(value);
  const [root, ...keys] = path.split(".");
  if (root === "text") return { ...event, data: String(other), text: String(other) };
  if (root === "headers") return { ...event, headers: { ...event.headers, [keys.join(".")]: String(other) } };
  const data = structuredClone(event.data);
  let target = data;
  for (const key of keys.slice(0, -1)) target = isObject(target) ? (target[key] as Json) : null;
  if (isObject(target) && exists) delete target[keys.at(-1) ?? ""];
  else if (isObject(target)) target[keys.at(-1) ?? ""] = other;
  return { ...event, data, text: JSON.stringify(data) };
}

const opposites: Readonly<Record<string, string>> = {
  failure: "success",
  failed: "success",
  error: "ok",
  firing: "resolved",
  completed: "requested",
  open: "closed",
  opened: "edited",
  created: "deleted",
};

function opposite(value: string): string {
  return opposites[value] ?? "another";
}
