// `run`: the stdio server that Claude Code starts. It attaches to the router of its config, or becomes it, and ends when its
// client goes.

import { parseArgs } from "node:util";
import { systemClock } from "../../clock.ts";
import { guardAgainstCrashes } from "../../daemon/crash-guard.ts";
import { createLog, logSettings } from "../../daemon/log.ts";
import { readClientFacts } from "../../daemon/start/client-facts.ts";
import { watchClient } from "../../daemon/start/client-watch.ts";
import { configOfServer } from "../../daemon/start/find-config.ts";
import type { InboxAddress } from "../../daemon/start/inbox-address.ts";
import { joinAsClient, missingNow } from "../../daemon/start/join-cluster.ts";
import { routerLocation } from "../../daemon/start/router-location.ts";
import type { Inbox } from "../../daemon/wake/inbox.ts";
import { UsageError } from "../../errors.ts";
import { type SafeLine, stackOf, text } from "../../text.ts";
import { aborted } from "../../waiting.ts";
import { openConsoleOf } from "../console/open-console.ts";
import { finish, stopSignal } from "../exit.ts";
import { toStderr } from "../terminal.ts";

/** From the first sign that the client is gone to the end of the process. */
const shutdownMs = 1_900;
/** For answers that are in progress. */
const finishMs = 200;
/** The same where the input has ended and the client is still there, as in a pipe: the router may still be starting. */
const answerMs = 8_000;
/**
 * Claude Code sends SIGKILL half a second after its first signal: the steps after this need the rest of that
 * time.
 */
const signalledSuccessorMs = 200;

/** `notes`: ignored parts of the environment, one line each. `inboxAddress`: where the client accepts messages for its session. */
export async function run(
  args: readonly string[],
  notes: readonly SafeLine[] = [],
  inboxAddress?: InboxAddress,
): Promise<void> {
  await finish(async () => {
    const { config: explicit, label, ...options } = readArguments(args);
    const chosen = { logLevel: options["log-level"], logFormat: options["log-format"] };
    const ignored: SafeLine[] = [];
    const settings = logSettings(process.env, chosen, (problem) => ignored.push(problem));
    if (process.stdin.isTTY && process.stdout.isTTY) return explainToUser();

    const find = () => configOfServer(explicit);
    const found = find();
    const location = await routerLocation(found);
    let secrets: readonly string[] = [];
    const log = createLog({ ...settings, secrets: () => secrets });
    for (const note of [...notes, ...ignored]) log.warn(note);
    const ending = new AbortController();
    const asked = aborted(ending.signal);
    const inbox = await openInbox(inboxAddress, () => cluster.factsChanged());
    const own = readClientFacts({
      env: process.env,
      cwd: process.cwd(),
      label,
      missing: () => missingNow(found, location.folder),
      inbox: () => (inbox === undefined ? undefined : (inbox.fault ?? true)),
      onChange: () => cluster.factsChanged(),
    });
    const cluster = joinAsClient({
      location,
      found,
      find,
      notes,
      log,
      client: {
        input: process.stdin,
        output: process.stdout,
        facts: own.facts,
        ...(inbox === undefined ? {} : { ring: (waiting) => inbox.ring(waiting) }),
      },
      onSecrets(known) {
        secrets = known;
      },
      openConsole: openConsoleOf,
      end: () => ending.abort(),
    });
    guardAgainstCrashes(log, systemClock, () => process.exit(1));
    const clientGone = own.client.then(
      (client) => new Promise<void>((resolve) => client !== undefined && watchClient(client, resolve)),
    );

    const signalled = stopSignal();
    const within: { finishMs: number; successorMs?: number } = { finishMs };
    const code = await Promise.race([
      cluster.ended.then(
        async () => {
          // As in a pipe: what was read before is answered first, unless nobody is left to read it.
          await Promise.race([cluster.answered(answerMs), clientGone, signalled]);
          return 0;
        },
        (error: unknown) => {
          log.error(text`${stackOf(error)}`);
          return 1;
        },
      ),
      signalled.then(() => {
        within.successorMs = signalledSuccessorMs;
        return 0;
      }),
      clientGone.then(() => 0),
      asked.then(() => 1),
    ]);
    // Nothing may outlive the client: whatever still hangs is cut off.
    setTimeout(() => process.exit(code), shutdownMs).unref();
    await cluster.close(within);
    process.exit(code);
  });
}

/** Undefined when the client has no inbox. Does not wait for its check. */
async function openInbox(
  address: InboxAddress | undefined,
  onChange: () => void,
): Promise<Inbox | undefined> {
  if (address === undefined) return undefined;
  const { Inbox } = await import("../../daemon/wake/inbox.ts");
  const inbox = new Inbox(address, onChange);
  void inbox.check();
  return inbox;
}

const commandOptions = {
  config: { type: "string", short: "c" },
  label: { type: "string" },
  "log-level": { type: "string" },
  "log-format": { type: "string" },
} as const;

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: commandOptions }).values;
  } catch (error) {
    throw new UsageError("E_USAGE", (error as Error).message, {
      hint: "channel-router run [--config FILE] [--label NAME] [--log-level LEVEL] [--log-format FORMAT]",
    });
  }
}

function explainToUser(): 2 {
  toStderr(
    text`This is the stdio server that Claude Code starts by itself.\nTo see your config at work on a terminal, type: channel-router dev\n`,
  );
  return 2;
}
