// A recipe drafted from events: what is common to them, tests of what it takes and what it skips, and the payloads of those tests, in
// which what belongs to somebody is replaced. Pure.

import type { SourceValues } from "../../config/values.ts";
import type { Json, JsonObject } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import { asObject } from "../../json.ts";
import { draftContent } from "./draft-content.ts";
import { isAt, type MatchPath, matchPaths, otherwise, type RecordedEvent } from "./draft-match.ts";
import { type DraftSource, draftSource } from "./draft-source.ts";
import { isSecretHeader } from "./left-values.ts";
import { withoutPersonalValues } from "./personal-values.ts";
import type { DraftTest, RecipeDraft } from "./recipe-text.ts";
import { schemeOf, webhookName, webhookSource } from "./webhook-source.ts";

/** What is known of the source of the events. */
export interface KnownSource {
  /** Of a webhook in a config. */
  readonly values?: SourceValues | undefined;
  /** The options of any other source, with its variables. */
  readonly written?: JsonObject | undefined;
  /** Instead of what the config says. */
  readonly scheme?: string | undefined;
}

export function sourceOfEvents(
  recipe: string,
  events: readonly (RecordedEvent & { readonly connector: string })[],
  { values, written, scheme }: KnownSource,
  hide: (value: Json) => Json,
): DraftSource {
  const [{ headers, connector } = { headers: {}, connector: "http" }] = events;
  if (connector !== "http") return draftSource(recipe, connector, written ?? {}, hide);
  const sent = scheme ?? schemeOf(headers);
  if (values === undefined)
    return webhookSource({ recipe, path: `/${webhookName(sent)}`, verify: { scheme: sent } });
  const isWebhook = values.type === "http";
  const { path, parse } = isWebhook ? values.options : {};
  const verify = scheme === undefined && isWebhook ? verifyOf(values) : undefined;
  return webhookSource({
    recipe,
    path: typeof path === "string" && path !== "" && !isPrivatePath(path) ? path : "/webhook",
    verify: verify ?? (isWebhook && scheme === undefined ? undefined : { scheme: sent }),
    parse: typeof parse === "string" && parse !== "auto" ? parse : undefined,
  });
}

/** A path that only the sender knows, or from a variable, whose value is a stand-in here. */
function isPrivatePath(path: string): boolean {
  return path.includes("stand-in-for-") || withoutPersonalValues([path])[0] !== path;
}

/** The string options of a scheme, without its secret. */
function verifyOf(source: SourceValues | undefined): Record<string, string> | undefined {
  const { secret: _, ...verify } = asObject(source?.options.verify);
  const kept = ["scheme", "header", "prefix", "algorithm", "encoding", "signed", "key", "query", "username"];
  const texts = kept.flatMap((key) =>
    typeof verify[key] === "string" ? [[key, verify[key] as string]] : [],
  );
  if (verify.scheme === undefined || verify.scheme === "none") return undefined;
  return { ...Object.fromEntries(texts), ...(verify.username === undefined ? {} : { username: "user" }) };
}

/** Without those that carry credentials, and without names that no sender can write: a condition could be one of them. */
function shownHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => /^[\w-]{1,100}$/.test(name) && !isSecretHeader(name)),
  );
}

/**
 * The recipe of what is common to these events, its tests and their payloads by path. `hide` replaces what belongs to somebody. Rejects
 * with a UsageError when nothing distinguishes an event that must be skipped.
 */
export function draftRecipe(
  name: string,
  source: DraftSource,
  {
    taken,
    skipped,
  }: { readonly taken: readonly RecordedEvent[]; readonly skipped: readonly RecordedEvent[] },
  hide: (value: Json) => Json,
  { title }: { readonly title?: string | undefined } = {},
): { readonly draft: RecipeDraft; readonly payloads: ReadonlyMap<string, string> } {
  const events = [...taken, ...skipped].map((one): RecordedEvent => {
    const [data, headers] = hide([one.data, shownHeaders(one.headers)]) as [Json, Record<string, string>];
    return { data, headers, text: typeof data === "string" ? data : JSON.stringify(data) };
  });
  const [ours, others] = [events.slice(0, taken.length), events.slice(taken.length)];
  const match = matchOf(ours, others);
  const payloads = new Map<string, string>();
  const add = (event: RecordedEvent, word: string): string => {
    const isText = typeof event.data === "string";
    const path = freePath(`fixtures/${name}/${slug(word)}`, isText ? ".txt" : ".json", payloads);
    payloads.set(path, isText ? event.text : `${JSON.stringify(event.data, null, 2)}\n`);
    return path;
  };
  const used = new Set(
    match.flatMap(({ path }) => (path.startsWith("headers.") ? [path.slice("headers.".length)] : [])),
  );
  const sent = (event: RecordedEvent) =>
    Object.fromEntries(
      Object.entries(event.headers).filter(
        ([header]) => used.has(header) || (header === "content-type" && typeof event.data === "string"),
      ),
    );
  const deciding = match.at(-1);
  const word = deciding === undefined || deciding.exists ? "event" : String(deciding.value);
  const tests: DraftTest[] = ours.map((event, index) => ({
    name: deliveredName(index, word),
    headers: sent(event),
    fixture: add(event, word),
  }));
  const [first] = ours;
  const counters = others.flatMap((event) => {
    const path = match.find((one) => !isAt(event, one))?.path;
    return path === undefined ? [] : [{ event, path }];
  });
  if (first !== undefined && deciding !== undefined)
    counters.push({ event: otherwise(first, deciding), path: deciding.path });
  for (const [index, { event, path }] of counters.entries())
    tests.push({
      name: `another ${path.split(".").at(-1)} is skipped${index === 0 ? "" : ` (${index + 1})`}`,
      headers: sent(event),
      fixture: add(event, `other ${path.split(".").at(-1)}`),
      skippedBy: path,
    });
  const draft = {
    name,
    title: title ?? titleOf(name),
    source,
    match,
    content: draftContent(ours, match),
    tests,
  };
  return { draft, payloads };
}

function matchOf(events: readonly RecordedEvent[], others: readonly RecordedEvent[]): MatchPath[] {
  const found = matchPaths(events, others);
  for (const [index, other] of others.entries()) {
    if (found.every((one) => isAt(other, one)))
      throw new UsageError(
        "E_USAGE",
        `event ${index + 1} of --not has nothing that distinguishes it from those of --from`,
        {
          hint: "compare the events: channel-router events, channel-router why EVENT_ID",
        },
      );
  }
  return found;
}

function deliveredName(index: number, word: string): string {
  const event = index === 0 ? "an event" : `event ${index + 1}`;
  return `${event}${word === "event" ? "" : ` with ${word}`} is delivered`;
}

function freePath(path: string, ending: string, taken: ReadonlyMap<string, string>): string {
  for (let count = 1; ; count++) {
    const next = `${path}${count === 1 ? "" : `-${count}`}${ending}`;
    if (!taken.has(next)) return next;
  }
}

function slug(word: string): string {
  return (
    word
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "") || "event"
  );
}

function titleOf(name: string): string {
  const words = name
    .split("-")
    .map((word) => (/^(?:ci|cd|pr|mr|api|db|url|id)$/.test(word) ? word.toUpperCase() : word))
    .join(" ");
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}
