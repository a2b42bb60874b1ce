// Traces of a leader, where the environment asks for them. Whatever goes wrong is a warning: no event waits for it.

import { isRouterError } from "../../errors.ts";
import { line } from "../../text.ts";
import { aborted } from "../../waiting.ts";
import type { DaemonState } from "../state.ts";
import { traceSettings } from "./settings.ts";

export interface TraceService {
  /** Sends what is queued. Never rejects. */
  flush(): Promise<void>;
  /** Sends what is queued, for at most this time. */
  stop(deadline: AbortSignal): Promise<void>;
}

export async function openTraces(
  state: DaemonState,
  env: NodeJS.ProcessEnv = process.env,
): Promise<TraceService | undefined> {
  const settings = traceSettings(env);
  const { log, folder } = state.options;
  if ("problem" in settings) log.warn(settings.problem);
  if (settings.state === "off") return undefined;
  try {
    const { openExporter } = await import("./exporter.ts");
    const { EventTraces } = await import("./event-traces.ts");
    const exporter = await openExporter(env, log);
    const traces = new EventTraces({
      exporter,
      clock: state.clock,
      folder,
      startedMs: state.startedMs,
      read: async (eventId) => state.running()?.journal.read(eventId),
    });
    const unobserve = state.observers.add(traces);
    return {
      flush: () => exporter.flush(),
      async stop(deadline) {
        await Promise.race([exporter.flush(), aborted(deadline)]);
        unobserve();
        exporter.close();
      },
    };
  } catch (error) {
    const { message } = error as Error;
    const hint = isRouterError(error) && error.hint !== undefined ? `: run ${error.hint}` : "";
    log.warn(line`no traces, although OTEL_EXPORTER_OTLP_ENDPOINT is set: ${message}${hint}`);
    return undefined;
  }
}
