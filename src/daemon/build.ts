// Builds the parts that run a config, in the order in which they need each other: journal, shaping and dispatcher, chats, sinks,
// router, expectations. Starts no source.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { denyAll } from "../access/deny-all.ts";
import { systemClock } from "../clock.ts";
import { leaderFilePath } from "../cluster/leader-file.ts";
import { thisBoot } from "../cluster/machine.ts";
import { signalReaches } from "../cluster/process-identity.ts";
import { realPath } from "../config/paths.ts";
import type { TrySource } from "../contract/event.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import { Shaping } from "../dispatch/shaping/driver.ts";
import { compileGlob } from "../filters/glob.ts";
import { type Journal, openJournal } from "../journal/journal.ts";
import type { Plan } from "../plan/plan.ts";
import { createEventIds } from "../router/event-id.ts";
import { createEvictionReport } from "../router/evictions.ts";
import { createMemory } from "../router/memory.ts";
import { createRejectedSenders } from "../router/rejected-senders.ts";
import type { Router } from "../router/router.ts";
import { quietUntilMs } from "../shaping/quiet.ts";
import { line, masked } from "../text.ts";
import { journalled, openExpectations } from "./expectations.ts";
import { damageNotice } from "./messages.ts";
import { lend, openRouter } from "./open-router.ts";
import { trySource } from "./sample-payload.ts";
import { closedToSinks, openSinks } from "./sink-tools.ts";
import type { ProvenConfig } from "./start/load-plan.ts";
import type { DaemonState, RunningParts } from "./state.ts";
import type { Consent } from "./trust/consent.ts";

/** A session that does not come back, because its process hangs, keeps events from the others for no longer. */
const settleMs = 1_500;

interface BuildOptions {
  readonly state: DaemonState;
  readonly config: ProvenConfig;
  /** Called once there is a journal: a chat needs it, and the sources' people come from the chats. */
  openChat(plan: Plan, parts: Pick<RunningParts, "journal" | "consent">): Promise<void>;
}

/** Settles with the parts; rejects when the journal or the listener cannot be opened. */
export async function buildRunning({ state, config, openChat }: BuildOptions): Promise<RunningParts> {
  const { loaded, plan } = config;
  const { mask, trust } = state;
  const newId = createEventIds();
  const configFile = realPath(loaded.file);
  const opened = await openJournalOf(state, config);
  const journal: Journal = {
    ...opened,
    async append(record, signal) {
      await opened.append(record, signal);
      if (!("event" in record)) state.observers.digested(record);
    },
  };
  const { shaping, dispatcher } = createDispatch(state, config, journal, newId);
  journal.knowSources(Object.keys(loaded.values.sources));
  const damage = damageNotice(journal.recovery.damage);
  if (damage !== undefined) void dispatcher.announce(masked(damage, mask), configFile, "damage");
  const consent = await trust.open(loaded.file);
  await openChat(plan, { journal, consent });
  const lent = lend(loaded.file, systemClock, state.secrets);
  const closed = closedToSinks(() => state.running()?.config.loaded ?? loaded);
  const sinks = openSinks(plan, journal, state.observers, {
    host: { ...lent, clock: systemClock, closed },
    consent,
    mask,
  });
  const parts = { journal, shaping, dispatcher, consent, lent, newId, configFile };
  const router = await createRouterOf(state, config, parts);
  const expectations = openExpectations({ journal, clock: systemClock, router, shaping, configFile, newId });
  expectations.apply(plan);
  return { config, journal, router, dispatcher, shaping, expectations, consent, sinks };
}

async function openJournalOf({ options }: DaemonState, { loaded }: ProvenConfig): Promise<Journal> {
  const { folder, role, log } = options;
  const { delivery } = loaded.values;
  const next = leaderFilePath(folder, role.term + 1);
  return openJournal({
    folder: join(folder, "journal"),
    term: role.term,
    boot: await thisBoot(),
    isCurrent: () => !existsSync(next),
    clock: systemClock,
    log,
    keepMs: delivery.keepMs,
    maxBytes: delivery.maxSizeBytes,
    onForgotten: createEvictionReport(log, systemClock),
  });
}

