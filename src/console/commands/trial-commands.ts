// The commands of Try: an edited config on real events. Loaded when the first of them is given.

import { join } from "node:path";
import type { RouterEvent } from "../../contract.ts";
import { type Args, readCount, readFlag, readText } from "../../control/arguments.ts";
import { keptEvent } from "../../daemon/commands/replay.ts";
import { UsageError } from "../../errors.ts";
import { maskAll } from "../../host/secret-mask.ts";
import { asObject } from "../../json.ts";
import { readRegular } from "../../regular-file.ts";
import { ConsoleFailure } from "../failure.ts";
import type { ConsoleHost } from "../host.ts";
import type { TriedEvent } from "../protocol.ts";
import type { ActiveConfig } from "../try/trial.ts";
import type { TryContext } from "../try/try-config.ts";
import { whyNotEditable } from "./config.ts";
import type { OwnCommands } from "./own-commands.ts";
import { runningOf, stateOf } from "./running.ts";

/** Stored events that a proposal looks at. */
const maxSimilar = 500;

export const trialCommands: OwnCommands = {
  async try(args, { host }) {
    const { tryConfig } = await import("../try/try-config.ts");
    return tryConfig(readText(args, "text"), readTried(args), tryContext(host));
  },

  async compare(args, { host, signal }) {
    const { compareConfig } = await import("../try/compare-config.ts");
    return compareConfig(readText(args, "text"), readCount(args, "since_ms", Number.MAX_SAFE_INTEGER), {
      ...tryContext(host),
      journal: join(host.folder, "journal"),
      signal,
    });
  },

  async propose_channel(args, { host }) {
    const { proposeChannel } = await import("../try/propose-channel.ts");
    const { tryConfig } = await import("../try/try-config.ts");
    const state = stateOf(host);
    const { config, journal } = runningOf(host);
    const event = await keptEvent(state, readText(args, "event_id"));
    const recent = await journal.recent(maxSimilar);
    const stored = recent.flatMap((kept) => (kept.type === "event" ? [kept.event] : []));
    const context = tryContext(host);
    const text = await textOf(args, host);
    const now = await tryConfig(text, { event_id: event.id }, context);
    const drafted = proposeChannel(hide(event, host), {
      stored: stored.map((one) => hide(one, host)),
      text,
      channels: config.plan.channels.map(({ name }) => name),
      takenBy: now.channels.find(({ taken }) => taken)?.name,
    });
    const { text: added, ...proposed } = drafted;
    if (added === undefined) return { ...proposed, tokens: 0 };
    const then = await tryConfig(added, { event_id: event.id }, context);
    const tokens = then.channels.find(({ name }) => name === drafted.name)?.tokens ?? 0;
    return { ...proposed, text: added, tokens };
  },

  async make_test(args, { host }) {
    const { makeTest } = await import("../try/make-test.ts");
    const event = await keptEvent(stateOf(host), readText(args, "event_id"));
    return makeTest(event, { active: activeOf(host), env: process.env, text: await textOf(args, host) });
  },

  async make_recipe(args, { host }) {
    const { makeRecipe } = await import("../try/make-recipe.ts");
    const state = stateOf(host);
    const { sources } = activeOf(host).loaded.values;
    const events: RouterEvent[] = [];
    for (const id of readIds(args)) events.push(hide(await keptEvent(state, id), host));
    return makeRecipe(events, { values: sources[events[0]?.source ?? ""], text: await textOf({}, host) });
  },

  async save(args, { host, settings }) {
    const { ChangedConfigError, saveConfig } = await import("../try/save-config.ts");
    const state = stateOf(host);
    const request = {
      text: readText(args, "text"),
      sha256: readText(args, "sha256"),
      dry_run: readFlag(args, "dry_run"),
    };
    const context = {
      active: activeOf(host),
      env: process.env,
      refused: await whyNotEditable(host, settings),
      async reload() {
        const { timeMs, ...verdict } = await state.reload();
        return { time: new Date(timeMs).toISOString(), ...verdict };
      },
    };
    return saveConfig(request, context).catch((error: unknown) => {
      if (error instanceof ChangedConfigError)
        throw new ConsoleFailure(409, "changed", error.message, error.hint);
      throw error;
    });
  },
};

function tryContext(host: ConsoleHost): TryContext {
  const state = stateOf(host);
  return {
    active: activeOf(host),
    env: process.env,
    now: () => host.clock.now(),
    stored: (eventId) => keptEvent(state, eventId),
  };
}

/** A draft is text that the user saves: secrets of the config must not be in it. */
function hide(event: RouterEvent, host: ConsoleHost): RouterEvent {
  return maskAll(event, host.mask) as unknown as RouterEvent;
}

async function textOf(args: Args, host: ConsoleHost): Promise<string> {
  return args.text === undefined ? String(await readRegular(host.file())) : readText(args, "text");
}

function readIds({ event_ids: ids }: Args): string[] {
  if (Array.isArray(ids) && ids.length > 0 && ids.length <= 50 && ids.every((id) => typeof id === "string"))
    return ids as string[];
  throw new UsageError("E_USAGE", "event_ids must be a list of 1 to 50 ids");
}

function activeOf(host: ConsoleHost): ActiveConfig {
  const state = stateOf(host);
  const { config, consent } = runningOf(host);
  return { loaded: config.loaded, chosen: state.found().chosen, consent, mask: host.mask };
}

function readTried(args: Args): TriedEvent {
  const event = asObject(args.event);
  if (typeof event.event_id === "string") return { event_id: event.event_id };
  const source = typeof event.source === "string" ? { source: event.source } : undefined;
  if (typeof event.fixture === "string") return { fixture: event.fixture, ...source };
  if (source === undefined || typeof event.data !== "string")
    throw new UsageError("E_USAGE", "event must have an event_id, a source with data, or a fixture");
  const headers = Object.fromEntries(
    Object.entries(asObject(event.headers)).flatMap(([name, value]) =>
      typeof value === "string" ? [[name.toLowerCase(), value] as const] : [],
    ),
  );
  return { ...source, data: event.data, headers };
}
