// Lets `send` reach `dev`: through a separate socket, registered where no other command looks for a router.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { becomeLeader } from "../cluster/leader.ts";
import type { EnvironmentVariables } from "../config/paths.ts";
import { realPath, runningFolder } from "../config/paths.ts";
import type { Json, Log } from "../contract.ts";
import { readHeaderArgs, readText } from "../control/arguments.ts";
import { sendPayload } from "../daemon/commands/replay.ts";
import { UsageError } from "../errors.ts";
import { asObject } from "../json.ts";
import { version } from "../version.ts";

/** Where the routers of `dev` are registered. */
export function devFolder(env: EnvironmentVariables): string {
  return join(runningFolder(env), "dev");
}

interface DevControlOptions {
  readonly config: string;
  readonly env: EnvironmentVariables;
  readonly log: Log;
  readonly receiver: Parameters<typeof sendPayload>[0];
  mask(answer: unknown): Json;
}

/** Call the result to close it. Rejects when the socket cannot be created. */
export async function openDevControl(options: DevControlOptions): Promise<() => Promise<void>> {
  const { config, env, log, receiver, mask } = options;
  const folder = await mkdtemp(join(tmpdir(), "channel-router-dev-"));
  const leader = await becomeLeader({
    folder,
    term: 1,
    version,
    log,
    register: { folder, runningFolder: devFolder(env), config: realPath(config) },
    serve: async () => ({
      attach: (session) => session.close("dev has no sessions"),
      mayRunAgain: () => false,
      stop: async () => undefined,
      async command(command, args) {
        if (command !== "send")
          throw new UsageError("E_USAGE", `dev answers send, not ${command}`, {
            hint: "the other commands need a router: channel-router up",
          });
        const given = asObject(args);
        const headers = readHeaderArgs(given);
        return mask(
          await sendPayload(receiver, {
            name: readText(given, "source"),
            payload: readText(given, "data"),
            headers,
          }),
        );
      },
    }),
  });
  return async () => {
    await leader?.release();
    // What is left of it among the temporary files is of no use to anybody, and no reason to fail.
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  };
}
