// What the console needs of the program that serves it: of a daemon, or of `dev`.

import type { CommandHandler } from "../cluster/calls.ts";
import type { Clock, Log } from "../contract.ts";
import type { Observers } from "../daemon/metrics/observers.ts";
import type { DaemonState } from "../daemon/state.ts";
import type { TraceRing } from "../router/trace-ring.ts";
import type { TokenHistory } from "./token-history.ts";

export interface ConsoleHost {
  readonly log: Log;
  readonly clock: Clock;
  /** The state folder of the config. */
  readonly folder: string;
  readonly startedMs: number;
  /** Path of the config file. */
  file(): string;
  /** Answers the commands that the console shares with the command line, masked. */
  readonly control: CommandHandler;
  readonly decisions: TraceRing;
  readonly observers: Observers;
  /** Absent for `dev`. */
  readonly tokens?: TokenHistory;
  /** Hides secrets. */
  mask(text: string): string;
  /** Undefined for `dev`, which has no journal and no sessions. */
  readonly state: DaemonState | undefined;
}

/** How it is served now. */
export interface ConsoleSettings {
  /** `http://127.0.0.1:8787` */
  readonly address: string;
  /** `console.origin`. */
  readonly origin: string | undefined;
  readonly readOnly: boolean;
}
