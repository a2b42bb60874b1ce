// For a process that will probably lead soon: loads and compiles everything its config needs, so that doing
// it again takes next to no time.

import type { ConfigLocation } from "../../config/config-location.ts";
import { loadPlan } from "./load-plan.ts";

/** Compiled parts are cached by their text. Rejects when the config cannot be read. */
export async function warmUp({ file }: ConfigLocation): Promise<void> {
  await Promise.all([import("../../session/server.ts"), file === undefined ? undefined : loadPlan(file)]);
}
