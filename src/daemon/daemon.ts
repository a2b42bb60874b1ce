// The program of a leader: reads and proves the config, runs it, answers the commands, reloads, stops. Clients get their
// initialize result at once; everything else follows when it is ready. What a running config consists of is in build.ts.

import { existsSync } from "node:fs";
import { systemClock } from "../clock.ts";
import type { AttachedSession, UnansweredRequest } from "../cluster/attached-session.ts";
import type { CommandHandler } from "../cluster/calls.ts";
import type { Service } from "../cluster/leader-server.ts";
import { repeatableTools } from "../config/names.ts";
import { realPath } from "../config/paths.ts";
import { recipeUpdates } from "../config/recipe/updates.ts";
import { countIssues } from "../config/yaml/issue-location.ts";
import { isRouterError, UsageError } from "../errors.ts";
import { watchFiles } from "../host/file-watch.ts";
import { createMask, type Mask } from "../host/secret-mask.ts";
import { describeDiff } from "../plan/diff.ts";
import type { Plan } from "../plan/plan.ts";
import { createTraceRing } from "../router/trace-ring.ts";
import type { InitializeResult } from "../session/initialize-result.ts";
import { line, masked, stackOf, text } from "../text.ts";
import { aborted } from "../waiting.ts";
import { buildRunning } from "./build.ts";
import type { ChatService } from "./chat/chat-service.ts";
import { createControl } from "./commands/control.ts";
import { createTally } from "./delivery-counts.ts";
import {
  describeAttempt,
  framed,
  leadsElsewhere,
  logProblems,
  notesOn,
  waitingPowers,
  warningsIn,
} from "./messages.ts";
import type { Metrics } from "./metrics/metrics.ts";
import { Observers } from "./metrics/observers.ts";
import { nextListen } from "./open-router.ts";
import { Prompts } from "./prompts.ts";
import { createReloader, leaving, type Reloader, type ReloadResult, type Verdict } from "./reloader.ts";
import { openSessions } from "./sessions.ts";
import { keepActive, readActive } from "./start/active-config.ts";
import { ConsoleService } from "./start/console-service.ts";
import { initializeEarly } from "./start/initialize-result.ts";
import { loadPlan, type ProvenConfig } from "./start/load-plan.ts";
import { type DaemonOptions, type DaemonState, needsReceipts, type RunningParts } from "./state.ts";
import { toolsFor } from "./tools.ts";
import { openTraces, type TraceService } from "./traces/open-traces.ts";
import { type ConfigTrust, openConfigTrust } from "./trust/config-trust.ts";
import { ConnectedWays } from "./wake/connected-ways.ts";
import type { WakeConsent } from "./wake/session-wake.ts";

/** The kind of notes that name versions of Claude Code that log each channel message that they show. */
const loggingClient = "logging-client";
const maxVersionChars = 64;

function isGood(config: ProvenConfig | undefined): config is ProvenConfig {
  return config !== undefined && config.issues.length === 0;
}

/** For a command that comes before the config was read. */
const settledMs = 2_000;
const stopMs = { released: 250, deposed: 100, replaced: 100 } as const;

export class Daemon implements Service {
  readonly #options: DaemonOptions;
  readonly #state: DaemonState;
  readonly #trust: ConfigTrust;
  readonly #reloader: Reloader;
  readonly #watch: ReturnType<typeof watchFiles>;
  readonly #commands: CommandHandler;
  readonly #prompts: Prompts;
  readonly #ending = new AbortController();
  readonly #early: ReturnType<typeof initializeEarly>;
  #found: DaemonOptions["found"];
  /** As last read, good or not. */
  #config: ProvenConfig | undefined;
  #running: RunningParts | undefined;
  /** Versions of the client that log each channel message that they show. */
  readonly #loggingClients = new Set<string>();
  #chat: ChatService | undefined;
  readonly #console: ConsoleService;
  #hadReceipts = false;
  #initializeResult: InitializeResult | undefined;
  #metrics: Metrics | undefined;
  #traces: TraceService | undefined;
  /** Of all configs so far: what leaves may still contain one of an earlier config. */
  readonly #secrets = new Set<string>();
  #hide: Mask = createMask([]);
  /** Settles when the first config runs, or waits, or has a problem. */
  #started: Promise<void> = Promise.resolve();
  readonly #onHangUp = () => void this.#reload("asked");

