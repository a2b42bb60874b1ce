// What an owner does for its clients: reads and proves the config, opens the journal, runs the sources, dispatches to the
// sessions, answers the commands. Its clients are greeted at once; everything else comes as soon as it is there.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { denyAll } from "../access/deny-all.ts";
import { leaderFilePath } from "../cluster/leader-file.ts";
import type { Service } from "../cluster/leader-server.ts";
import { signalReaches } from "../cluster/process-identity.ts";
import { realPath } from "../config/paths.ts";
import { repeatableTools } from "../config/tool-names.ts";
import { countIssues } from "../config/yaml/issue-location.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import { Shaping } from "../dispatch/shaping/driver.ts";
import { isRouterError, UsageError } from "../errors.ts";
import { compileGlob } from "../filters/glob.ts";
import { systemClock } from "../host/clock.ts";
import { watchFiles } from "../host/file-watch.ts";
import { createMask, type Mask } from "../host/secret-mask.ts";
import { openJournal } from "../journal/journal.ts";
import { describeDiff } from "../plan/diff.ts";
import type { Plan } from "../plan/plan.ts";
import { createEventIds } from "../router/event-id.ts";
import { createEvictionReport } from "../router/evictions.ts";
import { createMemory } from "../router/memory.ts";
import { createRejectedSenders } from "../router/rejected-senders.ts";
import { createTraceRing } from "../router/trace-ring.ts";
import type { InitializeResult } from "../session/initialize-result.ts";
import { line, masked, stackOf, text } from "../text.ts";
import { aborted } from "../waiting.ts";
import type { ChatService } from "./chat/chat-service.ts";
import { createCommands } from "./commands/commands.ts";
import { createTally } from "./delivery-counts.ts";
import { journalled, openExpectations } from "./expectations.ts";
import {
  damageNotice,
  framed,
  leadsElsewhere,
  leaving,
  logProblems,
  notesOn,
  waitingPowers,
  warningsIn,
} from "./messages.ts";
import { lend, nextListen, openRouter } from "./open-router.ts";
import { createPromptQueue } from "./prompt-queue.ts";
import { type Applied, createReloader, type Verdict } from "./reloader.ts";
import { openSessions } from "./sessions.ts";
import { closedToSinks, openSinks } from "./sink-tools.ts";
import { keepActive, readActive } from "./start/active-config.ts";
import { initializeEarly } from "./start/initialize-result.ts";
import { loadPlan, type ProvenConfig } from "./start/load-plan.ts";
import type { DaemonOptions, DaemonState, Running } from "./state.ts";
import { toolsFor } from "./tools.ts";
import { type ConfigTrust, openConfigTrust } from "./trust/config-trust.ts";

function isGood(config: ProvenConfig | undefined): config is ProvenConfig {
  return config !== undefined && config.issues.length === 0;
}

/** A session that does not come back, because its process hangs, keeps events from the others for no longer. */
const settleMs = 1_500;
/** For a command that comes before the config was read. */
const settledMs = 2_000;
const stopMs = { released: 250, deposed: 100, replaced: 100 } as const;

