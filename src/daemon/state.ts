// What the parts of a service see of it, and what it needs to begin.

import type { CommandHandler } from "../cluster/calls.ts";
import type { LeaderRole } from "../cluster/leader.ts";
import type { ConfigLocation } from "../config/config-location.ts";
import type { Clock, Log } from "../contract.ts";
import type { Args } from "../control/arguments.ts";
import type { ConsoleCommandAnswer } from "../control/protocol.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { Shaping } from "../dispatch/shaping/driver.ts";
import type { Journal } from "../journal/journal.ts";
import type { Plan } from "../plan/plan.ts";
import type { Expectations } from "../router/expectations.ts";
import type { Router } from "../router/router.ts";
import type { Sinks } from "../router/sinks.ts";
import type { TraceRing } from "../router/trace-ring.ts";
import type { InitializeResult } from "../session/initialize-result.ts";
import type { SafeLine, SafeText } from "../text.ts";
import type { ChatService } from "./chat/chat-service.ts";
import type { DeliveryCounter } from "./delivery-counts.ts";
import type { MetricsPage } from "./metrics/exposition.ts";
import type { Observers } from "./metrics/observers.ts";
import type { Prompts } from "./prompts.ts";
import type { ReloadRecord, Verdict } from "./reloader.ts";
import type { DaemonSessions } from "./sessions.ts";
import type { ProvenConfig } from "./start/load-plan.ts";
import type { ConfigTrust } from "./trust/config-trust.ts";
import type { Consent } from "./trust/consent.ts";
import type { ConnectedWays } from "./wake/connected-ways.ts";
import type { WakeConsent } from "./wake/session-wake.ts";

/** What a daemon sees of its console, which is above it. */
export interface ConsoleServer {
  /** The config, or what the user agreed to, may be another one now. Never rejects. */
  apply(): Promise<void>;
  /** The origin to open in a browser; undefined while it is not served. */
  address(): string | undefined;
  /** Why it is not served although the config asks for it. One line. */
  problem(): string | undefined;
  /** The control command `console`. */
  command(args: Args): Promise<ConsoleCommandAnswer>;
  /** Accepts nothing any more at once; ends open pages at the deadline. */
  close(deadline: AbortSignal): Promise<void>;
}

export type OpenConsole = (state: DaemonState, control: CommandHandler) => Promise<ConsoleServer>;

export interface DaemonOptions {
  readonly role: LeaderRole;
  readonly found: ConfigLocation;
  /** Looks again. */
  find(): ConfigLocation;
  /** What of the environment does not count, a line each. */
  readonly notes: readonly SafeLine[];
  /** The state folder of the config. */
  readonly folder: string;
  readonly log: Log;
  /** True for a router that `up` started. */
  readonly background: boolean;
  /** What a log of the whole run contains beside failures: that it leads, listens. A session's router leaves it out. */
  onLifecycle(shown: SafeLine): void;
  onSecrets(secrets: readonly string[]): void;
  /** Absent: this process serves no console. */
  readonly openConsole?: OpenConsole | undefined;
  end(): void;
  /** This process cannot do a leader's work and says why: another one may, and this one works alone. */
  resign(reason: string): Promise<void>;
}

/** What runs once there is a good config. */
export interface RunningParts {
  readonly config: ProvenConfig;
  readonly journal: Journal;
  readonly router: Router;
  readonly dispatcher: Dispatcher;
  readonly shaping: Shaping;
  readonly expectations: Expectations;
  readonly consent: Consent;
  readonly sinks: Sinks;
}

/** What the parts of the service see of it. */
export interface DaemonState {
  readonly options: DaemonOptions;
  readonly clock: Clock;
  readonly startedMs: number;
  readonly tally: DeliveryCounter;
  readonly decisions: TraceRing;
  readonly observers: Observers;
  /** Undefined unless the config asks for them. */
  metrics(): { page(accept: string | undefined): MetricsPage } | undefined;
  readonly sessions: DaemonSessions;
  /** As last looked up. */
  found(): ConfigLocation;
  /** The config as last read, good or not; undefined while there is none. */
  config(): ProvenConfig | undefined;
  running(): RunningParts | undefined;
  /** The running config, else the one last read, unless that waits until the user agrees to use it. */
  used(): ProvenConfig | undefined;
  /** For a client that comes now; undefined until it is known. */
  initializeResult(): InitializeResult | undefined;
  /** Framed issues of the config as last read, or why it is not active. */
  problems(): readonly SafeText[];
  /** Of the last reload; undefined before the first. */
  verdict(): Verdict | undefined;
  /** The last reloads, latest first. */
  reloads(): readonly ReloadRecord[];
  reload(): Promise<Verdict>;
  /** The same only when a file is another one than at the last look. */
  look(): Promise<Verdict>;
  /** Texts that must never be shown: of every config so far. */
  secrets(): readonly string[];
  /** Hides them. */
  mask(text: string): string;
  /** The questions to the user, one at a time. */
  readonly prompts: Prompts;
  /** Undefined before it was opened. */
  console(): ConsoleServer | undefined;
  /** The same once it listens, or cannot. */
  consoleReady(): Promise<ConsoleServer | undefined>;
  /** Undefined while no config had a chat. */
  chat(): ChatService | undefined;
  /** True when any config since the start of this process had a channel with a receipt. */
  hadReceipts(): boolean;
  /** What the user agreed to. */
  readonly trust: ConfigTrust;
  /** Whether sessions that do not show channels may be rung. */
  wake(): WakeConsent;
  /** The monitors and hooks that are connected. */
  readonly ways: ConnectedWays;
}

export function needsReceipts({ channels }: Pick<Plan, "channels">): boolean {
  return channels.some(({ receipt }) => receipt !== undefined);
}

/** True while a config waits as a whole: it was found, not chosen, and the user has not agreed to use it. */
export function waitsForUse(state: Pick<DaemonState, "config" | "running" | "used">): boolean {
  return state.config() !== undefined && state.running() === undefined && state.used() === undefined;
}
