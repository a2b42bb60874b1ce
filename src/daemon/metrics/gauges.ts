// What is true now, read when somebody asks: queues, sources, sessions, the last reload, the journal.

import { unsent } from "../../dispatch/entries.ts";
import { idTimeMs } from "../../router/event-id.ts";
import { version } from "../../version.ts";
import type { DaemonState, RunningParts } from "../state.ts";
import type { KnownName } from "./event-metrics.ts";
import type { Metric, Sample } from "./exposition.ts";
import { gauge } from "./process-metrics.ts";

export function stateMetrics(state: DaemonState, isKnown: KnownName): Metric[] {
  const running = state.running();
  const listening = { yes: 0, no: 0, unknown: 0 };
  for (const session of state.sessions.list()) listening[session.listening().state] += 1;
  return [
    {
      ...{ name: "channel_router_build", type: "info", help: "The version that runs." },
      samples: [
        {
          labels: [
            ["version", version],
            ["node", process.version],
          ],
          value: 1,
        },
      ],
    },
    gauge("channel_router_start_time_seconds", "When this process began to lead.", state.startedMs / 1_000),
    {
      ...{ name: "channel_router_sessions", type: "gauge" },
      help: "Connected sessions of Claude Code, by whether they show channel events.",
      samples: Object.entries(listening).map(([answer, value]) => ({
        labels: [["listening", answer]],
        value,
      })),
    },
    ...reloadMetrics(state),
    ...(running === undefined ? [] : runningMetrics(running, state.clock.now(), isKnown)),
  ];
}

function reloadMetrics(state: DaemonState): Metric[] {
  const verdict = state.verdict();
  const isActive = state.running() !== undefined && (state.config()?.issues.length ?? 1) === 0;
  const isGood = verdict?.ok ?? isActive;
  return [
    gauge(
      "channel_router_config_last_reload_successful",
      "1 when the config file as last read is active, else 0.",
      isGood ? 1 : 0,
    ),
    gauge(
      "channel_router_config_last_reload_timestamp_seconds",
      "When the config was last reloaded, or first read.",
      (verdict?.timeMs ?? state.startedMs) / 1_000,
    ),
  ];
}

function runningMetrics(running: RunningParts, nowMs: number, isKnown: KnownName): Metric[] {
  const { open, counts, bytes, segments, failure } = running.journal.stats();
  const oldest: Sample[] = [];
  for (const channel of new Set(counts.map((one) => one.channel))) {
    if (!isKnown("channel", channel)) continue;
    const [first] = running.journal.page({ channel, states: unsent, limit: 1 });
    const ageMs = first === undefined ? 0 : Math.max(0, nowMs - idTimeMs(first.id));
    oldest.push({ labels: [["channel", channel]], value: ageMs / 1_000 });
  }
  return [
    gauge("channel_router_open_deliveries", "Deliveries that have not ended.", open),
    {
      ...{ name: "channel_router_queue_depth", type: "gauge" },
      help: "Deliveries that have not ended, by channel and state; accepted and held ones wait.",
      samples: counts
        .filter(({ channel }) => isKnown("channel", channel))
        .map(({ channel, state, count }) => ({
          labels: [
            ["channel", channel],
            ["state", state],
          ],
          value: count,
        })),
    },
    {
      ...{ name: "channel_router_oldest_waiting_seconds", type: "gauge", unit: "seconds" },
      help: "Age of the oldest delivery that waits, by channel.",
      samples: oldest,
    },
    {
      ...{ name: "channel_router_source_up", type: "gauge" },
      help: "1 for a source that runs, else 0.",
      samples: running.router.report().sources.map(({ name, state }) => ({
        labels: [["source", name]],
        value: state === "running" ? 1 : 0,
      })),
    },
    gauge("channel_router_journal_bytes", "Size of the journal on disk.", bytes),
    gauge("channel_router_journal_segments", "Files of the journal.", segments),
    gauge(
      "channel_router_journal_writable",
      "1 unless the last write of the journal failed.",
      failure === undefined ? 1 : 0,
    ),
  ];
}