export async function openDaemon(options: DaemonOptions): Promise<Service> {
  const { role, log } = options;
  const ending = new AbortController();
  const greeting = initializeEarly(options.found, options.folder);
  let found = options.found;
  let config: ProvenConfig | undefined;
  let running: Running | undefined;
  let greeted: InitializeResult | undefined;
  /** Of all configs so far: what leaves may still speak of its own. */
  const secrets = new Set<string>();
  let hide: Mask = createMask([]);
  let chat: ChatService | undefined;
  const turn = createPromptQueue();
  const mask: Mask = (text) => hide(text);

  const state: DaemonState = {
    options,
    startedMs: Date.now(),
    tally: createTally(),
    decisions: createTraceRing(),
    members: openSessions({
      greeting: greeting.greeting,
      log,
      mask,
      serverName: () => state.used()?.loaded.values.server.name ?? "router",
    }),
    found: () => found,
    config: () => config,
    running: () => running,
    used: () => running?.config ?? (config !== undefined && trust.mayUse(config) ? config : undefined),
    greeting: () => greeted,
    problems: () => [...(reloader.verdict()?.problems ?? framed(config)), ...(chat?.problems() ?? [])],
    verdict: () => reloader.verdict(),
    reload: () => reload("asked"),
    look: () => reload("watched"),
    secrets: () => [...secrets],
    mask,
    chat: () => chat,
    get trust() {
      return trust;
    },
  };
  const trust: ConfigTrust = openConfigTrust({
    log,
    members: state.members,
    turn,
    ending: ending.signal,
    config: () => running?.config ?? (isGood(config) ? config : undefined),
    changed: () => void answered(),
  });

  const reloader = createReloader({
    log,
    clock: systemClock,
    async load() {
      // Once one is in force it stays the one, even while its file is away.
      if (running === undefined) found = options.find();
      return load();
    },
    last: () => config,
    inForce: () => running?.config,
    apply: (next) => (running === undefined ? begin(next) : apply(running, next)),
    async announce(content) {
      const file = running?.config.loaded.file;
      if (file !== undefined)
        await running?.dispatcher.announce(masked(content, mask), realPath(file), "config");
    },
  });
  const watch = watchFiles({ clock: systemClock, onChange: () => void reload("watched") });

  async function reload(cause: "watched" | "asked"): Promise<Verdict> {
    await served.catch(() => undefined); // It has been told, and ends the process.
    if (ending.signal.aborted) return reloader.verdict() ?? leaving;
    const verdict = await reloader.reload(cause);
    lookAfterFiles();
    return verdict;
  }

  /** Every file that the config in force, or the one last read, hangs on. */
  function lookAfterFiles(): void {
    if (ending.signal.aborted) return;
    const files = [running?.config, config].flatMap((one) => one?.loaded.files ?? []);
    const places = running === undefined ? found.tried : [running.config.loaded.file];
    watch.watch([...places, ...files.map(({ path }) => path)]);
  }

  async function load(): Promise<ProvenConfig | undefined> {
    const { file, chosen } = found;
    config = file === undefined ? undefined : await loadPlan(file, process.env, { makeKey: true, chosen });
    if (file !== undefined && running === undefined) await trust.open(file);
    for (const secret of config?.loaded.secrets ?? []) secrets.add(secret);
    hide = createMask([...secrets]);
    options.onSecrets([...secrets]);
    return config;
  }

  async function begin(next: ProvenConfig): Promise<Applied> {
    if (!role.exclusive) throw new UsageError("E_USAGE", "this process works alone, without sources");
    await greet(next);
    const notes = () => waitingPowers(next, trust.consent());
    if (!trust.mayUse(next)) {
      trust.look();
      return { difference: `${found.file} is valid and waits for consent`, notes: notes() };
    }
    await run(next);
    await keep(next);
    return { difference: `${found.file} is good now`, notes: notes() };
  }

  /** Other answers were read: a file that waited may be used now, and the next client may be greeted with more of it. */
  async function answered(): Promise<void> {
    if (running !== undefined) await greet(running.config);
    else if (isGood(config) && role.exclusive && trust.mayUse(config)) await reload("asked");
  }

  async function apply(now: Running, next: ProvenConfig): Promise<Applied> {
    const before = now.config;
    // An answer that was given before the edit counts for it.
    await now.consent.refresh();
    if (!trust.mayUse(next)) throw leadsElsewhere(next.loaded.file);
    await openChat(next.plan, now);
    const diff = await now.router.apply(
      next.plan,
      await nextListen(before.loaded, next, { consent: now.consent, log }),
    );
    running = { ...now, config: next };
    await keep(next);
    now.journal.knowSources(Object.keys(next.loaded.values.sources));
    trust.look();
    now.shaping.apply(next.plan);
    now.expectations.apply(next.plan);
    now.sinks.use(next.plan.sinks);
    await greet(next);
    state.members.retool();
    return {
      difference: describeDiff(diff),
      notes: [
        ...warningsIn(next),
        ...waitingPowers(next, now.consent),
        ...notesOn(before, next, state.members.list(), greeted),
      ],
    };
  }

  async function greet(next: ProvenConfig | undefined): Promise<void> {
    const problems = countIssues(next?.issues ?? []);
    await greeting.settle(next?.loaded, problems, trust.ofGreeting(next)).catch((error: Error) => {
      log.warn(
        line`the state folder cannot be written, so each start takes a little longer: ${error.message}`,
      );
    });
    greeted = await greeting.greeting();
  }

  /** For a successor that finds the file broken. */
  async function keep({ loaded, bind }: ProvenConfig): Promise<void> {
    await keepActive(options.folder, loaded, bind).catch((error: Error) => {
      log.warn(line`the active config cannot be kept in the state folder: ${error.message}`);
    });
  }

  /** The config that was active last, where the file is broken now: what the user agreed to goes on. */
  async function lastActive(): Promise<ProvenConfig | undefined> {
    const { file, chosen } = found;
    if (file === undefined || config === undefined || config.issues.length === 0) return undefined;
    // Who removes the file wants it to end.
    if (!existsSync(file)) return undefined;
    const kept = await readActive(options.folder, config.loaded.file, config.bind);
    if (kept === undefined) return undefined;
    const before = await loadPlan(file, process.env, { makeKey: true, chosen, kept });
    for (const secret of before.loaded.secrets) secrets.add(secret);
    hide = createMask([...secrets]);
    options.onSecrets([...secrets]);
    return isGood(before) && trust.mayUse(before) ? before : undefined;
  }

  /** With the first chat that a config has. */
  async function openChat({ sources }: Plan, parts: Pick<Running, "journal" | "consent">): Promise<void> {
    if (chat !== undefined || sources.every(({ type }) => type.chat === undefined)) return;
    const { ChatService } = await import("./chat/chat-service.ts");
    chat = new ChatService({ ...parts, state, turn, ending: ending.signal });
  }

  async function run(proven: ProvenConfig): Promise<void> {
    const { loaded, plan } = proven;
    const { delivery } = loaded.values;
    const next = leaderFilePath(options.folder, role.epoch + 1);
    const journal = await openJournal({
      folder: join(options.folder, "journal"),
      epoch: role.epoch,
      isCurrent: () => !existsSync(next),
      clock: systemClock,
      log,
      keepMs: delivery.keepMs,
      maxBytes: delivery.maxSizeBytes,
      onForgotten: createEvictionReport(log, systemClock),
    });
    const newId = createEventIds();
    const turnedAway = createRejectedSenders({ clock: systemClock, newId, observe: state.decisions.add });
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
      log,
      newId,
      compileGlob,
      catchUp: delivery.catchUp,
      settleMs,
      mayReturn: (sessionId) => signalReaches(Number(sessionId)),
      holds: (entry, delivery, sessionId) => shaping.holds(entry, delivery, sessionId),
      spend: (sessionId, spent) => shaping.spend(sessionId, spent),
      observe(change) {
        state.tally.add(change);
        shaping.observe(change);
        chat?.changed(change);
      },
    });
    journal.knowSources(Object.keys(loaded.values.sources));
    const configFile = realPath(loaded.file);
    const damage = damageNotice(journal.recovery.damage);
    if (damage !== undefined) void dispatcher.announce(masked(damage, mask), configFile, "damage");
    const consent = await trust.open(loaded.file);
    await openChat(plan, { journal, consent });
    const lent = lend(loaded.file, systemClock, state.secrets);
    const closed = closedToSinks(() => running?.config.loaded ?? loaded);
    const sinks = openSinks(plan, journal, { host: { ...lent, clock: systemClock, closed }, consent, mask });
    const router = await openRouter({
      loaded,
      powers: plan.listen.powers,
      isOwner: true,
      people(source, refused) {
        const turnAway = (reason: string) => {
          refused({ status: 403, reason });
          turnedAway.add({ name: source.name, type: source.type.type }, reason);
        };
        return (source.type.chat === undefined ? undefined : chat?.people(source, turnAway)) ?? denyAll;
      },
      clock: systemClock,
      log,
      memory: createMemory(systemClock, journal.memory),
      newId,
      consent,
      detail: "decision",
      cursors: journal,
      lent,
      announce: (content, subject) => void dispatcher.announce(masked(content, mask), configFile, subject),
      async commit({ event, deliveries, memory }, signal) {
        await journal.append(
          {
            event,
            deliveries: deliveries.map((one) => journalled(one, configFile)),
            memory,
          },
          signal,
        );
        const channels = deliveries.map(({ channel }) => channel);
        chat?.accepted(event, channels);
        shaping.appended(channels);
      },
      observe(decision) {
        state.decisions.add(decision);
        for (const { filter, pass, channel } of decision.admission?.trace ?? [])
          if (filter === "throttle" && !pass) state.tally.drop(channel);
      },
      observeUnmatched: (unmatched) => state.decisions.addUnmatched(unmatched),
    });
    const expectations = openExpectations({
      journal,
      clock: systemClock,
      router,
      shaping,
      configFile,
      newId,
    });
    expectations.apply(plan);
    running = { config: proven, journal, router, dispatcher, shaping, expectations, consent, sinks };
    if (ending.signal.aborted) return;
    state.members.serve({
      tools: (member) => toolsFor(state, member),
      waiting: (member) => dispatcher.waiting(member.id),
      reminder: (member) => chat?.reminder(member.id),
      async enter(member) {
        await shaping.ready;
        dispatcher.attach(member.dispatchSession, member.attached.resumed);
        chat?.memberBack(member);
      },
      gone: (member) => chat?.memberGone(member),
      permission: (member, request) => chat?.ask(member, request),
      changed: () => dispatcher.wake(),
    });
    trust.look();
    await router.start(plan);
  }

  async function serve(): Promise<void> {
    const first = await load();
    logProblems(first, found, log);
    void greet(first);
    const good = isGood(first) && trust.mayUse(first) ? first : await lastActive();
    const runs = good !== undefined && role.exclusive;
    if (!runs) state.members.serve({ tools: (member) => toolsFor(state, member) });
    else if (!ending.signal.aborted) {
      await run(good);
      if (good === first) await keep(good);
      else {
        log.warn(line`the config that was active last goes on until the file is good again`);
        await greet(good);
      }
    }
    if (isGood(first) && role.exclusive) trust.look();
  }

  const served = serve();
  const control = createCommands(state);
  const onHangUp = () => void reload("asked");
  if (role.exclusive) {
    // What changed since it was read is seen now.
    // A broken file is told again as a reload that was refused: the config of before goes on.
    served
      .then(() => void reload(running !== undefined && !isGood(config) ? "asked" : "watched"))
      .catch(() => undefined); // Told below.
    if (options.background) process.on("SIGHUP", onHangUp);
  }
  served.catch((error: unknown) => {
    if (isRouterError(error) && error.code.startsWith("E_JOURNAL_")) {
      log.error(
        line`the journal cannot be opened: ${error.message}${error.hint === undefined ? "" : `; ${error.hint}`}`,
      );
      return void options.resign(error.message);
    }
    log.error(text`the router could not start: ${stackOf(error)}`);
    options.end();
  });

  return {
    attach: (attached) => state.members.attach(attached),
    async command(...call) {
      // One that comes while the config is read would be told that there is none.
      await Promise.race([served.catch(() => undefined), aborted(AbortSignal.timeout(settledMs))]);
      return control(...call);
    },
    // What the others did may have reached somebody.
    mayRunAgain: ({ tool }) => tool !== undefined && repeatableTools.includes(tool),
    async stop(reason) {
      ending.abort();
      watch.close();
      process.off("SIGHUP", onHangUp);
      const deadline = AbortSignal.timeout(stopMs[reason]);
      await Promise.race([served.catch(() => undefined), aborted(deadline)]);
      chat?.stop();
      await Promise.all([running?.sinks.stop(deadline), running?.router.stop(deadline)]);
      running?.expectations.stop();
      await Promise.race([running?.shaping.stop(), aborted(deadline)]);
      await running?.dispatcher.stop(deadline);
      await running?.journal.close();
    },
  };
}
