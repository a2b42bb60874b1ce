// `access`: who may write through the chats of a config. Asks the running router, or changes the file in the
// state folder while none runs: then it is read at the next start.

import { join } from "node:path";
import {
  type AccessAnswer,
  type AccessRequest,
  administer,
  type SourceAccessAnswer,
} from "../../access/administer.ts";
import { openAccessStore } from "../../access/store.ts";
import { systemClock } from "../../clock.ts";
import { stateFolder } from "../../config/paths.ts";
import type { AccessOptions } from "../../contract/chat.ts";
import { createLog } from "../../daemon/log.ts";
import { loadPlan } from "../../daemon/start/load-plan.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { UsageError } from "../../errors.ts";
import { writeStateFile } from "../../files/state-file.ts";
import { cut } from "../../text/clip.ts";
import { line, type SafeLine, type SafeText, safeLine } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext, RunningRouter } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { configFile, findRouter, requireRouter } from "../find-router.ts";
import { printed, printedJson } from "../print.ts";
import { printRelative } from "../times.ts";
import type { TalkOptions } from "./status.ts";

/** Requests that admit somebody. Claude reads what strangers write, so they are refused in Claude's shell. */
const widening: ReadonlySet<AccessRequest["do"]> = new Set(["pair", "allow", "policy", "group"]);

export async function access(
  request: AccessRequest,
  options: TalkOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const file = configFile(context, options.config);
  const router = await findRouter(context, file);
  if (widening.has(request.do) && context.underClaude !== undefined)
    return askPerson(request, options, context, router);
  const answer =
    router === undefined
      ? await withoutRouter(request, file, context)
      : await requireRouter(context, router).ask("access", { request });
  if (options.json) {
    context.print(printedJson(answer));
    return 0;
  }
  const shown = request.do === "list" ? printAccess(answer, context.now()) : [safeLine(answer.said)];
  context.print(printed(...shown));
  return 0;
}

/** Longer than the router lets a command wait for an answer to its form. */
const askWithinMs = 75_000;

/** The router asks the user at the terminal: Claude may be using this shell. */
async function askPerson(
  request: AccessRequest,
  options: TalkOptions,
  context: CommandContext,
  router: RunningRouter | undefined,
): Promise<ExitCode> {
  if (router === undefined) {
    throw new UsageError(
      "E_CONSENT_INTERACTIVE",
      "only the user can admit somebody, and this shell is Claude's",
      {
        hint: "no router runs that could ask you with a form; run this in your own terminal",
      },
    );
  }
  const { CLAUDE_CODE_SESSION_ID: session } = context.env;
  const answer = await requireRouter(context, router).ask(
    "ask_access",
    { request, ...(session === undefined ? {} : { session }) },
    { withinMs: askWithinMs },
  );
  context.print(options.json ? printedJson(answer) : printed(safeLine(answer.said)));
  return answer.state === "refused" ? 1 : 0;
}

async function withoutRouter(
  request: AccessRequest,
  file: string,
  context: CommandContext,
): Promise<AccessAnswer> {
  const { loaded, plan } = await loadPlan(file, context.env);
  const store = openAccessStore({
    file: join(stateFolder(context.env, file), "access.json"),
    clock: systemClock,
    log: createLog({ secrets: () => loaded.secrets }),
    write: writeStateFile,
  });
  const chats = Object.fromEntries(
    plan.sources
      .filter(({ type }) => type.chat !== undefined)
      .map(({ name, type, options }) => [
        name,
        { ...type.chat, type: type.type, access: options.access as unknown as AccessOptions },
      ]),
  );
  return administer(request, { store, clock: systemClock, chats: () => chats });
}

/** The latest waiting strangers: a flood of them must not hide who may write. */
const maxWaiting = 20;

function printAccess({ sources }: AccessAnswer, nowMs: number): SafeText[] {
  if (sources.length === 0) return [line`this config has no chat source`];
  return sources.flatMap((one) => [
    line`${colors.bold(one.source)} (${one.type}): ${one.dm}`,
    ...one.pending
      .slice(-maxWaiting)
      .map(
        ({ code, id, name, until }) =>
          line`  ${colors.yellow("waits  ")}  ${code}  ${who(id, name)}, ends ${printRelative(until, nowMs)}`,
      ),
    ...(one.pending.length > maxWaiting
      ? [line`  ${one.pending.length - maxWaiting} more wait from earlier: access list --json shows all`]
      : []),
    ...one.people.map(
      ({ id, name, from }) => line`  ${colors.green("allowed")}  ${who(id, name)}${inConfig(from)}`,
    ),
    ...one.bots.map((id) => line`  ${colors.green("bot    ")}  ${id}${inConfig("config")}`),
    ...one.groups.map(
      (group) => line`  ${colors.green("group  ")}  ${printGroup(group)}${inConfig(group.from)}`,
    ),
    ...(one.pending.length + one.people.length + one.groups.length === 0 ? [line`  nobody may write`] : []),
  ]);
}

function printGroup({ chat, mention, allow }: SourceAccessAnswer["groups"][number]): SafeLine {
  const when = mention ? "when mentioned" : "every message";
  return line`${chat}: ${allow.length === 0 ? "nobody" : allow.join(", ")}, ${when}`;
}

function who(id: string, name: string | undefined): SafeText {
  return name === undefined ? safeLine(id) : line`${id} ${name}`;
}

function inConfig(from: "config" | "paired" | "added"): string {
  return from === "config" ? " (in the config)" : "";
}

/** `a,b` or several words. */
export function readIds(written: readonly string[]): string[] {
  return written.flatMap((word) => word.split(",")).filter((id) => id !== "");
}

const policies = ["pairing", "allowlist", "disabled", "config"] as const;

export function readPolicy(written: string): (typeof policies)[number] {
  const found = policies.find((policy) => policy === written);
  if (found !== undefined) return found;
  throw new UsageError("E_USAGE", `"${written}" is not a policy`, {
    hint: `there are: ${policies.join(", ")}`,
  });
}

/** It is not a part of `access`, and `list` takes no arguments. */
export function refuseWord(word: string, parts: readonly string[]): never {
  throw new UsageError("E_USAGE", `access does not know "${cut(safeLine(word), 40)}"`, {
    hint: didYouMeanHint(word, parts) ?? `there are: ${parts.join(", ")}`,
  });
}
