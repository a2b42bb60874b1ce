// The tools of one session. Tools that a config does not need are omitted: each costs tokens in every
// session.

import type { RouterEvent, Tool } from "../contract.ts";
import { UsageError } from "../errors.ts";
import { maskAll } from "../host/secret-mask.ts";
import { ackTool } from "../session/tools/ack.ts";
import { eventTool } from "../session/tools/event.ts";
import { pendingTool } from "../session/tools/pending.ts";
import { replyTool } from "../session/tools/reply.ts";
import { silenceTool } from "../session/tools/silence.ts";
import { statusTool } from "../session/tools/status.ts";
import { line, safeLine } from "../text.ts";
import { ChatTools } from "./chat/chat-tools.ts";
import { digestAsEvent, listMembers } from "./commands/digests.ts";
import type { DaemonSession } from "./sessions.ts";
import { sinkTools } from "./sink-tools.ts";
import { type DaemonState, needsReceipts, type RunningParts } from "./state.ts";
import { sessionStatus } from "./status.ts";

export function toolsFor(state: DaemonState, session: DaemonSession): Tool[] {
  const status = statusTool(() => sessionStatus(state, session));
  const running = state.running();
  if (running === undefined) return [status];
  const { channels, sources } = running.config.plan;
  const chat = sources.some(({ type }) => type.chat !== undefined) ? state.chat() : undefined;
  const chats =
    chat === undefined
      ? undefined
      : new ChatTools(running, chat, session, (eventId) => readAnswerable(state, running, session, eventId));
  return [
    ...(needsAck(state, running) ? [ackOf(state, running, session)] : []),
    eventTool({
      async read(eventId) {
        const kept = await running.journal.read(eventId);
        if (kept === undefined) return undefined;
        onNamed(state, running, session, eventId);
        const event = kept.type === "digest" ? digestAsEvent(kept) : kept.event;
        // Masked before a part is cut out: an offset inside a secret would reveal its end.
        return maskAll(event, state.mask) as unknown as RouterEvent;
      },
    }),
    pendingTool({
      fetch: (limit) => running.dispatcher.pending(session.id, limit),
      collecting: () => running.shaping.report().open.reduce((sum, { count }) => sum + count, 0),
    }),
    ...(channels.some(({ answers }) => answers.length > 0) ? [replyOf(state, running, chats, session)] : []),
    ...(chats?.tools ?? []),
    ...sinkTools(running, session, state.tally),
    silenceTool({
      channels: () => channels,
      async silence(channel, forMs, reason) {
        const priority = channels.find(({ name }) => name === channel)?.priority;
        await running.dispatcher.silence({
          channel,
          forMs,
          reason,
          by: "tool",
          ...(priority === undefined ? {} : { priority }),
        });
        state.options.log.warn(
          line`session ${session.id} silenced ${channel} for ${Math.round(forMs / 60_000)} min: ${reason}`,
        );
        const found = running.dispatcher.report().silences.find((silence) => silence.channel === channel);
        return found?.untilMs ?? Date.now() + forMs;
      },
    }),
    status,
  ];
}

/**
 * A receipt outlives the channel that requires it: events that were sent, or still are, under an earlier
 * config wait for it too.
 */
function needsAck(state: DaemonState, { config, journal }: RunningParts): boolean {
  if (needsReceipts(config.plan)) return true;
  if (journal.page({ states: ["sent"], limit: 1 }).length > 0) return true;
  return state.hadReceipts() && journal.page({ limit: 1 }).length > 0;
}

function ackOf(state: DaemonState, running: RunningParts, session: DaemonSession): Tool {
  return ackTool({
    async ack(request) {
      const answer = await running.dispatcher.ack({ ...request, session: session.id });
      for (const id of answer.acked) session.named(id);
      // One that expects no receipt is only read.
      for (const id of answer.settled) onNamed(state, running, session, id);
      return answer;
    },
  });
}

/** A tool call named the event. The first such call is recorded, as the proof that Claude has read it. */
function onNamed(
  { tally, observers }: DaemonState,
  { journal }: RunningParts,
  session: DaemonSession,
  eventId: string,
): void {
  session.named(eventId);
  if (!tally.read(eventId)) return;
  observers.read(eventId, session.id);
  journal.prove({ id: eventId, session: session.id, read: true }).catch(() => undefined); // The journal has ended.
}

/** An event that this session names, and that Claude may act on: a channel that took it allows it. */
async function readAnswerable(
  state: DaemonState,
  running: RunningParts,
  session: DaemonSession,
  eventId: string,
): Promise<RouterEvent> {
  const { config, journal } = running;
  const kept = await journal.read(eventId);
  if (kept?.type === "digest" && kept.members.length > 0) {
    throw new UsageError("E_REPLY_NONE", `${eventId} is a digest: answer one of its events`, {
      hint: listMembers(kept.members),
    });
  }
  if (kept === undefined || kept.type !== "event")
    throw new UsageError("E_EVENT_UNKNOWN", `no event with the id ${eventId}`);
  onNamed(state, running, session, eventId);
  const { event, deliveries } = kept;
  const mayAnswer = config.plan.channels.some(
    ({ name, answers }) =>
      answers.includes(event.source) && deliveries.some(({ channel }) => channel === name),
  );
  if (!mayAnswer) throw new UsageError("E_REPLY_NONE", `the sender of ${eventId} cannot be answered`);
  return event;
}

function replyOf(
  state: DaemonState,
  running: RunningParts,
  chats: ChatTools | undefined,
  session: DaemonSession,
): Tool {
  return replyTool(
    {
      async reply(eventId, answer) {
        const event = await readAnswerable(state, running, session, eventId);
        const files = (await chats?.prepare(event, answer)) ?? [];
        try {
          const said = await running.router.reply(event.source, event, {
            text: answer.text,
            ...(files.length === 0 ? {} : { files }),
            ...(answer.replyTo === undefined ? {} : { replyTo: answer.replyTo }),
          });
          chats?.answered(eventId);
          return safeLine(said);
        } finally {
          chats?.release(files);
        }
      },
    },
    { chats: chats !== undefined },
  );
}
