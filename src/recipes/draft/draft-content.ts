// Drafts the content template for recorded events: what happened, to what, and a link.

import { depthOf, isPersonal, type MatchPath, type RecordedEvent, scalarsOf } from "./draft-match.ts";

export interface DraftContent {
  readonly content: string;
  readonly meta: Readonly<Record<string, string>>;
  /** The template of the dedupe key; undefined if nothing identifies an event. */
  readonly dedupe: string | undefined;
}

export function draftContent(events: readonly RecordedEvent[], match: readonly MatchPath[]): DraftContent {
  const all = events.map(scalarsOf);
  const shared = [...(all[0]?.keys() ?? [])].filter((path) => all.every((one) => hasText(one.get(path))));
  const valuesOf = (path: string) => all.map((one) => String(one.get(path)));
  const isVaried = (path: string) => new Set(valuesOf(path)).size === all.length;
  const best = (rank: (path: string) => number) =>
    shared
      .map((path) => ({ path, rank: rank(path) }))
      .filter((one) => one.rank < none)
      .sort((a, b) => a.rank - b.rank || depthOf(a.path) - depthOf(b.path))
      .map(({ path }) => path);
  const title = best(titleRank)[0];
  const name = best(nameRank).find((path) => path !== title);
  const url = best(urlRank)[0];
  const state = match
    .map(({ path }) => path)
    .find((path) => /\.(?:conclusion|status|state|action|severity|level)$/.test(path));
  const first = [name === undefined ? "" : `{{${name}}}`, state === undefined ? "" : `{{${state}}}`].filter(
    (part) => part !== "",
  );
  const length = title?.endsWith(".line") ? 200 : 80;
  const text = title === undefined ? "" : `{{truncate ${title} ${length}}}`;
  const head = [first.join(" "), text].filter((part) => part !== "").join(": ");
  const lines = [head, url === undefined ? "" : `{{${url}}}`].filter((one) => one !== "");
  const repo = best(repoRank)[0];
  return {
    content: lines.length === 0 ? "{{truncate text 200}}" : lines.join("\n"),
    meta: repo === undefined ? {} : { [/project|namespace/.test(repo) ? "project" : "repo"]: `{{${repo}}}` },
    dedupe: dedupeKey(best(idRank), isVaried, match),
  };
}

const none = 100;

function hasText(value: unknown): boolean {
  return (typeof value === "string" && value.trim() !== "") || typeof value === "number";
}

function ranked(path: string, words: readonly RegExp[]): number {
  if (!path.startsWith("data.") || isPersonal(path) || depthOf(path) > 5) return none;
  const rank = words.findIndex((word) => word.test(path));
  return rank === -1 ? none : rank * 10 + depthOf(path);
}

function titleRank(path: string): number {
  return ranked(path, [
    /\.(?:display_title|title|subject|summary|headline)$/i,
    /\.(?:message|text|description|line)$/i,
  ]);
}

function nameRank(path: string): number {
  return ranked(path, [/\.(?:name|event|type|kind)$/i]);
}

function urlRank(path: string): number {
  return ranked(path, [
    /\.(?:html_url|web_url|permalink)$/i,
    /\.(?:details_url|target_url|link)$/i,
    /\.url$/i,
  ]);
}

function repoRank(path: string): number {
  return /^data\.(?:repository\.full_name|project\.path_with_namespace|repo|repository)$/.test(path)
    ? 0
    : none;
}

function idRank(path: string): number {
  return ranked(path, [
    /\.(?:id|uuid|guid|key|event_id|delivery_id)$/i,
    /\.(?:run_attempt|attempt|number|iid)$/i,
  ]);
}

/** The id of the event if it has one, else that of its subject with what happened to it. */
function dedupeKey(
  ids: readonly string[],
  isVaried: (path: string) => boolean,
  match: readonly MatchPath[],
): string | undefined {
  const own = ids.find(
    (path) => /^data\.(?:id|uuid|guid|event_id|delivery_id)$/.test(path) && isVaried(path),
  );
  if (own !== undefined) return `{{${own}}}`;
  const subject = ids.find((path) => isVaried(path)) ?? ids[0];
  if (subject === undefined) return undefined;
  const folder = subject.slice(0, subject.lastIndexOf("."));
  const attempt = ids.find((path) => path === `${folder}.run_attempt` || path === `${folder}.attempt`);
  const action = match
    .map(({ path }) => path)
    .find((path) => /\.(?:action|status|state|conclusion)$/.test(path));
  return [subject, attempt, action]
    .filter((path) => path !== undefined)
    .map((path) => `{{${path}}}`)
    .join(" ");
}
