// The start of several new sources, of which one failure is the failure of all.

import { ConnectorError, isRouterError } from "../errors.ts";
import type { RunningSource } from "./running-source.ts";

/** All settle before the first failure is told, with the name of its source. */
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
