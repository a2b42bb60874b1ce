// Channels that somebody told to be quiet for a while. An event that dispatch comes to while its channel is silent ends as
// `silenced`; what already waits for `pending` stays. Kept as notes of the journal, so that a new owner is as quiet.

import type { Clock, JsonObject } from "../contract.ts";
import { UsageError } from "../errors.ts";
import type { Journal } from "../journal/journal.ts";
import type { OpenEntry } from "../journal/open-entries.ts";
import type { Priority } from "../journal/records.ts";

const kind = "silence";
/** As many as the journal keeps of one kind of note: one more would be forgotten. */
const maxSilences = 1_000;
const maxByToolMs = 60 * 60_000;

export interface SilenceRequest {
  readonly channel: string;
  /** 0 ends a silence. A tool may ask for an hour at most. */
  readonly forMs: number;
  readonly reason: string;
  readonly by: "tool" | "person";
  /** The channel's own, from the plan: a tool never silences a `high` one. */
  readonly priority?: Priority;
}

export interface Silence {
  readonly channel: string;
  readonly untilMs: number;
  readonly reason: string;
  readonly by: "tool" | "person";
}

export interface Silences {
  /** Settles when it is durable and in force. Rejects with a UsageError when it is not allowed, else as `note` does. */
  set(request: SilenceRequest): Promise<void>;
  list(): Silence[];
  /** The silence that an entry falls under. */
  over(entry: OpenEntry): Silence | undefined;
}

export function createSilences(journal: Pick<Journal, "note" | "notes">, clock: Clock): Silences {
  const silences = new Map<string, Silence>();
  for (const { key, value, untilMs } of journal.notes(kind)) {
    const { reason, by } = value as JsonObject;
    silences.set(key, {
      channel: key,
      untilMs: untilMs ?? 0,
      reason: typeof reason === "string" ? reason : "",
      by: by === "person" ? "person" : "tool",
    });
  }

  function live(channel: string): Silence | undefined {
    const silence = silences.get(channel);
    if (silence === undefined || silence.untilMs > clock.now()) return silence;
    silences.delete(channel);
    return undefined;
  }

  const list = () => [...silences.keys()].flatMap((channel) => live(channel) ?? []);

  return {
    async set({ channel, forMs, reason, by, priority }) {
      const person = `a person can: channel-router silence ${channel} <duration>`;
      if (!Number.isFinite(forMs) || forMs < 0)
        throw new UsageError("E_TOOL_INPUT", "for must be a duration", { hint: "10m, 1h" });
      if (by === "tool" && priority === "high")
        throw new UsageError("E_TOOL_INPUT", `${channel} has priority high: no tool may silence it`, {
          hint: person,
        });
      if (by === "tool" && forMs > maxByToolMs)
        throw new UsageError("E_TOOL_INPUT", "a tool may silence a channel for 1h at most", { hint: person });
      if (by === "tool" && live(channel)?.by === "person")
        throw new UsageError("E_TOOL_INPUT", `${channel} was silenced by a person: no tool may change that`);
      if (forMs === 0) {
        await journal.note(kind, channel, null);
        silences.delete(channel);
        return;
      }
      if (live(channel) === undefined && list().length >= maxSilences)
        throw new UsageError("E_SILENCE", `${maxSilences} channels are silent already, and no more can be`);
      const untilMs = clock.now() + forMs;
      await journal.note(kind, channel, { reason, by }, untilMs);
      silences.set(channel, { channel, untilMs, reason, by });
    },
    list,
    over({ channel, priority }) {
      const silence = silences.size === 0 ? undefined : live(channel);
      return silence?.by === "tool" && priority === "high" ? undefined : silence;
    },
  };
}
