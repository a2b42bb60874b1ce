// What the commands need from their environment: the running routers, processes, the terminal. Passed in, so
// that each command is a function of its options and this.

import type { Option } from "commander";
import type { Json } from "../contract.ts";
import type { LogSettings } from "../daemon/log.ts";
import type { UnderClaude } from "../daemon/start/under-claude.ts";
import type { SafeText } from "../text.ts";
import type { ExitCode } from "./exit.ts";

export interface CommandContext {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** The width of the terminal; undefined in a pipe. */
  readonly columns?: number | undefined;
  /** Writes to stdout, as it is. */
  print(shown: SafeText): void;
  /** A line on stderr, for the user, beside output that a program reads. */
  note(shown: SafeText): void;
  readonly routers: Routers;
  readonly processes: Processes;
  /**
   * Runs the router of this config file without a session, until a signal ends it. `ready` is called once,
   * when it serves or is a standby.
   */
  foreground(config: UpConfig, ready: (state: UpState) => void): Promise<ExitCode>;
  /**
   * What shows that a Claude process started this one: then neither the environment nor typed input counts as
   * the user's decision.
   */
  readonly underClaude: UnderClaude | undefined;
  /**
   * The user at the terminal; undefined when there is none, as in a pipe, under a program or in Claude's
   * shell.
   */
  readonly person: Person | undefined;
  /** Fires when the user interrupts a command that runs on. */
  interrupted(): AbortSignal;
  /**
   * The last entry of the client's own MCP log about this server's channel; undefined when there is none.
   * Never rejects.
   */
  clientLog(query: ClientLogQuery): Promise<ClientLogEntry | undefined>;
}

export interface Person {
  /**
   * Shows the question and settles with the line typed; with an empty one when the user ends the input
   * instead.
   */
  ask(question: SafeText): Promise<string>;
}

/** Where no answer means no. */
export function isYes(answer: string): boolean {
  return /^y(es)?$/i.test(answer.trim());
}

export interface UpConfig {
  readonly file: string;
  /** False: it was discovered, and waits until the user agrees to it. */
  readonly chosen: boolean;
  readonly log: LogSettings;
  /** The file that stderr leads to, which is rotated by size; absent where a service manager keeps the log. */
  readonly logFile?: string;
}

/** `standby`: another process runs the router, and this one takes over when it ends. */
export interface UpState {
  readonly mode: "leader" | "standby";
}

export interface Routers {
  /** Those that run, latest first. Never rejects for a missing folder. */
  list(runningFolder: string): Promise<readonly RunningRouter[]>;
  /**
   * Rejects with a UsageError when the router rejected the arguments, with a ConnectorError (E_CONTROL) when
   * it cannot be reached, and with the signal's reason when that fires.
   */
  call(
    router: RunningRouter,
    command: string,
    args: Json,
    options?: { onPart?(part: Json): void; signal?: AbortSignal },
  ): Promise<Json>;
}

export interface RunningRouter extends ProcessIdentity {
  /** Real path. */
  readonly config: string;
  /** Its state folder. */
  readonly folder: string;
  readonly socket: string;
  readonly version: string;
  /** RFC 3339. */
  readonly started: string;
}

/** A pid alone is reused; together with its start time it is unique. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque. */
  readonly start: string;
}

export interface Processes {
  self(): Promise<ProcessIdentity>;
  isRunning(identity: ProcessIdentity): Promise<boolean>;
}

export interface ClientLogQuery {
  /** The client's working folder. */
  readonly project: string;
  /** The server's name in .mcp.json. */
  readonly server: string;
  /** Lines from this time on, milliseconds since the epoch. */
  readonly sinceMs: number;
}

export type ClientLogEntry =
  | { readonly registered: true }
  | { readonly registered: false; readonly reason: string };

export interface CommonOptions {
  config(): Option;
  json(): Option;
  collect(value: string, earlier: string[]): string[];
}
