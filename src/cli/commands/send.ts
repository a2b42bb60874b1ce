// `send`: passes a payload to the running router, or to `dev`, as if the source had received it, without its signature
// check: a user who may open the router's socket may do that.

import { UsageError } from "../../errors.ts";
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
  const { ask } = await reachRouterOrDev(context, options.config);
  const answer = await ask("send", {
    source,
    data: payload === undefined ? await readData(options.data ?? "{}") : await readPayloadOrText(payload),
    headers,
  });
  context.print(options.json ? printedJson(answer) : printed(...printEmitted(answer)));
  return answer.outcome === "accepted" ? 0 : 1;
}
