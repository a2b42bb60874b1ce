// The last step of `init`: starts the router, sends a test event, and waits until a session has it.

import { setTimeout as pause } from "node:timers/promises";
import type { EventAnswer } from "../../control/protocol.ts";
import type { SamplePayload } from "../../daemon/sample-payload.ts";
import { line } from "../../text.ts";
import { printEmitted } from "../commands/replay.ts";
import { up } from "../commands/up.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { reachRouter } from "../find-router.ts";
import { printed } from "../print.ts";

interface Trial {
  readonly config: string;
  readonly source: string;
  readonly sample: SamplePayload | undefined;
}

const lookEveryMs = 500;
const withinMs = 5 * 60_000;

/** 0 when a session has the event. */
export async function tryIt({ config, source, sample }: Trial, context: CommandContext): Promise<ExitCode> {
  const started = await up({ config }, context);
  if (started !== 0) return started;
  const { ask } = await reachRouter(context, config);
  const sent = await ask("send", {
    source,
    data: sample?.text ?? '{"hello": "from channel-router init"}',
    headers: sample?.headers ?? {},
  });
  context.print(printed(...printEmitted(sent)));
  if (sent.outcome !== "accepted") return 1;
  context.print(printed(line`waiting until a session has it (Ctrl-C ends the waiting; the event is kept)`));
  const signal = AbortSignal.any([context.interrupted(), AbortSignal.timeout(withinMs)]);
  while (!signal.aborted) {
    const { events } = await ask("events", { limit: 50 });
    const event = events.find(({ event_id }) => event_id === sent.event_id);
    if (event !== undefined && isSeen(event)) {
      context.print(printed(line`a session has it: channel-router why ${sent.event_id}  shows its way`));
      return 0;
    }
    await pause(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
  context.print(
    printed(line`no session has it yet: channel-router why ${sent.event_id}  shows what it waits for`),
  );
  return 1;
}

function isSeen({ channels }: EventAnswer): boolean {
  return channels.length > 0 && channels.every(({ state }) => state === "sent" || state === "done");
}
