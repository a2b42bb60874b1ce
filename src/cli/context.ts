// What the commands need of the world around them: the running routers, processes, the terminal. Handed in, so that each
// command is a function of its options and this.

import type { Json } from "../contract.ts";
import type { UnderClaude } from "../daemon/start/under-claude.ts";
import type { SafeText } from "../text.ts";
import type { ExitCode } from "./exit.ts";

export interface CommandContext {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Writes to stdout, as it is. */
  print(shown: SafeText): void;
  /** A line on stderr, for a person beside what a program reads. */
  note(shown: SafeText): void;
  readonly routers: Routers;
  readonly processes: Processes;
  /**
   * Runs the router of this config file without a session, until a signal ends it. `ready` is called once, when it serves
   * or stands by.
   */
  foreground(config: UpConfig, ready: (state: UpState) => void): Promise<ExitCode>;
  /** What shows that a Claude process started this one: then neither the environment nor what was typed is the user's word. */
  readonly underClaude: UnderClaude | undefined;
  /** Whoever sits at the terminal; undefined when nobody does, as in a pipe, under a program or in Claude's shell. */
  readonly person: Person | undefined;
  /** Fires when the person interrupts a command that goes on by itself. */
  interrupted(): AbortSignal;
  /** What the client's own MCP log says last about this server's channel; undefined when it says nothing. Never rejects. */
  clientLog(query: ClientLogQuery): Promise<ClientLogEntry | undefined>;
}

export interface Person {
  /** Shows the question and settles with the line typed; with an empty one when the person ends the input instead. */
  ask(question: SafeText): Promise<string>;
}

export interface UpConfig {
  readonly file: string;
  /** False: it was found, and waits until the user agrees to it. */
  readonly chosen: boolean;
}

/** `standby`: another process runs the router, and this one takes over when it ends. */
export interface UpState {
  readonly mode: "owner" | "standby";
}

export interface Routers {
  /** Those that run, latest first. Never rejects for an absent folder. */
  list(runningFolder: string): Promise<readonly RunningRouter[]>;
  /**
   * Rejects with a UsageError when the router refused the arguments, with a ConnectorError (E_CONTROL) when it cannot be
   * reached, and with the signal's reason when that fires.
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

/** A pid alone is reused; with its start it is not. */
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
