// The `silence` tool: mutes a channel for a while. Limited, because the wish may come from the text of an
// event: at most an hour, never a channel of high priority, and Claude is asked to inform the user.

import type { Tool } from "../../contract.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { UsageError } from "../../errors.ts";
import { cut } from "../../text/clip.ts";
import { line } from "../../text.ts";

export interface SilencePort {
  channels(): readonly { readonly name: string; readonly priority: string }[];
  /**
   * Settles with the end of the silence, in ms since the epoch, when it is durable and logged on stderr.
   * Never shortens a longer silence.
   */
  silence(channel: string, forMs: number, reason: string): Promise<number>;
}

const units = { s: 1_000, m: 60_000, h: 3_600_000 } as const;
const longestMs = units.h;

export function silenceTool(port: SilencePort): Tool {
  return {
    name: "silence",
    description: line`Stop a channel's events for up to 1h (30m, 1h). They are kept but not sent. Tell the user.`,
    input: {
      type: "object",
      properties: {
        channel: { type: "string" },
        for: { type: "string" },
        reason: { type: "string", minLength: 1, maxLength: 200 },
      },
      required: ["channel", "for", "reason"],
      additionalProperties: false,
    },
    async call(input) {
      const { channel, for: time, reason } = input as { channel: string; for: string; reason: string };
      const channels = port.channels();
      const names = channels.map(({ name }) => name);
      const found = channels.find(({ name }) => name === channel);
      if (found === undefined) {
        throw refusal(
          `no channel named ${JSON.stringify(channel.slice(0, 80))}`,
          didYouMeanHint(channel, names) ?? cut(line`channels: ${names.join(", ") || "none"}`, 1_000),
        );
      }
      if (found.priority === "high") {
        throw refusal(
          `${channel} has priority high and cannot be silenced by a tool`,
          `the user can: channel-router silence ${channel} ${time}`,
        );
      }
      const forMs = readTime(time);
      if (forMs > longestMs) {
        throw refusal(
          `${time} is longer than the 1h that a tool may silence`,
          `the user can: channel-router silence ${channel} ${time}`,
        );
      }
      const untilMs = await port.silence(channel, forMs, reason);
      return line`${channel} is silenced until ${new Date(untilMs).toISOString()}; tell the user`;
    },
  };
}

function readTime(text: string): number {
  if (!/^[1-9]\d{0,3}[smh]$/.test(text))
    throw refusal(`${JSON.stringify(text.slice(0, 40))} is not a duration`, "write it as 30m or 1h");
  return Number(text.slice(0, -1)) * units[text.slice(-1) as keyof typeof units];
}

function refusal(message: string, hint: string): UsageError {
  return new UsageError("E_SILENCE", message, { hint });
}
