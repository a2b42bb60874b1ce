// A stored event of the running router, for a test that sends it again.

import { realPath, runningFolder } from "../config/paths.ts";
import type { RouterEvent } from "../contract.ts";
import type { CommandContext } from "./context.ts";
import { reachRouter, requireRouter } from "./find-router.ts";

/**
 * From the router that runs `file`, else from the one whose config is found. Rejects with a RouterError when
 * none has it.
 */
export async function recordedEvent(
  file: string,
  eventId: string,
  context: Pick<CommandContext, "env" | "cwd" | "underClaude" | "routers">,
): Promise<RouterEvent> {
  const all = await context.routers.list(runningFolder(context.env));
  const router = all.find(({ config }) => config === realPath(file));
  const { ask } =
    router === undefined ? await reachRouter(context, undefined) : requireRouter(context, router);
  return ask("recall", { event_id: eventId });
}