  constructor(options: DaemonOptions) {
    const { log } = options;
    this.#options = options;
    this.#found = options.found;
    this.#early = initializeEarly(options.found, options.folder);
    this.#prompts = new Prompts({ sessions: () => this.#state.sessions.list(), log });
    this.#state = this.#createState();
    this.#trust = openConfigTrust({
      log,
      prompts: this.#prompts,
      ending: this.#ending.signal,
      config: () => this.#running?.config ?? (isGood(this.#config) ? this.#config : undefined),
      changed: () => void this.#onConsent(),
    });
    this.#reloader = createReloader({
      log,
      clock: systemClock,
      load: async () => {
        // Once a config runs its file stays the one, even while it is away.
        if (this.#running === undefined) this.#found = options.find();
        return this.#load();
      },
      last: () => this.#config,
      active: () => this.#running?.config,
      apply: (next) => (this.#running === undefined ? this.#begin(next) : this.#apply(this.#running, next)),
      tryAgain: async () => (await this.#running?.router.tryAgain())?.map(describeAttempt) ?? [],
      announce: async (content) => {
        const file = this.#running?.config.loaded.file;
        if (file !== undefined)
          await this.#running?.dispatcher.announce(
            masked(content, this.#state.mask),
            realPath(file),
            "config",
          );
      },
    });
    this.#watch = watchFiles({ clock: systemClock, onChange: () => void this.#reload("watched") });
    this.#commands = createControl(this.#state);
    this.#console = new ConsoleService(options, this.#commands);
  }

  /** Reads the config and runs it. Does not wait: clients may attach at once. */
  start(): this {
    const { options } = this.#state;
    const { log, role } = options;
    this.#started = this.#serve();
    if (role.exclusive) {
      // What changed since it was read is noticed now. A broken file is reported again, as a reload that was refused.
      this.#started
        .then(() => {
          const isBroken = this.#running !== undefined && !isGood(this.#config);
          void this.#reload(isBroken ? "asked" : "watched");
        })
        .catch(() => undefined); // Reported below.
      if (options.background) process.on("SIGHUP", this.#onHangUp);
    }
    this.#started.catch((error: unknown) => {
      if (isRouterError(error) && error.code.startsWith("E_JOURNAL_")) {
        const hint = error.hint === undefined ? "" : `; ${error.hint}`;
        log.error(line`the journal cannot be opened: ${error.message}${hint}`);
        return void options.resign(error.message);
      }
      log.error(text`the router could not start: ${stackOf(error)}`);
      options.end();
    });
    return this;
  }

  attach(attached: AttachedSession): void {
    this.#state.sessions.attach(attached);
  }

  readonly command: CommandHandler = async (...call) => {
    // One that comes while the config is read would find none.
    await Promise.race([this.#started.catch(() => undefined), aborted(AbortSignal.timeout(settledMs))]);
    return this.#commands(...call);
  };

  /** Only what has no effect outside: what the others did may have reached somebody. */
  mayRunAgain({ tool }: UnansweredRequest): boolean {
    return tool !== undefined && repeatableTools.includes(tool);
  }

  async stop(reason: keyof typeof stopMs): Promise<void> {
    this.#ending.abort();
    this.#watch.close();
    process.off("SIGHUP", this.#onHangUp);
    const deadline = AbortSignal.timeout(stopMs[reason]);
    await Promise.race([this.#started.catch(() => undefined), aborted(deadline)]);
    this.#chat?.stop();
    this.#metrics?.close();
    void this.#traces?.flush();
    await Promise.race([this.#console.close(deadline), aborted(deadline)]);
    const running = this.#running;
    if (running === undefined) return;
    await Promise.all([running.sinks.stop(deadline), running.router.stop(deadline)]);
    running.expectations.stop();
    await Promise.race([running.shaping.stop(), aborted(deadline)]);
    await running.dispatcher.stop(deadline);
    await this.#traces?.stop(deadline);
    await running.journal.close();
  }

  /** What the parts see of the daemon: functions, so that each call gives what is true now. */
  #createState(): DaemonState {
    const { log } = this.#options;
    const mask: Mask = (value) => this.#hide(value);
    const used = () => {
      const waiting =
        this.#config !== undefined && this.#trust.mayUse(this.#config) ? this.#config : undefined;
      return this.#running?.config ?? waiting;
    };
    const trust = () => this.#trust;
    const ways = new ConnectedWays(() => this.#running?.dispatcher.wake());
    return {
      options: this.#options,
      clock: systemClock,
      startedMs: Date.now(),
      tally: createTally(),
      decisions: createTraceRing(),
      observers: new Observers(),
      metrics: () => this.#metrics,
      sessions: openSessions({
        initializeResult: this.#early.result,
        log,
        mask,
        serverName: () => used()?.loaded.values.server.name ?? "router",
        logsMessages: (version) => this.#loggingClients.has(version),
        learnLogsMessages: (version) => this.#learnLogging(version),
        wake: () => this.#wakeConsent(),
        ways,
      }),
      wake: () => this.#wakeConsent(),
      ways,
      found: () => this.#found,
      config: () => this.#config,
      running: () => this.#running,
      used,
      initializeResult: () => this.#initializeResult,
      problems: () => [
        ...(this.#reloader.verdict()?.problems ?? framed(this.#config)),
        ...(this.#chat?.problems() ?? []),
      ],
      verdict: () => this.#reloader.verdict(),
      reloads: () => this.#reloader.records(),
      reload: () => this.#reload("asked"),
      look: () => this.#reload("watched"),
      secrets: () => [...this.#secrets],
      mask,
      prompts: this.#prompts,
      console: () => this.#console.opened(),
      consoleReady: () => this.#console.ready(),
      chat: () => this.#chat,
      hadReceipts: () => this.#hadReceipts,
      get trust() {
        return trust();
      },
    };
  }

  async #serve(): Promise<void> {
    const { sessions, options } = this.#state;
    const { log, role } = options;
    const first = await this.#load();
    logProblems(first, this.#found, log);
    void this.#updateInitialize(first);
    if (role.exclusive)
      options.onLifecycle(line`leading: this process runs ${this.#found.file ?? "no config"}`);
    const good = isGood(first) && this.#trust.mayUse(first) ? first : await this.#lastActive();
    const runs = good !== undefined && role.exclusive;
    if (!runs) sessions.serve({ tools: (session) => toolsFor(this.#state, session) });
    else if (!this.#ending.signal.aborted) {
      await this.#run(good);
      if (good === first) await this.#keep(good);
      else {
        log.warn(line`the config that was active last goes on until the file is good again`);
        await this.#updateInitialize(good);
      }
    }
    if (isGood(first) && role.exclusive) this.#trust.look();
    this.#serveConsole();
  }

  /** After the sources: nothing that a session waits for waits for it. */
  #serveConsole(): void {
    const isLeader = this.#options.role.exclusive && !this.#ending.signal.aborted;
    if (isLeader && (this.#running?.config ?? this.#config) !== undefined) this.#console.serve(this.#state);
  }

  async #load(): Promise<ProvenConfig | undefined> {
    const { file, chosen } = this.#found;
    this.#config =
      file === undefined ? undefined : await loadPlan(file, process.env, { makeKey: true, chosen });
    if (file !== undefined && this.#running === undefined) await this.#trust.open(file);
    this.#hideSecretsOf(this.#config);
    return this.#config;
  }

  #hideSecretsOf(config: ProvenConfig | undefined): void {
    for (const secret of config?.loaded.secrets ?? []) this.#secrets.add(secret);
    this.#hide = createMask([...this.#secrets]);
    this.#options.onSecrets([...this.#secrets]);
  }

  async #run(config: ProvenConfig): Promise<void> {
    const { sessions } = this.#state;
    const running = await buildRunning({
      state: this.#state,
      config,
      openChat: (plan, parts) => this.#openChat(plan, parts),
    });
    this.#use(running);
    await this.#useMetrics(config);
    this.#traces ??= await openTraces(this.#state);
    if (this.#ending.signal.aborted) return;
    const { dispatcher, shaping, router } = running;
    sessions.serve({
      tools: (session) => toolsFor(this.#state, session),
      waiting: (session) => dispatcher.waiting(session.id),
      reminder: (session) => this.#chat?.reminder(session.id),
      enter: async (session) => {
        await shaping.ready;
        dispatcher.attach(session.dispatchSession, session.attached.resumed);
        this.#chat?.sessionBack(session);
      },
      gone: (session) => this.#chat?.sessionGone(session),
      shown: ({ id: session }, delivery) => {
        this.#state.tally.show(delivery);
        this.#state.observers.shown(delivery, session);
        running.journal.prove({ ...delivery, session, shown: true }).catch(() => undefined); // The journal has ended.
      },
      permission: (session, request) => this.#chat?.ask(session, request),
      changed: () => {
        dispatcher.wake();
        this.#chat?.sessionsChanged();
      },
    });
    this.#trust.look();
    await router.start(config.plan);
  }

  /** Switches metrics on or off, as the config asks. */
  async #useMetrics({ loaded }: ProvenConfig): Promise<void> {
    const isWanted = loaded.values.console?.metrics === true;
    if (isWanted && this.#metrics === undefined) {
      const { Metrics } = await import("./metrics/metrics.ts");
      this.#metrics ??= new Metrics(this.#state);
    } else if (!isWanted) {
      this.#metrics?.close();
      this.#metrics = undefined;
    }
    this.#metrics?.configChanged();
  }

  #wakeConsent(): WakeConsent {
    const wake = this.#running?.config.plan.wake;
    if (wake === undefined) return { state: "off" };
    const isAllowed = this.#trust.consent()?.allows(wake.power) === true;
    return isAllowed ? { state: "allowed", ways: wake.ways } : { state: "waiting" };
  }

  #learnLogging(version: string): void {
    if (this.#loggingClients.has(version) || version.length > maxVersionChars) return;
    this.#loggingClients.add(version);
    this.#running?.journal.jot(loggingClient, version, true).catch((error) => {
      // Not kept because the disk is full or another process owns the journal: the next leader learns it again.
      if (!isRouterError(error)) throw error;
    });
  }

  #use(running: RunningParts): void {
    for (const { key } of running.journal.notes(loggingClient)) this.#loggingClients.add(key);
    this.#running = running;
    this.#hadReceipts ||= needsReceipts(running.config.plan);
  }

  /** With the first chat that a config has. */
  async #openChat({ sources }: Plan, parts: Pick<RunningParts, "journal" | "consent">): Promise<void> {
    if (this.#chat !== undefined || sources.every(({ type }) => type.chat === undefined)) return;
    const { ChatService } = await import("./chat/chat-service.ts");
    this.#chat = new ChatService({
      ...parts,
      state: this.#state,
      prompts: this.#prompts,
      ending: this.#ending.signal,
    });
  }

  async #reload(cause: "watched" | "asked"): Promise<Verdict> {
    await this.#started.catch(() => undefined); // It was reported, and ends the process.
    if (this.#ending.signal.aborted) return this.#reloader.verdict() ?? leaving;
    const verdict = await this.#reloader.reload(cause);
    this.#watchFiles();
    return verdict;
  }

  /** Every file that the active config, or the one last read, depends on. */
  #watchFiles(): void {
    if (this.#ending.signal.aborted) return;
    const files = [this.#running?.config, this.#config].flatMap((one) => one?.loaded.files ?? []);
    const paths = this.#running === undefined ? this.#found.tried : [this.#running.config.loaded.file];
    this.#watch.watch([...paths, ...files.map(({ path }) => path)]);
  }

  /** The first config that can run, after a start without one. */
  async #begin(next: ProvenConfig): Promise<ReloadResult> {
    if (!this.#options.role.exclusive)
      throw new UsageError("E_USAGE", "this process works alone, without sources");
    await this.#updateInitialize(next);
    const notes = () => waitingPowers(next, this.#trust.consent());
    const { file } = this.#found;
    if (!this.#trust.mayUse(next)) {
      this.#trust.look();
      this.#serveConsole();
      return { difference: `${file} is valid and waits for consent`, notes: notes() };
    }
    await this.#run(next);
    await this.#keep(next);
    this.#serveConsole();
    return { difference: `${file} is good now`, notes: notes() };
  }

  async #apply(now: RunningParts, next: ProvenConfig): Promise<ReloadResult> {
    const before = now.config;
    const { log } = this.#options;
    // An answer that was given before the edit counts for it.
    await now.consent.refresh();
    if (!this.#trust.mayUse(next)) throw leadsElsewhere(next.loaded.file);
    await this.#openChat(next.plan, now);
    const listen = await nextListen(before.loaded, next, { consent: now.consent, log });
    const diff = await now.router.apply(next.plan, listen);
    this.#use({ ...now, config: next });
    await this.#useMetrics(next);
    await this.#keep(next);
    now.journal.knowSources(Object.keys(next.loaded.values.sources));
    this.#trust.look();
    now.shaping.apply(next.plan);
    now.expectations.apply(next.plan);
    now.sinks.use(next.plan.sinks);
    now.dispatcher.wake();
    await this.#updateInitialize(next);
    this.#serveConsole();
    const { sessions } = this.#state;
    sessions.retool();
    const changes = [describeDiff(diff), ...recipeUpdates(before.loaded, next.loaded)].filter(
      (one) => one !== undefined,
    );
    return {
      difference: changes.length === 0 ? undefined : changes.join(", "),
      notes: [
        ...warningsIn(next),
        ...waitingPowers(next, now.consent),
        ...notesOn(before, next, sessions.list(), this.#initializeResult),
      ],
    };
  }

  /** Other answers were read: a file that waited may be used now, and the next client may receive more of it. */
  async #onConsent(): Promise<void> {
    if (this.#running !== undefined) {
      await this.#updateInitialize(this.#running.config);
      this.#state.sessions.retool();
      this.#running.dispatcher.wake();
      this.#serveConsole();
    } else if (isGood(this.#config) && this.#options.role.exclusive && this.#trust.mayUse(this.#config))
      await this.#reload("asked");
  }

  /** Settles the initialize result of the next client. */
  async #updateInitialize(config: ProvenConfig | undefined): Promise<void> {
    const problems = countIssues(config?.issues ?? []);
    await this.#early
      .settle(config?.loaded, problems, this.#trust.forInitialize(config))
      .catch((error: Error) => {
        this.#options.log.warn(
          line`the state folder cannot be written, so each start takes a little longer: ${error.message}`,
        );
      });
    this.#initializeResult = await this.#early.result();
  }

  /** For a successor that finds the file broken. */
  async #keep({ loaded, bind }: ProvenConfig): Promise<void> {
    await keepActive(this.#options.folder, loaded, bind).catch((error: Error) => {
      this.#options.log.warn(line`the active config cannot be kept in the state folder: ${error.message}`);
    });
  }

  /** The config that was active last, where the file is broken now: what the user agreed to goes on. */
  async #lastActive(): Promise<ProvenConfig | undefined> {
    const { file, chosen } = this.#found;
    const config = this.#config;
    if (file === undefined || config === undefined || config.issues.length === 0) return undefined;
    // Removing the file means to end it.
    if (!existsSync(file)) return undefined;
    const kept = await readActive(this.#options.folder, config.loaded.file, config.bind);
    if (kept === undefined) return undefined;
    const before = await loadPlan(file, process.env, { makeKey: true, chosen, kept });
    this.#hideSecretsOf(before);
    return isGood(before) && this.#trust.mayUse(before) ? before : undefined;
  }
}
