// `hooks add | list | remove`: the webhooks of a config's sources at their senders. A webhook is ours if its URL
// equals that of a source; all others are ignored.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemClock } from "../../clock.ts";
import { homeFolder, projectFolder } from "../../config/paths.ts";
import { createLog } from "../../daemon/log.ts";
import { loadPlan } from "../../daemon/start/load-plan.ts";
import { openConsent } from "../../daemon/trust/consent.ts";
import { trustLocation } from "../../daemon/trust/trust-location.ts";
import { isRouterError, UsageError } from "../../errors.ts";
import { line, marked, type SafeText } from "../../text.ts";
import { colors } from "../colors.ts";
import { type CommandContext, isYes } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { configLocation } from "../find-router.ts";
import { withEditLock } from "../init/edit-lock.ts";
import { readPresent, writeChange } from "../init/files.ts";
import { dotenvText, gitignoreText } from "../init/texts.ts";
import { printed, printedJson } from "../print.ts";
import { type HookSource, httpSources, readHookSource, senders } from "./hook-source.ts";
import { readTarget } from "./hook-target.ts";
import { programRunner } from "./run-program.ts";
import type { HookApi, HookTarget, RemoteHook, WantedHook } from "./sender.ts";

export interface HooksOptions extends HookTarget {
  readonly config?: string;
  readonly url?: string;
  readonly events?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** The actual and the wanted webhook of a source. */
interface HookState {
  readonly source: HookSource;
  readonly api: HookApi;
  readonly wanted: WantedHook;
  /** Webhooks with our URL, the best match first. */
  readonly found: readonly RemoteHook[];
  /** Between the first of them and the wanted one; empty if equal. */
  readonly differences: readonly string[];
}

/** Returns 1 if nothing was registered: not supported, or the user declined. */
export async function addHook(
  name: string | undefined,
  options: HooksOptions,
  context: CommandContext,
): Promise<ExitCode> {
  requireUser(context, "register a webhook");
  const file = await usableConfig(options, context);
  const source = await chosenSource(file, name, options, context);
  if (source.sender === undefined) return cannot(source, noProgram(source), options, context);
  let state: HookState;
  try {
    state = await readState(source, file, options, context);
    if (state.found.length === 0) requireNewSecret(state, file);
    else requireKnownSecret(state, file);
  } catch (error) {
    // A usage error must not be reported as an unsupported sender.
    if (!isRouterError(error) || error.code !== "E_HOOK") throw error;
    return cannot(source, error.message, options, context, error.hint);
  }
  const made = source.sender.makesSecret === true ? undefined : source.secret.made;
  const change = changeOf(state, made !== undefined);
  if (!options.json) context.print(printed(...describeState(state, change, file)));
  const answer = { ...answerOf(state), change };
  if (change === "none" || options.dryRun) {
    if (options.json) context.print(printedJson({ ...answer, done: change === "none" }));
    return 0;
  }
  if (!(await isAgreed("Register it?", options, context))) return refused(context);
  if (made !== undefined) await storeSecret(file, source, made, context);
  try {
    await applyChange(state, file, context);
  } catch (error) {
    if (!isRouterError(error) || error.code !== "E_HOOK") throw error;
    return cannot(source, error.message, options, context, error.hint);
  }
  if (options.json) context.print(printedJson({ ...answer, done: true }));
  else
    context.print(printed(line`${colors.green("done")}: ${state.api.target} sends to ${state.wanted.url}`));
  return 0;
}

/** Returns 1 if a webhook is missing or differs. */
export async function listHooks(
  name: string | undefined,
  options: HooksOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const file = await usableConfig(options, context);
  const names = name === undefined ? await httpSources(file, context.env) : [name];
  const answers: object[] = [];
  let isComplete = true;
  for (const one of names) {
    const source = await readHookSource(file, context.env, one, options.url);
    const shown = await stateLine(source, file, options, context);
    isComplete &&= shown.isEqual;
    answers.push(shown.answer);
    if (!options.json) context.print(printed(shown.line));
  }
  if (options.json) context.print(printedJson({ hooks: answers }));
  else if (names.length === 0) context.print(printed(line`the config has no source of type http`));
  return isComplete ? 0 : 1;
}

/** Returns 1 if the webhook was not removed: the user declined, or the sender refused. */
export async function removeHook(
  name: string | undefined,
  options: HooksOptions,
  context: CommandContext,
): Promise<ExitCode> {
  requireUser(context, "remove a webhook");
  const file = await usableConfig(options, context);
  const source = await chosenSource(file, name, options, context);
  if (source.sender === undefined) return cannot(source, noProgram(source), options, context);
  const state = await readState(source, file, options, context);
  const { api, found, wanted } = state;
  const ids = found.map(({ id }) => id);
  if (!options.json)
    context.print(
      printed(
        found.length === 0
          ? line`${api.target} has no webhook for ${wanted.url}`
          : line`${api.target}: ${found.length === 1 ? "webhook" : "webhooks"} ${ids.join(", ")} for ${wanted.url}`,
      ),
    );
  if (found.length > 0 && !options.dryRun) {
    if (!(await isAgreed("Remove it?", options, context))) return refused(context);
    for (const id of ids) await api.remove(id);
    if (!options.json) context.print(printed(line`removed`));
  }
  if (options.json)
    context.print(printedJson({ target: api.target, url: wanted.url, removed: options.dryRun ? [] : ids }));
  return 0;
}

function requireUser({ underClaude }: CommandContext, what: string): void {
  if (underClaude === undefined) return;
  throw new UsageError("E_CONSENT_INTERACTIVE", `only you can ${what}, and ${underClaude.sign}`, {
    hint: "run this in your own terminal",
  });
}

/** A found config must not change the user's accounts before consent. */
async function usableConfig({ config }: HooksOptions, context: CommandContext): Promise<string> {
  const { file, chosen } = configLocation(context, config);
  const { plan, loaded } = await loadPlan(file, context.env, { chosen });
  if (plan.found === undefined) return file;
  const log = createLog({ secrets: () => loaded.secrets });
  const location = trustLocation(context.env, file);
  const consent = await openConsent({ location, all: false, clock: systemClock, log });
  if (consent.allows(plan.found.use)) return file;
  throw new UsageError("E_CONSENT_REQUIRED", `${file} was found in the project and needs your consent`, {
    hint: "run  channel-router trust  to see what it does, or name it with  --config FILE",
  });
}

async function chosenSource(
  file: string,
  name: string | undefined,
  options: HooksOptions,
  { env }: CommandContext,
): Promise<HookSource> {
  if (name !== undefined) return readHookSource(file, env, name, options.url);
  const names = await httpSources(file, env);
  const [only] = names;
  if (only !== undefined && names.length === 1) return readHookSource(file, env, only, options.url);
  throw new UsageError(
    "E_USAGE",
    only === undefined ? "the config has no source of type http" : "name a source",
    {
      hint: only === undefined ? undefined : `one of ${names.join(", ")}`,
    },
  );
}

async function readState(
  source: HookSource,
  file: string,
  options: HooksOptions,
  context: CommandContext,
): Promise<HookState> {
  const { sender, name, url, secret } = source;
  if (sender === undefined) throw new UsageError("E_USAGE", noProgram(source));
  const events = eventsIn(options.events) ?? source.events;
  if (events === undefined)
    throw new UsageError(
      "E_USAGE",
      `the channels of ${name} do not name the ${sender.title} events that they take`,
      {
        hint: `add  --events  with a comma-separated list of values of ${Object.keys(sender.eventPaths).join(" or ")}`,
      },
    );
  const run = programRunner(context.env, homeFolder(context.env));
  const target = await readTarget(sender, options, dirname(file), run);
  const api = sender.open(target, run);
  const wanted = { source: name, url, events, ...(sender.makesSecret ? {} : { secret: secret.value }) };
  const all = (await api.list()).filter((hook) => hook.url === url);
  const found = all.toSorted((a, b) => differencesOf(a, wanted).length - differencesOf(b, wanted).length);
  const [best] = found;
  return { source, api, wanted, found, differences: best === undefined ? [] : differencesOf(best, wanted) };
}

function eventsIn(text: string | undefined): string[] | undefined {
  const events = (text ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
  return events.length === 0 ? undefined : [...new Set(events)].sort();
}

function differencesOf(hook: RemoteHook, { events }: WantedHook): string[] {
  const missing = events.filter((event) => !hook.events.includes(event));
  const more = hook.events.filter((event) => !events.includes(event));
  return [
    ...hook.faults,
    ...(missing.length === 0 ? [] : [`it does not send ${missing.join(", ")}`]),
    ...(more.length === 0 ? [] : [`it also sends ${more.join(", ")}`]),
  ];
}

function changeOf({ found, differences }: HookState, isNewSecret: boolean): "create" | "update" | "none" {
  if (found.length === 0) return "create";
  return found.length > 1 || differences.length > 0 || isNewSecret ? "update" : "none";
}

/** A sender that creates the secret does so only for a new webhook. */
function requireNewSecret({ source: { sender, secret } }: HookState, file: string): void {
  if (sender?.makesSecret !== true || secret.made !== undefined) return;
  const name = secret.variable ?? "the secret";
  throw new UsageError(
    "E_USAGE",
    `${sender.title} creates the secret of a new webhook, but ${name} is already set`,
    {
      hint: `remove ${name} from ${join(dirname(file), ".env")} and run this again; or register the webhook manually`,
    },
  );
}

function requireKnownSecret({ source: { sender, secret } }: HookState, file: string): void {
  if (sender?.makesSecret !== true || secret.made === undefined) return;
  throw new UsageError(
    "E_USAGE",
    `this webhook exists at ${sender.title}, which shows its secret only in the dashboard`,
    {
      hint: `copy it to ${join(dirname(file), ".env")}:  ${secret.variable}=...  ; or remove the webhook:  channel-router hooks remove`,
    },
  );
}

async function applyChange(
  { source, api, wanted, found }: HookState,
  file: string,
  context: CommandContext,
): Promise<void> {
  const [first, ...others] = found;
  if (first === undefined) {
    const secret = await api.create(wanted);
    if (secret !== undefined) await storeSecret(file, source, secret, context);
    return;
  }
  await api.update(first.id, wanted);
  for (const { id } of others) await api.remove(id);
}

/** `.env` beside the config, readable only by the user; in a repository it must not be committed. */
async function storeSecret(
  file: string,
  { name, secret: { variable } }: HookSource,
  value: string,
  { env }: CommandContext,
): Promise<void> {
  if (variable === undefined)
    throw new UsageError("E_USAGE", `the secret of ${name} is not a variable`, {
      hint: 'write it as "${NAME}" in the config',
    });
  const folder = dirname(file);
  const path = join(folder, ".env");
  await withEditLock(folder, async () => {
    const before = await readPresent(path);
    const text = dotenvText(before, [{ input: name, variable, value }]);
    if (text !== undefined) await writeChange({ path, before, text, isPrivate: true });
  });
  if (!existsSync(join(projectFolder(folder, env), ".git"))) return;
  const ignore = join(folder, ".gitignore");
  const ignoredBefore = await readPresent(ignore);
  const ignored = gitignoreText(ignoredBefore);
  if (ignored !== undefined) await writeChange({ path: ignore, before: ignoredBefore, text: ignored });
}

async function isAgreed(
  question: string,
  { yes }: HooksOptions,
  { person }: CommandContext,
): Promise<boolean> {
  if (yes) return true;
  if (person === undefined)
    throw new UsageError(
      "E_CONSENT_INTERACTIVE",
      "this command asks for confirmation, but there is no terminal",
      {
        hint: "add --yes",
      },
    );
  return isYes(await person.ask(line`${question} [y/N] `));
}

function refused(context: CommandContext): ExitCode {
  context.print(printed(line`nothing was changed`));
  return 1;
}

function noProgram({ name, scheme }: HookSource): string {
  const known = senders.map(({ title }) => title).join(", ");
  return scheme === undefined
    ? `${name} has no verify, so its sender is unknown`
    : `webhooks of ${scheme} cannot be registered from the command line (supported: ${known})`;
}

/** Prints how to register it manually. */
function cannot(
  { name, url, setup, secret }: HookSource,
  reason: string,
  options: HooksOptions,
  context: CommandContext,
  hint?: string,
): ExitCode {
  if (options.json) {
    context.print(printedJson({ source: name, url, done: false, reason, hint, setup }));
    return 1;
  }
  context.print(
    printed(
      line`${colors.yellow("not registered")}: ${reason}`,
      ...(hint === undefined ? [] : [line`  ${hint}`]),
      line``,
      line`${colors.bold("Register it manually")}`,
      line`  URL: ${url}`,
      ...(secret.variable === undefined ? [] : [line`  secret: the value of ${secret.variable}`]),
      ...(setup === undefined ? [] : [marked(setup.trimEnd(), line`  `)]),
    ),
  );
  return 1;
}

function describeState(
  { source, api, wanted, found, differences }: HookState,
  change: string,
  file: string,
): SafeText[] {
  const { variable, made } = source.secret;
  const what = { create: "a new webhook", update: `webhook ${found[0]?.id}, updated`, none: "up to date" }[
    change
  ];
  const origin = made !== undefined ? `new, in ${join(dirname(file), ".env")}` : "already set";
  return [
    line`${colors.bold(api.target)}: ${what ?? ""}`,
    line`  URL: ${wanted.url}`,
    line`  events: ${wanted.events.join(", ")}`,
    ...(variable === undefined ? [] : [line`  secret: ${variable} (${origin})`]),
    ...differences.map((one) => line`  now: ${one}`),
    ...(found.length > 1
      ? [
          line`  removed: ${found
            .slice(1)
            .map(({ id }) => id)
            .join(", ")}, which have the same URL`,
        ]
      : []),
  ];
}

function answerOf({ source, api, wanted, found, differences }: HookState) {
  return {
    source: source.name,
    target: api.target,
    url: wanted.url,
    events: wanted.events,
    ids: found.map(({ id }) => id),
    differences,
  };
}

async function stateLine(source: HookSource, file: string, options: HooksOptions, context: CommandContext) {
  const { name, url, scheme, sender } = source;
  if (sender === undefined) {
    const answer = { source: name, url, scheme, state: "unknown", reason: noProgram(source) };
    return { isEqual: true, answer, line: line`${colors.dim("unknown   ")} ${name}: ${noProgram(source)}` };
  }
  try {
    const state = await readState(source, file, options, context);
    const { found, differences, api } = state;
    const isEqual = found.length === 1 && differences.length === 0;
    const word = found.length === 0 ? "missing" : isEqual ? "registered" : "differs";
    const twice = found.length > 1 ? [`${found.length} webhooks have this URL`] : [];
    const notes = [...differences, ...twice].map((one) => `; ${one}`).join("");
    const shown = line`${isEqual ? colors.green(word) : colors.yellow(word.padEnd(10))} ${name}: ${api.target}, ${url}${notes}`;
    return { isEqual, answer: { ...answerOf(state), state: word }, line: shown };
  } catch (error) {
    if (!isRouterError(error)) throw error;
    const answer = { source: name, url, scheme, state: "unknown", reason: error.message, hint: error.hint };
    const hint = error.hint === undefined ? "" : `; ${error.hint}`;
    return {
      isEqual: false,
      answer,
      line: line`${colors.yellow("unknown   ")} ${name}: ${error.message}${hint}`,
    };
  }
}
