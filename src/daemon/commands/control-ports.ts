// What the control commands need from the running router: the narrow interface of each room, so that they can
// be answered over any implementation. The router's parts implement it directly; nothing here does anything.

import type { AccessAnswer, AccessRequest } from "../../access/administer.ts";
import type { Clock, JsonObject, RouterEvent } from "../../contract.ts";
import type { AccessPromptAnswer, AskedPowers, ChannelFlow, PowerAnswer } from "../../control/protocol.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Router } from "../../router/router.ts";
import type { Sinks } from "../../router/sinks.ts";
import type { TraceRing } from "../../router/trace-ring.ts";
import type { SafeText } from "../../text.ts";
import type { Unanswered } from "../chat/unanswered.ts";
import type { Verdict } from "../reloader.ts";

export interface ControlPorts {
  readonly about: About;
  readonly clock: Clock;
  /** The running plan; undefined while the config has problems. */
  plan(): Plan | undefined;
  /** The server's name in the running config. */
  serverName(): string;
  /** Which config runs: that of the file, or the one before, while the file is broken or could not be applied. */
  active(): "file" | "previous" | "none";
  /** Framed issues of the config, or the one line that says why there is none. */
  problems(): readonly SafeText[];
  /** Of the running config. */
  powers(): readonly PowerAnswer[];
  /** For the config as it is now, for the user's answer; null while it has problems. */
  askedPowers(): Promise<AskedPowers | null>;
  /** Reads the config again and applies it; see `Reloader`. */
  reload(): Promise<Verdict>;
  /** Of the last reload. */
  verdict(): Verdict | undefined;
  /** Undefined while the config has problems. */
  router(): Pick<Router, "report" | "emit" | "preview"> | undefined;
  /** Empty while the config has problems. */
  sinks(): ReturnType<Sinks["report"]>;
  sessions(): readonly SessionView[];
  readonly journal: JournalReads;
  readonly decisions: Pick<TraceRing, "find" | "latest" | "watch">;
  readonly deliveries: DeliveryControls;
  /**
   * Changes who may write through the chats, or lists it. Rejects with a UsageError while there is no valid
   * config with a chat.
   */
  access(request: AccessRequest): Promise<AccessAnswer>;
  /**
   * For a command in Claude's shell: asks the user at the terminal about the change. Rejects as `access`
   * does.
   */
  askAccess(request: AccessRequest, session: string | undefined): Promise<AccessPromptAnswer>;
  /** Unanswered messages of chat users, oldest first. */
  unanswered(): readonly Unanswered[];
  /** Texts that must never be shown. */
  secrets(): readonly string[];
  /** Stops a router that `up` started; called once the answer was passed to the connection. */
  end(): void;
}

export interface About {
  readonly version: string;
  readonly pid: number;
  readonly epoch: number;
  /** True for a router that `up` started. */
  readonly background: boolean;
  /** Real path of the config file. */
  readonly config: string;
  /** The user's own config, which the discovered file takes precedence over here. */
  readonly in_place_of?: string;
  readonly folder: string;
  readonly startedMs: number;
}

export interface SessionView {
  readonly id: string;
  readonly pid: number;
  readonly project: string;
  readonly label?: string | undefined;
  readonly client?: { readonly name: string; readonly version: string } | undefined;
  readonly listening: { readonly state: "yes" | "no" | "unknown"; readonly reason: string };
  readonly sinceMs: number;
  /** Events written to it. */
  readonly sent: number;
  /** Its client has taken nothing since then, although something is being written to it. */
  readonly stuckSinceMs?: number | undefined;
}

/** A `Journal` implements it. */
export interface JournalReads {
  read(eventId: string): Promise<KeptLine | undefined>;
  history(eventId: string): Promise<readonly HistoryLine[]>;
  /** Newest first. */
  recent(limit: number): Promise<readonly KeptLine[]>;
  /** Open entries of one event. */
  entries(eventId: string): readonly { readonly channel: string; readonly state: string }[];
  stats(): { readonly open: number; readonly bytes: number; readonly failure?: string };
}

interface DeliveryLine {
  readonly channel: string;
  readonly content: string;
  readonly tokens: number;
  readonly untilMs?: number;
  readonly terms?: JsonObject;
}

interface DigestLine {
  readonly type: "digest";
  readonly timeMs: number;
  readonly id: string;
  readonly delivery: DeliveryLine;
  readonly members: readonly { readonly id: string; readonly channel: string }[];
}

export type KeptLine =
  | {
      readonly type: "event";
      readonly timeMs: number;
      readonly event: RouterEvent;
      readonly deliveries: readonly DeliveryLine[];
    }
  | DigestLine;

/** One line of the journal about one event. */
export type HistoryLine =
  | {
      readonly type: "event";
      readonly timeMs: number;
      readonly event: Omit<RouterEvent, "text">;
      readonly deliveries: readonly DeliveryLine[];
    }
  | DigestLine
  | StateLine
  | { readonly type: "call"; readonly timeMs: number; readonly session: string; readonly text: string }
  | { readonly type: "segment" | "cursor" | "note"; readonly timeMs: number };

export interface StateLine {
  readonly type: "state";
  readonly timeMs: number;
  readonly channel: string;
  readonly state: string;
  readonly final: boolean;
  readonly session?: string;
  readonly attempt?: number;
  readonly reason?: string;
}

/** What the dispatcher lets the user do. */
export interface DeliveryControls {
  /** What holds an open event now, in one line; undefined when nothing does. */
  heldBy(member: { readonly id: string; readonly channel: string }): string | undefined;
  /** The results of flow control, by channel, and what is being collected now. */
  shaping(): readonly ChannelFlow[];
  /** Since the router started; `dead` as far as the journal goes back. */
  report(): { readonly sent: number; readonly dead: number };
  silences(): readonly Silence[];
  /**
   * Settles when it is durable. Replaces an earlier silence of the channel. Rejects with a UsageError for a
   * silence that a tool may not set.
   */
  silence(silence: Silence & SilencedBy): Promise<void>;
  /**
   * Settles when it is durable; has no effect on a channel that is not silenced. Rejects as `silence` does.
   */
  unsilence(channel: string, by: SilencedBy["by"]): Promise<void>;
}

interface SilencedBy {
  /** `tool`: typed in Claude's shell. */
  readonly by: "tool" | "person";
}

export interface Silence {
  readonly channel: string;
  readonly untilMs: number;
  readonly reason?: string | undefined;
}
