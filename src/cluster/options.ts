// What a process says of itself when it joins the others of its config, and what it can know of them.

import type { Readable, Writable } from "node:stream";
import type { Log } from "../contract.ts";
import type { Serve } from "./leader.ts";
import type { SessionFacts } from "./protocol.ts";
import type { StdioProxyOptions } from "./proxy.ts";
import type { RunningRegister } from "./running-leaders.ts";

export interface ClusterOptions {
  /** The state folder of the config. */
  readonly folder: string;
  readonly version: string;
  readonly log: Log;
  /** This process' own client; absent for a process that only owns (`up`). */
  readonly client?: {
    readonly input: Readable;
    readonly output: Writable;
    facts(): SessionFacts;
    readonly early?: StdioProxyOptions["early"];
  };
  /** Whether this process has all that the running config needs. One that has not stands back for a second. */
  eligible?(): boolean;
  /** Loads what `serve` needs. */
  prepare?(): Promise<unknown>;
  /**
   * Does beforehand what `serve` can do faster a second time: this process will probably own within milliseconds. A rejection
   * counts for nothing.
   */
  warm?(): Promise<unknown>;
  /**
   * Called when this process owns, or works alone; perhaps more than once, each time after the earlier service was stopped.
   * Clients wait until it settles: what takes time (a listener, a bot's login) begins here and ends later. A rejection is
   * for good: `ended` rejects with it.
   */
  readonly serve: Serve;
  readonly register?: RunningRegister;
  /** The highest epoch that left a trace in the folder beside owner files: a claim goes above it, too. Never rejects. */
  highestEpoch?(): Promise<number>;
  /** Asked before each claim: why this process must not own; undefined when it may. Never rejects. */
  unfit?(): Promise<string | undefined>;
  readonly patience?: ClusterTimeouts;
}

/** With an owner that lives and says nothing. */
export interface ClusterTimeouts {
  /** Of a newcomer, before it works alone, and how often it looks again then. Default 5,000. */
  readonly welcomeMs: number;
  /** Of a tool call, before the owner is asked on a connection of its own. Default 5,000. */
  readonly callMs: number;
  /** For its answer there. Default 3,000. */
  readonly answerMs: number;
}

export type ClusterState =
  | { readonly mode: "seeking" }
  | { readonly mode: "owner"; readonly epoch: number }
  | {
      readonly mode: "attached";
      readonly epoch: number;
      readonly ownerPid: number;
      readonly ownerVersion: string;
    }
  | { readonly mode: "alone"; readonly reason: string };

export interface CloseWithin {
  /** For the client's answers that are under way. Default 1,500. */
  readonly finishMs?: number;
  /** For the successor to get ready, while this process goes on serving. Default 1,000. */
  readonly successorMs?: number;
}

export interface Cluster {
  state(): ClusterState;
  /** Settles when the client is gone, with the reason; rejects when `serve` failed. Then it is time for `close`. */
  readonly ended: Promise<string>;
  /** The facts or the eligibility changed. */
  tell(): void;
  /** Gives the ownership up, if this process has it, because it cannot do the work: `unfit` should say why from now on. */
  resign(): void;
  /** Hands over if this process owns, and lets everything go. Idempotent. */
  close(within?: CloseWithin): Promise<void>;
}
