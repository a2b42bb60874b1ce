// `run`: the stdio server that Claude Code starts. The client is answered first; then the config is read and proven, the
// sources start, and everything ends when the client goes.

import { parseArgs } from "node:util";
import { findConfig } from "../config/places.ts";
import { UsageError } from "../errors.ts";
import { createLog } from "../runtime/log.ts";
import { openSession } from "../session/session.ts";
import { finish } from "./exit.ts";
import { greetFast } from "./greeting.ts";
import { stopSignal } from "./stop-signal.ts";

/** From the first sign that the client is gone to the end of the process. */
const shutdownMs = 2_000;
const sourcesStopMs = 1_000;

export async function run(args: readonly string[]): Promise<void> {
  await finish(async () => {
    const explicit = readArguments(args);
    if (process.stdin.isTTY && process.stdout.isTTY) return tellPerson();

    const found = findConfig({ explicit, env: process.env, cwd: process.cwd() });
    let secrets: readonly string[] = [];
    const log = createLog({ secrets: () => secrets });
    const greeting = greetFast(found);
    const session = openSession({
      input: process.stdin,
      output: process.stdout,
      greeting: greeting.greeting,
      log,
    });
    process.stdin.resume();

    const clientIsGone = Promise.race([session.ended, stopSignal()]);
    const { startServing } = await import("./serve.ts");
    const serving = startServing({
      found,
      explicit,
      session,
      log,
      greeting,
      onSecrets(known) {
        secrets = known;
      },
    });

    const code = await Promise.race([clientIsGone.then(() => 0), serving.failed.then(() => 1)]);
    // Nothing may outlive the client: whatever still hangs is cut.
    setTimeout(() => process.exit(code), shutdownMs - 100).unref();
    await serving.stop(AbortSignal.timeout(sourcesStopMs));
    await session.close();
    process.exit(code);
  });
}

function readArguments(args: readonly string[]): string | undefined {
  try {
    const { values } = parseArgs({ args: [...args], options: { config: { type: "string", short: "c" } } });
    return values.config;
  } catch (error) {
    throw new UsageError("E_USAGE", (error as Error).message, { hint: "channel-router run [--config FILE]" });
  }
}

function tellPerson(): 2 {
  process.stderr.write(
    "This is the stdio server that Claude Code starts by itself.\nTo see your config at work on a terminal, type: channel-router dev\n",
  );
  return 2;
}
