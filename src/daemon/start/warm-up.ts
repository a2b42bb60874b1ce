// What a process does that will probably own in a moment: it loads and compiles all that its config needs, so that doing it
// again takes next to nothing.

import type { ConfigLocation } from "../../config/paths.ts";
import { loadPlan } from "./load-plan.ts";

/** Compiled parts are kept by their text. Rejects when the config cannot be read. */
export async function warmUp({ file }: ConfigLocation): Promise<void> {
  await Promise.all([import("../../session/server.ts"), file === undefined ? undefined : loadPlan(file)]);
}
