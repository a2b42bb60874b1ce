// What a process reports about itself when it joins the others of its config, and what it learns about them.

import type { Readable, Writable } from "node:stream";
import type { RingResult } from "../contract/wake.ts";
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
  /** This process' own client; absent for a process that only leads (`up`). */
  readonly client?: {
    readonly input: Readable;
    readonly output: Writable;
    facts(): SessionFacts;
    readonly early?: StdioProxyOptions["early"];
    /** Notifies the client of the number of waiting events. Never rejects. */
    ring?(waiting: number): Promise<RingResult>;
  };
  /**
   * Whether this process has everything that the running config needs. One that has not waits for a second.
   */
  eligible?(): boolean;
  /** Loads what `serve` needs. */
  prepare?(): Promise<unknown>;
  /**
   * Prepares what `serve` can do faster a second time: this process will probably lead within milliseconds. A
   * rejection is ignored.
   */
  warm?(): Promise<unknown>;
  /**
   * Called when this process leads, or works alone; perhaps more than once, each time after the earlier
   * service was stopped. Clients wait until it settles: slow work (an HTTP server, a bot's login) starts here
   * and finishes later. A rejection is permanent: `ended` rejects with it.
   */
  readonly serve: Serve;
  readonly register?: RunningRegister;
  /**
   * The highest term that left a trace in the folder beside leader files: a new term must be above it, too.
   * Never rejects.
   */
  highestTerm?(): Promise<number>;
  /**
   * Called before a term is acquired: why this process must not lead; undefined when it may. Never rejects.
   */
  unfit?(): Promise<string | undefined>;
  readonly timeouts?: ClusterTimeouts;
}

/** Timeouts for a leader that lives but does not respond. */
export interface ClusterTimeouts {
  /** For a new process, before it works alone, and how often it checks again then. Default 5,000. */
  readonly welcomeMs: number;
  /** For a tool call, before the leader is asked on a separate connection. Default 5,000. */
  readonly callMs: number;
  /** For the answer on that connection. Default 3,000. */
  readonly answerMs: number;
}

export type ClusterState =
  | { readonly mode: "seeking" }
  | { readonly mode: "leader"; readonly term: number }
  | {
      readonly mode: "attached";
      readonly term: number;
      readonly leaderPid: number;
      readonly leaderVersion: string;
    }
  | { readonly mode: "alone"; readonly reason: string };

export interface CloseTimeouts {
  /** For answers to the client that are in progress. Default 1,500. */
  readonly finishMs?: number;
  /** For the successor to get ready, while this process keeps serving. Default 1,000. */
  readonly successorMs?: number;
}

export interface Cluster {
  state(): ClusterState;
  /** Settles with the reason when the client is gone; rejects when `serve` failed. Then call `close`. */
  readonly ended: Promise<string>;
  /** The facts or the eligibility changed. */
  factsChanged(): void;
  /**
   * Gives up the term, if this process has it, because it cannot do the work: `unfit` should return the
   * reason from now on.
   */
  resign(): void;
  /** Settles when all requests of the client that were read are answered, at most after this time. */
  answered(withinMs: number): Promise<void>;
  /** Hands over if this process leads, and releases everything. Idempotent. */
  close(within?: CloseTimeouts): Promise<void>;
}
