// A kept event of the running router, for a test that sends it once more.

import { realPath, runningFolder } from "../config/paths.ts";
import type { RouterEvent } from "../contract.ts";
import type { CommandContext } from "./context.ts";
import { reachRouter, requireRouter } from "./find-router.ts";

/** Of the router that runs `file`, else of the one whose config is looked up. Rejects with a RouterError when none has it. */
export async function recordedEvent(
  file: string,
  eventId: string,
  world: Pick<CommandContext, "env" | "cwd" | "underClaude" | "routers">,
): Promise<RouterEvent> {
  const all = await world.routers.list(runningFolder(world.env));
  const router = all.find(({ config }) => config === realPath(file));
  const { ask } = router === undefined ? await reachRouter(world, undefined) : requireRouter(world, router);
  return ask("recall", { event_id: eventId });
}