/** Each of the two asks the other one: shaping says what is held back, dispatch delivers what it lets go. */
function createDispatch(
  state: DaemonState,
  { loaded, plan }: ProvenConfig,
  journal: Journal,
  newId: ReturnType<typeof createEventIds>,
): Pick<RunningParts, "shaping" | "dispatcher"> {
  const shaping: Shaping = new Shaping({
    journal,
    clock: systemClock,
    plan,
    newId,
    dispatcher: () => dispatcher,
  });
  const dispatcher: Dispatcher = new Dispatcher({
    journal,
    clock: systemClock,
    log: state.options.log,
    newId,
    compileGlob,
    catchUp: loaded.values.delivery.catchUp,
    settleMs,
    mayReturn: (sessionId) => signalReaches(Number(sessionId)),
    holds: shaping.holds.bind(shaping),
    isShaped: shaping.isShaped.bind(shaping),
    spend(sessionId, spent) {
      shaping.spend(sessionId, spent);
      state.observers.spent(spent.channel, spent.tokens);
    },
    written: (written) => state.observers.written(written),
    wakes: (channel) => planOf(state)?.channels.find(({ name }) => name === channel)?.wakes ?? true,
    quietUntilMs(channel, nowMs) {
      const windows = planOf(state)?.channels.find(({ name }) => name === channel)?.shaping.options.quiet;
      return windows === undefined || windows.length === 0 ? undefined : quietUntilMs(windows, nowMs);
    },
    observe(change) {
      state.tally.add(change);
      state.observers.changed(change);
      shaping.observe(change);
      state.chat()?.changed(change);
    },
  });
  return { shaping, dispatcher };
}

function planOf(state: DaemonState): Plan | undefined {
  return state.running()?.config.plan;
}

interface RouterParts extends Pick<RunningParts, "journal" | "shaping" | "dispatcher"> {
  readonly consent: Consent;
  readonly lent: ReturnType<typeof lend>;
  readonly newId: ReturnType<typeof createEventIds>;
  readonly configFile: string;
}

function createRouterOf(state: DaemonState, config: ProvenConfig, parts: RouterParts): Promise<Router> {
  const { loaded, plan } = config;
  const { journal, shaping, dispatcher, consent, lent, newId, configFile } = parts;
  const rejected = createRejectedSenders({ clock: systemClock, newId, observe: state.decisions.add });
  return openRouter({
    loaded,
    powers: plan.listen.powers,
    isLeader: true,
    tryWith: tryOnce(() => state.running()?.config ?? config),
    people(source, refused) {
      const reject = (reason: string) => {
        refused({ status: 403, reason });
        rejected.add({ name: source.name, type: source.type.type }, reason);
      };
      return (source.type.chat === undefined ? undefined : state.chat()?.people(source, reject)) ?? denyAll;
    },
    clock: systemClock,
    log: state.options.log,
    onListen: (address) => state.options.onLifecycle(line`listening on ${address}`),
    memory: createMemory(systemClock, journal.memory),
    newId,
    consent,
    detail: "decision",
    cursors: journal,
    lent,
    announce: (content, subject) =>
      void dispatcher.announce(masked(content, state.mask), configFile, subject),
    async commit({ event, deliveries, memory }, signal) {
      state.observers.admitted(event);
      await journal.append(
        { event, deliveries: deliveries.map((one) => journalled(one, configFile)), memory },
        signal,
      );
      state.chat()?.accepted(
        event,
        deliveries.map(({ channel }) => channel),
      );
      state.observers.stored(event, deliveries);
      shaping.appended(deliveries);
    },
    observe(decision) {
      state.decisions.add(decision);
      state.observers.decided(decision);
      for (const { filter, pass, channel } of decision.admission?.trace ?? [])
        if (filter === "throttle" && !pass) state.tally.drop(channel);
    },
    observeUnmatched(unmatched, source) {
      state.decisions.addUnmatched(unmatched);
      state.observers.unmatched(source, unmatched.count);
    },
    refused: (_, source) => state.observers.refused(source),
    onAnswered: (source, tookMs) => state.observers.answered(source, tookMs),
  });
}

/** `trySource`, once for each source of a plan: each status asks. */
function tryOnce(config: () => ProvenConfig): (source: string) => TrySource {
  const found = new WeakMap<Plan, Map<string, TrySource>>();
  return (source) => {
    const { loaded, plan } = config();
    const known = found.get(plan) ?? new Map<string, TrySource>();
    found.set(plan, known);
    const result = known.get(source) ?? trySource({ loaded, plan }, source);
    known.set(source, result);
    // A status is not the place for a long payload.
    return "none" in result ? result : { commandLine: result.commandLine };
  };
}
