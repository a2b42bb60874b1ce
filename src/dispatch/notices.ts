// Notices, the router's own events: a backlog that is too long to push, a breaker that opened, a config with
// problems. They go through the journal like all events, on the channel `router`. They hold counts, names,
// event ids and reasons. A reason may quote outside text, as part of a line.

import type { Clock } from "../contract.ts";
import { DeliveryError } from "../errors.ts";
import type { Journal } from "../journal/journal.ts";
import { neutralise } from "../text/neutralise.ts";
import { tokensOf } from "../text/tokens.ts";
import { line, lines, type SafeText } from "../text.ts";
import { type DeliveryOptions, writeDeliveryOptions } from "./delivery-options.ts";

export const noticeChannel = "router";
const ttlMs = 24 * 60 * 60_000;
const maxIds = 20;
const maxChannels = 20;
const maxRemembered = 20;

export interface Backlog {
  readonly channels: ReadonlyMap<string, number>;
  /** Oldest first; more ids than fit in a notice are not used. */
  readonly ids: readonly string[];
}

export interface Notices {
  /** Settles when the notice is in the journal: true. False when it was rejected and should be retried. */
  backlog(sessionId: string, backlog: Backlog): Promise<boolean>;
  breaker(sessionId: string, channel: string, eventId: string): Promise<boolean>;
  /**
   * About the router itself, for the session nearest to this config file. Settles with the id of the notice;
   * undefined when it was rejected.
   */
  announce(content: SafeText, configFile: string): Promise<string | undefined>;
  /** The session ended. Returns the ids of its latest notices, which are of no use to other sessions. */
  retire(sessionId: string): readonly string[];
}

export interface NoticesOptions {
  readonly journal: Pick<Journal, "append">;
  readonly clock: Clock;
  newId(nowMs: number): string;
  /** A notice is in the journal. */
  onAppended(): void;
}

export function createNotices({ journal, clock, newId, onAppended }: NoticesOptions): Notices {
  const latest = new Map<string, string[]>();

  async function write(shown: SafeText, terms: Pick<DeliveryOptions, "to" | "configFile">, count?: number) {
    const nowMs = clock.now();
    const id = newId(nowMs);
    // A reason may quote text from outside.
    const content = neutralise(shown);
    const meta = {
      channel: noticeChannel,
      event_id: id,
      ...(count === undefined ? {} : { count: String(count) }),
    };
    const block = `<channel source="router" channel="${noticeChannel}" event_id="${id}">\n${content}\n</channel>`;
    try {
      await journal.append({
        id,
        members: [],
        delivery: {
          channel: noticeChannel,
          content,
          meta,
          tokens: tokensOf(block.length),
          priority: "low",
          untilMs: nowMs + ttlMs,
          terms: writeDeliveryOptions({ source: noticeChannel, ...terms }),
        },
      });
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      return undefined;
    }
    onAppended();
    return id;
  }

  async function append(sessionId: string, content: SafeText, count?: number): Promise<boolean> {
    const id = await write(content, { to: { session: sessionId } }, count);
    if (id === undefined) return false;
    latest.set(sessionId, [...(latest.get(sessionId) ?? []), id].slice(-maxRemembered));
    return true;
  }

  return {
    backlog(sessionId, { channels, ids }) {
      const count = [...channels.values()].reduce((sum, n) => sum + n, 0);
      const sorted = [...channels].sort(([, a], [, b]) => b - a);
      const parts = sorted.slice(0, maxChannels).map(([channel, n]) => `${channel} ${n}`);
      if (sorted.length > maxChannels) parts.push(`${sorted.length - maxChannels} more channels`);
      const shown = ids.slice(0, maxIds);
      const more = count > shown.length ? ` and ${count - shown.length} more` : "";
      return append(
        sessionId,
        lines([
          line`${count} older events wait and are not pushed: call pending to get them, oldest first.`,
          line`By channel: ${parts.join(", ")}.`,
          line`Ids: ${shown.join(" ")}${more}.`,
        ]),
        count,
      );
    },
    announce: (content, configFile) => write(content, { to: "one", configFile }),
    retire(sessionId) {
      const ids = latest.get(sessionId) ?? [];
      latest.delete(sessionId);
      return ids;
    },
    breaker: (sessionId, channel, eventId) =>
      append(
        sessionId,
        line`More than 30 events in a minute of the same thread or key on channel ${channel}: perhaps a loop. From ${eventId} on they are kept back while it goes on: call pending to get them.`,
      ),
  };
}
