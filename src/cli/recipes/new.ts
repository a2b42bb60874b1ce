// `recipes new`: writes a recipe from recorded events, with payloads in which personal values are replaced, and
// tests of what it takes and what it skips.

import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { SourceValues } from "../../config/values.ts";
import { writtenSource } from "../../config/yaml/written-source.ts";
import type { Json, JsonObject } from "../../contract.ts";
import { readConfig } from "../../daemon/start/load-plan.ts";
import { UsageError } from "../../errors.ts";
import { asObject } from "../../json.ts";
import { runSuite, type SuiteResult } from "../../testing/suite.ts";
import { countOf } from "../../text/clip.ts";
import { line } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { configFile } from "../find-router.ts";
import { readPresent, writeChange } from "../init/files.ts";
import { printed, printedJson } from "../print.ts";
import { draftContent } from "./draft/draft-content.ts";
import { isAt, type MatchPath, matchPaths, otherwise, type RecordedEvent } from "./draft/draft-match.ts";
import { type DraftSource, draftSource } from "./draft/draft-source.ts";
import { hidePersonalValues, withoutPersonalValues } from "./draft/personal-values.ts";
import { type DraftTest, type RecipeDraft, recipeText } from "./draft/recipe-text.ts";
import { readRecording, type SourceEvent } from "./draft/recording.ts";
import { schemeOf, webhookName, webhookSource } from "./draft/webhook-source.ts";

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
  // Together: a value that is in several of them has one replacement.
  const hide = hidePersonalValues([...taken, ...skipped].map(({ data, headers }) => [data, headers]));
  const source = await sourceOf(name, taken, hide, options, context);
  const { draft, payloads } = draftOf(name, source, { taken, skipped }, hide, options);
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

async function sourceOf(
  recipe: string,
  taken: readonly SourceEvent[],
  hide: (value: Json) => Json,
  options: NewOptions,
  context: CommandContext,
): Promise<DraftSource> {
  const [name, ...others] = [...new Set(taken.map(({ source }) => source))];
  if (others.length > 0)
    throw new UsageError(
      "E_USAGE",
      `the events are of several sources: ${[name, ...others].map((one) => one ?? "a file").join(", ")}`,
      { hint: "write a recipe for each" },
    );
  const [{ headers, connector } = { headers: {}, connector: "http" }] = taken;
  if (connector !== "http") {
    if (options.scheme !== undefined)
      throw new UsageError("E_USAGE", `--scheme is for webhooks, and ${name} is of type ${connector}`);
    return draftSource(recipe, connector, await writtenOf(name ?? "", options, context), hide);
  }
  if (name === undefined) {
    const scheme = options.scheme ?? schemeOf(headers);
    return webhookSource({ recipe, path: `/${webhookName(scheme)}`, verify: { scheme } });
  }
  const loaded = await readConfig(configFile(context, options.config), context.env, { placeholders: true });
  const source = loaded.values.sources[name];
  const isWebhook = source?.type === "http";
  const { path, parse } = isWebhook ? source.options : {};
  const verify = options.scheme === undefined && isWebhook ? verifyOf(source) : undefined;
  return webhookSource({
    recipe,
    path: typeof path === "string" && path !== "" && !isPrivatePath(path) ? path : "/webhook",
    verify:
      verify ??
      (isWebhook && options.scheme === undefined
        ? undefined
        : { scheme: options.scheme ?? schemeOf(headers) }),
    parse: typeof parse === "string" && parse !== "auto" ? parse : undefined,
  });
}

/** A path that only the sender knows, or from a variable, whose value is a stand-in here. */
function isPrivatePath(path: string): boolean {
  return path.includes("stand-in-for-") || withoutPersonalValues([path])[0] !== path;
}

/** Rejects with a UsageError for a source that the config does not have itself. */
async function writtenOf(name: string, options: NewOptions, context: CommandContext): Promise<JsonObject> {
  const file = configFile(context, options.config);
  const written = writtenSource((await readPresent(file)) ?? "", name);
  if (written !== undefined) return written;
  throw new UsageError("E_USAGE", `${file} has no source ${name} of its own`, {
    hint: "for a source of a recipe, begin with that recipe: channel-router recipes show NAME --yaml",
  });
}

/** The options of a scheme that are plain texts; its secret stays in the config. */
function verifyOf(source: SourceValues | undefined): Record<string, string> | undefined {
  const { secret: _, ...verify } = asObject(source?.options.verify);
  const kept = ["scheme", "header", "prefix", "algorithm", "encoding", "signed", "key", "query", "username"];
  const texts = kept.flatMap((key) =>
    typeof verify[key] === "string" ? [[key, verify[key] as string]] : [],
  );
  if (verify.scheme === undefined || verify.scheme === "none") return undefined;
  return { ...Object.fromEntries(texts), ...(verify.username === undefined ? {} : { username: "user" }) };
}

function draftOf(
  name: string,
  source: DraftSource,
  { taken, skipped }: { readonly taken: readonly SourceEvent[]; readonly skipped: readonly SourceEvent[] },
  hide: (value: Json) => Json,
  { title }: NewOptions,
): { readonly draft: RecipeDraft; readonly payloads: ReadonlyMap<string, string> } {
  const events = [...taken, ...skipped].map((one): RecordedEvent => {
    const [data, headers] = hide([one.data, one.headers]) as [Json, Record<string, string>];
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
  const words = name
    .split("-")
    .map((word) => (/^(?:ci|cd|pr|mr|api|db|url|id)$/.test(word) ? word.toUpperCase() : word))
    .join(" ");
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
      line`${colors.bold("new")} ${named}, with ${countOf(payloads.length, "payload")} and ${countOf(suite.tests.length, "test")}`,
      ...(tokens === undefined ? [] : [line`  ~${tokens} tokens per event`]),
      ...suite.problems.map(({ frame }) => frame),
      ...failed.map((one) => line`  ${colors.red("FAIL")} ${one}`),
      line`  names, mail addresses, URLs, ids and tokens in the payloads are replaced; read them before you publish them`,
      line`next: read it, set its title and its content, then  channel-router recipes test ./${named}`,
    ),
  );
  return isOk ? 0 : 1;
}
