// `recipes new`: writes a recipe from recorded events, with payloads in which personal values are replaced, and
// tests of what it takes and what it skips.

import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { SourceValues } from "../../config/values.ts";
import type { Json, RouterEvent } from "../../contract.ts";
import { readConfig } from "../../daemon/start/load-plan.ts";
import { UsageError } from "../../errors.ts";
import { asObject, isObject, readJson } from "../../json.ts";
import { readRegular } from "../../regular-file.ts";
import { runSuite, type SuiteResult } from "../../testing/suite.ts";
import { line } from "../../text.ts";
import { colors } from "../colors.ts";
import { recordedEvent } from "../commands/test.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { configFile } from "../find-router.ts";
import { writeChange } from "../init/files.ts";
import { printed, printedJson } from "../print.ts";
import { draftContent } from "./draft/draft-content.ts";
import { isAt, type MatchPath, matchPaths, otherwise, type RecordedEvent } from "./draft/draft-match.ts";
import { withoutPersonalValues } from "./draft/personal-values.ts";
import { type DraftTest, type RecipeDraft, recipeText } from "./draft/recipe-text.ts";

export interface NewOptions {
  readonly from: readonly string[];
  /** Events that it must skip. */
  readonly not?: readonly string[];
  readonly output?: string;
  readonly scheme?: string;
  readonly title?: string;
  readonly license?: string;
  readonly config?: string;
  readonly json?: boolean;
}

interface Recording extends RecordedEvent {
  /** In a config; undefined for a file. */
  readonly source: string | undefined;
}

/** 1 when what was written does not pass its tests. */
export async function newRecipe(
  name: string,
  options: NewOptions,
  context: CommandContext,
): Promise<ExitCode> {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    throw new UsageError("E_USAGE", `${name} is not the name of a recipe`, {
      hint: "lower-case words with - between them, such as build-failed",
    });
  if (options.from.length === 0)
    throw new UsageError("E_USAGE", "name events to write it from", {
      hint: "--from EVENT_ID (channel-router events lists them) or --from FILE.json, several times",
    });
  const folder = folderOf(options, context);
  const file = join(folder, `${name}.yaml`);
  if (existsSync(file) || existsSync(join(folder, "fixtures", name)))
    throw new UsageError("E_USAGE", `${file} or its fixtures exist already`, { hint: "choose another name" });
  const taken = await Promise.all(options.from.map((one) => readRecording(one, options, context)));
  const skipped = await Promise.all((options.not ?? []).map((one) => readRecording(one, options, context)));
  const source = await sourceOf(taken, options, context);
  const { draft, payloads } = draftOf(name, source, { taken, skipped }, options);
  for (const [path, text] of payloads) await writeNew(join(folder, path), text);
  await writeNew(file, recipeText(draft, options.license));
  const tested = await testedDraft(file, draft, options.license, context);
  return printNew({ file, payloads: [...payloads.keys()], ...tested }, options, context);
}

function folderOf({ output }: NewOptions, { cwd }: CommandContext): string {
  if (output !== undefined) return resolve(cwd, output);
  const usual = resolve(cwd, "recipes");
  return existsSync(usual) ? usual : cwd;
}

async function readRecording(
  written: string,
  options: NewOptions,
  context: CommandContext,
): Promise<Recording> {
  if (/^[a-z0-9]+$/.test(written)) {
    const event = await recordedEvent(configFile(context, options.config), written, context);
    if (event.connector !== "http")
      throw new UsageError("E_USAGE", `${written} is of a source of type ${event.connector}`, {
        hint: "a recipe is written from requests: events of sources of type http",
      });
    return { ...payloadOf(event), headers: event.headers ?? {}, source: event.source };
  }
  const path = resolve(context.cwd, written);
  const text = await readRegular(path).then(String, (error: NodeJS.ErrnoException) => {
    throw new UsageError(
      "E_USAGE",
      `${written} is neither an event id nor a file that can be read: ${error.code}`,
    );
  });
  let content: Json;
  try {
    content = readJson(text);
  } catch {
    throw new UsageError("E_USAGE", `${written} is not JSON`);
  }
  // A request as a test sends it.
  const isRequest = isObject(content) && isObject(content.headers) && content.data !== undefined;
  const headers = isRequest ? textsOf(asObject((content as Record<string, Json>).headers)) : {};
  const data = isRequest ? ((content as Record<string, Json>).data as Json) : content;
  return { data, text: JSON.stringify(data), headers, source: undefined };
}

function payloadOf({ data, text }: RouterEvent): Pick<RecordedEvent, "data" | "text"> {
  return { data: isObject(data) || Array.isArray(data) ? data : text, text };
}

function textsOf(headers: Readonly<Record<string, Json>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}

interface DraftSource {
  readonly name: string;
  readonly path: string;
  readonly verify: RecipeDraft["verify"];
}

async function sourceOf(
  taken: readonly Recording[],
  options: NewOptions,
  context: CommandContext,
): Promise<DraftSource> {
  const names = [...new Set(taken.map(({ source }) => source))];
  const [name] = names;
  if (names.length > 1)
    throw new UsageError(
      "E_USAGE",
      `the events are of several sources: ${names.map((one) => one ?? "a file").join(", ")}`,
      {
        hint: "write a recipe for each",
      },
    );
  const scheme = options.scheme ?? schemeOf(taken[0]?.headers ?? {});
  if (name === undefined)
    return { name: sourceName(scheme), path: `/${sourceName(scheme)}`, verify: { scheme } };
  const loaded = await readConfig(configFile(context, options.config), context.env, { placeholders: true });
  const source = loaded.values.sources[name];
  const path = source === undefined ? undefined : String(source.options.path ?? "");
  return {
    name: sourceName(options.scheme ?? verifyOf(source)?.scheme ?? "webhook"),
    path: path === undefined || path === "" ? "/webhook" : path,
    verify: options.scheme === undefined ? verifyOf(source) : { scheme: options.scheme },
  };
}

