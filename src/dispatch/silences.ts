// Channels that were silenced for a while. An event that dispatch reaches while its channel is silenced ends
// as `silenced`; events that already wait for `pending` stay. Kept as notes in the journal, so that a new
// leader keeps the silences.

import type { Clock, JsonObject } from "../contract.ts";
import { UsageError } from "../errors.ts";
import type { Journal } from "../journal/journal.ts";
import type { OpenEntry } from "../journal/open-entries.ts";
import type { Priority } from "../journal/records.ts";

const kind = "silence";
/** The number of notes of one kind that the journal keeps: one more would drop another. */
const maxSilences = 1_000;
const maxByToolMs = 60 * 60_000;

export interface SilenceRequest {
  readonly channel: string;
  /** 0 ends a silence. A tool may ask for at most an hour. */
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
  /**
   * Settles when it is durable and active. Rejects with a UsageError when it is not allowed, else as `note`
   * does.
   */
  set(request: SilenceRequest): Promise<void>;
  list(): Silence[];
  /** The silence that applies to an entry. */
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
      const person = `the user can: channel-router silence ${channel} <duration>`;
      if (!Number.isFinite(forMs) || forMs < 0)
        throw new UsageError("E_TOOL_INPUT", "for must be a duration", { hint: "10m, 1h" });
      if (by === "tool" && priority === "high")
        throw new UsageError("E_TOOL_INPUT", `${channel} has priority high: tools may not silence it`, {
          hint: person,
        });
      if (by === "tool" && forMs > maxByToolMs)
        throw new UsageError("E_TOOL_INPUT", "a tool may silence a channel for 1h at most", { hint: person });
      if (by === "tool" && live(channel)?.by === "person")
        throw new UsageError(
          "E_TOOL_INPUT",
          `${channel} was silenced by the user: tools may not change that`,
        );
      if (forMs === 0) {
        await journal.note(kind, channel, null);
        silences.delete(channel);
        return;
      }
      if (live(channel) === undefined && list().length >= maxSilences)
        throw new UsageError("E_SILENCE", `${maxSilences} channels are silenced already, which is the limit`);
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
