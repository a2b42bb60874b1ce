// Starts several new sources, where one failure fails all.

import { ConnectorError, isRouterError } from "../errors.ts";
import type { RunningSource } from "./running-source.ts";

/** Waits for all before it reports the first failure, with the name of its source. */
export async function startSources(sources: readonly RunningSource[]): Promise<void> {
  const results = await Promise.allSettled(sources.map((one) => one.begin()));
  for (const [index, result] of results.entries()) {
    if (result.status === "fulfilled") continue;
    const { name } = sources[index] as RunningSource;
    if (!isRouterError(result.reason)) throw result.reason;
    const { code, message, hint } = result.reason;
    throw new ConnectorError(code, `source ${name} cannot start: ${message}`, { hint, cause: result.reason });
  }
}