/** A preset gives its name to the source; a generic scheme says nothing about the sender. */
function sourceName(scheme: string): string {
  return /^(?:hmac|bearer|basic|token|none|jwt|public_key)$/.test(scheme) ? "webhook" : scheme;
}

/** The sender, by a header that only it sends. */
function schemeOf(headers: Readonly<Record<string, string>>): string {
  const known = [
    ["x-gitea-event", "gitea"],
    ["x-github-event", "github"],
    ["x-gitlab-event", "gitlab"],
    ["x-shopify-topic", "shopify"],
    ["sentry-hook-resource", "sentry"],
    ["linear-event", "linear"],
    ["x-buildkite-event", "buildkite"],
  ] as const;
  return known.find(([header]) => headers[header] !== undefined)?.[1] ?? "bearer";
}

/** The options of a scheme that are plain texts; its secret stays in the config. */
function verifyOf(source: SourceValues | undefined): Record<string, string> | undefined {
  const { secret: _, ...verify } = asObject(source?.options.verify);
  const kept = ["scheme", "header", "prefix", "algorithm", "encoding", "signed", "key", "query", "username"];
  const texts = kept.flatMap((key) =>
    typeof verify[key] === "string" ? [[key, verify[key] as string]] : [],
  );
  return verify.scheme === undefined || verify.scheme === "none" ? undefined : Object.fromEntries(texts);
}

function draftOf(
  name: string,
  source: DraftSource,
  { taken, skipped }: { readonly taken: readonly Recording[]; readonly skipped: readonly Recording[] },
  { title }: NewOptions,
): { readonly draft: RecipeDraft; readonly payloads: ReadonlyMap<string, string> } {
  // Together: a value that is in several of them has one replacement.
  const all = [...taken, ...skipped];
  const replaced = withoutPersonalValues(all.map(({ data, headers }) => [data, headers])) as [
    Json,
    Record<string, string>,
  ][];
  const events = replaced.map(([data, headers]) => ({
    data,
    headers,
    text: typeof data === "string" ? data : JSON.stringify(data),
  }));
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
    source: source.name,
    path: source.path,
    verify: source.verify,
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
        `nothing distinguishes event ${index + 1} of --not from those of --from`,
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
  const words = name.replaceAll("-", " ");
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

async function writeNew(path: string, text: string): Promise<void> {
  await writeChange({ path, before: undefined, text });
}

/** Runs the tests, and writes down what an event costs. */
async function testedDraft(
  file: string,
  draft: RecipeDraft,
  license: string | undefined,
  context: CommandContext,
): Promise<{ readonly suite: SuiteResult; readonly tokens: number | undefined }> {
  const options = {
    env: context.env,
    update: false,
    recorded: async () => {
      throw new UsageError("E_USAGE", "the tests of a recipe use no stored event");
    },
  };
  const first = await runSuite(file, options);
  if (!isPassed(first)) return { suite: first, tokens: undefined };
  const tests = draft.tests.map((test, index) => {
    const cost = first.tests[index]?.delivered[0]?.tokens;
    return cost === undefined ? test : { ...test, tokens: Math.ceil((cost + 5) / 10) * 10 };
  });
  const text = recipeText({ ...draft, tests }, license);
  await writeChange({ path: file, before: recipeText(draft, license), text });
  const suite = await runSuite(file, options);
  const costs = suite.tests.flatMap(({ delivered }) => delivered.map(({ tokens }) => tokens));
  return { suite, tokens: costs.length === 0 ? undefined : Math.max(...costs) };
}

function isPassed({ problems, tests }: SuiteResult): boolean {
  return problems.length === 0 && tests.every(({ failures }) => failures.length === 0);
}

function printNew(
  made: {
    readonly file: string;
    readonly payloads: readonly string[];
    readonly suite: SuiteResult;
    readonly tokens: number | undefined;
  },
  options: NewOptions,
  context: CommandContext,
): ExitCode {
  const { file, payloads, suite, tokens } = made;
  const isOk = isPassed(suite);
  const named = relative(context.cwd, file) || file;
  const failed = suite.tests.filter(({ failures }) => failures.length > 0).map(({ name }) => name);
  if (options.json) {
    const fixtures = payloads.map((path) => join(dirname(file), path));
    context.print(printedJson({ ok: isOk, file, fixtures, tests: suite.tests.length, failed, tokens }));
    return isOk ? 0 : 1;
  }
  context.print(
    printed(
      line`${colors.bold("new")} ${named}, with ${payloads.length} payloads and ${suite.tests.length} tests`,
      ...(tokens === undefined ? [] : [line`  ~${tokens} tokens per event`]),
      ...suite.problems.map(({ frame }) => frame),
      ...failed.map((one) => line`  ${colors.red("FAIL")} ${one}`),
      line`  names, mail addresses, URLs, ids and tokens in the payloads are replaced; read them before you publish them`,
      line`next: read it, set its title and its content, then  channel-router recipes test ./${named}`,
    ),
  );
  return isOk ? 0 : 1;
}
