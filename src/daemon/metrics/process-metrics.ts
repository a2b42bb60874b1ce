// The process itself, by the names that all client libraries of Prometheus use.

import { readdirSync } from "node:fs";
import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { Metric } from "./exposition.ts";

const startSeconds = Date.now() / 1_000 - process.uptime();

export class ProcessMetrics {
  /** Since the last look. */
  readonly #delay: IntervalHistogram = monitorEventLoopDelay({ resolution: 20 });

  constructor() {
    this.#delay.enable();
  }

  close(): void {
    this.#delay.disable();
  }

  metrics(): Metric[] {
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    // The histogram measures whole intervals, not only what they were late by.
    const lagSeconds = Math.max(0, this.#delay.max / 1e9 - 0.02);
    this.#delay.reset();
    const descriptors = openDescriptors();
    return [
      {
        ...{ name: "process_cpu_seconds", type: "counter" },
        help: "User and system CPU time in seconds.",
        samples: [{ labels: [], value: (user + system) / 1e6 }],
      },
      gauge("process_start_time_seconds", "When the process started, in seconds since 1970.", startSeconds),
      gauge("process_resident_memory_bytes", "Resident memory in bytes.", rss),
      ...(descriptors === undefined
        ? []
        : [gauge("process_open_fds", "Open file descriptors.", descriptors)]),
      gauge("nodejs_heap_size_used_bytes", "Heap in use in bytes.", heapUsed),
      gauge(
        "nodejs_eventloop_lag_max_seconds",
        "Longest delay of the event loop since the last scrape.",
        lagSeconds,
      ),
    ];
  }
}

/** Of this name; the unit is what the name ends with. */
export function gauge(name: string, help: string, value: number): Metric {
  const unit = name.endsWith("_seconds") ? "seconds" : name.endsWith("_bytes") ? "bytes" : undefined;
  return {
    name,
    type: "gauge",
    ...(unit === undefined ? {} : { unit }),
    help,
    samples: [{ labels: [], value }],
  };
}

/** Undefined where the system does not say. */
function openDescriptors(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return undefined;
  }
}
