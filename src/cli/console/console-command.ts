// `console`: opens the console in a browser, with a code that lets this one browser in; and who else may use it.

import { spawn } from "node:child_process";
import type { ConsoleCommandAnswer } from "../../control/protocol.ts";
import { UsageError } from "../../errors.ts";
import { line, type SafeLine, text } from "../../text.ts";
import { colors } from "../colors.ts";
import type { TalkOptions } from "../commands/status.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { reachRouter } from "../find-router.ts";
import { printed, printedJson } from "../print.ts";

interface ConsoleOptions extends TalkOptions {
  /** False: the address is only printed. */
  readonly open?: boolean;
}

/** `id`: of the browser to revoke, or the name of a token. */
export async function console(
  action: string,
  id: string | undefined,
  options: ConsoleOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const isSecret = action === "open" || action === "token";
  // What Claude could type would let Claude in.
  if (isSecret && (context.underClaude !== undefined || context.person === undefined))
    throw new UsageError(
      "E_CONSENT_INTERACTIVE",
      "only a user at a terminal can let a browser or a program in",
      {
        hint: "type  channel-router console  in a terminal of your own",
      },
    );
  const { ask } = await reachRouter(context, options.config);
  switch (action) {
    case "open":
      return openPage(await ask("console", { do: "code" }), options, context);
    case "list":
      return list(await ask("console", { do: "list" }), options, context);
    case "token": {
      const answer = await ask("console", { do: "token", ...(id === undefined ? {} : { name: id }) });
      if (options.json) context.print(printedJson(answer));
      else context.print(text`${answer.token ?? ""}\n${colors.dim(answer.said)}\n`);
      return 0;
    }
    case "revoke": {
      if (id === undefined)
        throw new UsageError("E_USAGE", "say which one: channel-router console revoke ID", {
          hint: "channel-router console list  shows the ids",
        });
      const answer = await ask("console", { do: "revoke", id });
      context.print(options.json ? printedJson(answer) : printed(line`${answer.said}`));
      return 0;
    }
  }
  throw new UsageError("E_USAGE", `unknown action "${action}"`, {
    hint: "channel-router console [list | revoke ID | token [NAME]]",
  });
}

function openPage(answer: ConsoleCommandAnswer, options: ConsoleOptions, context: CommandContext): ExitCode {
  const { url = "", said } = answer;
  if (options.json) {
    context.print(printedJson(answer));
    return 0;
  }
  const isOpening = options.open !== false && openInBrowser(url, context.env);
  context.print(text`${url}\n${colors.dim(isOpening ? `opening in your browser; ${said}` : said)}\n`);
  return 0;
}

/** False where there is no browser to open. */
function openInBrowser(url: string, env: NodeJS.ProcessEnv): boolean {
  const [program, ...args] = opener(env);
  if (program === undefined) return false;
  const child = spawn(program, [...args, url], { stdio: "ignore", detached: true });
  // The address was printed.
  child.on("error", () => undefined);
  child.unref();
  return true;
}

function opener(env: NodeJS.ProcessEnv): readonly string[] {
  if (env.SSH_CONNECTION !== undefined) return [];
  if (process.platform === "darwin") return ["open"];
  if (process.platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
  return (env.DISPLAY ?? env.WAYLAND_DISPLAY) === undefined ? [] : ["xdg-open"];
}

function list(answer: ConsoleCommandAnswer, { json }: ConsoleOptions, context: CommandContext): ExitCode {
  if (json) {
    context.print(printedJson(answer));
    return 0;
  }
  const rows = answer.browsers.map(
    ({ id, name, since, last_seen, token }): SafeLine =>
      line`${id}  ${token === true ? "token" : "browser"}  ${name ?? ""}  since ${since.slice(0, 10)}${last_seen === undefined ? "" : `, last seen ${last_seen.slice(0, 16).replace("T", " ")} UTC`}`,
  );
  const nobody = line`no browser may use the console yet: type  channel-router console`;
  context.print(printed(...(rows.length === 0 ? [nobody] : rows)));
  return 0;
}
