// `send`: passes a payload to the running router, or to `dev`, as if the source had received it, without its signature
// check: a user who may open the router's socket may do that.

import { findPayload } from "../../daemon/sample-payload.ts";
import { loadPlan } from "../../daemon/start/load-plan.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { UsageError } from "../../errors.ts";
import { line } from "../../text.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { reachRouterOrDev } from "../find-router.ts";
import { readData, readHeaders, readPayloadOrText } from "../payload.ts";
import { printed, printedJson } from "../print.ts";
import { printEmitted } from "./replay.ts";
import type { TalkOptions } from "./status.ts";

interface SendOptions extends TalkOptions {
  readonly data?: string;
  readonly header: readonly string[];
  readonly sample?: boolean;
}

/** 1 when no channel took it. */
export async function send(
  source: string,
  payload: string | undefined,
  options: SendOptions,
  context: CommandContext,
): Promise<ExitCode> {
  if (payload !== undefined && options.data !== undefined) {
    throw new UsageError("E_USAGE", "the payload was given twice, also with --data");
  }
  const headers = readHeaders(options.header);
  const router = await reachRouterOrDev(context, options.config);
  if (options.sample === true && (payload ?? options.data) !== undefined)
    throw new UsageError("E_USAGE", "--sample sends the payload of a test, and a payload was given too");
  const sample =
    options.sample === true ? await sampleOf(source, router.router.config, options, context) : undefined;
  const answer = await router.ask("send", {
    source,
    data:
      sample?.text ??
      (payload === undefined ? await readData(options.data ?? "{}") : await readPayloadOrText(payload)),
    headers: { ...sample?.headers, ...headers },
  });
  context.print(options.json ? printedJson(answer) : printed(...printEmitted(answer)));
  return answer.outcome === "accepted" ? 0 : 1;
}

async function sampleOf(source: string, file: string, { json }: SendOptions, context: CommandContext) {
  const proven = await loadPlan(file, context.env);
  const names = proven.plan.sources.map(({ name }) => name);
  if (!names.includes(source))
    throw new UsageError("E_USAGE", `no source named ${source}`, {
      hint: didYouMeanHint(source, names) ?? `one of ${names.join(", ")}`,
    });
  const found = findPayload(proven, source);
  if ("none" in found)
    throw new UsageError("E_USAGE", `there is no sample for ${source}: ${found.none}`, {
      hint: "add a test to the config that sends one, or pass a payload",
    });
  const { test, recipe } = found;
  const of = recipe === undefined ? "" : ` of ${recipe}`;
  if (json !== true) context.print(printed(line`the payload of the test "${test}"${of}`));
  return found;
}
