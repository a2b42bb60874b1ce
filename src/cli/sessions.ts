// `sessions`: the Claude sessions of the running router, and whether each listens.

import type { ExitCode } from "./exit.ts";
import { reachRouter } from "./reach.ts";
import { printSession, type TalkOptions } from "./status.ts";
import type { CommandWorld } from "./world.ts";

export async function sessions(options: TalkOptions, world: CommandWorld): Promise<ExitCode> {
  const { ask } = await reachRouter(world, options.config);
  const answer = await ask("sessions", {});
  if (options.json) {
    world.print(`${JSON.stringify(answer, null, 2)}\n`);
    return 0;
  }
  const lines = answer.sessions.flatMap((session) => printSession(session, world.now()));
  world.print(lines.length === 0 ? "no session is open; events wait\n" : `${lines.join("\n")}\n`);
  return 0;
}
