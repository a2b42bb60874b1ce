// The protocol between commands and the running router: the arguments and the answer of each control command.
// Plain JSON with times in RFC 3339, printed unchanged by `--json`. Between versions fields are added, never
// changed.

import type { AccessAnswer, AccessRequest } from "../access/administer.ts";
import type { Counts } from "../contract/counts.ts";
import type { Power } from "../contract/power.ts";
import type { Outcome, RouterEvent, SourceHealth, TraceStep } from "../contract.ts";
import type { AdmissionProblem } from "../plan/plan.ts";

export interface ControlProtocol {
  readonly status: { readonly args: Nothing; readonly answer: StatusAnswer };
  readonly sessions: { readonly args: Nothing; readonly answer: SessionsAnswer };
  /**
   * With `follow`, each event is sent as a part (EventAnswer or LeftOut), and the answer only when the caller
   * ends it. `since`: for a caller that followed an earlier leader, everything known since this time instead
   * of the last `limit`.
   */
  readonly events: {
    readonly args: { readonly limit: number; readonly follow?: boolean; readonly since?: string };
    readonly answer: { readonly events: readonly EventAnswer[] };
  };
  readonly why: { readonly args: { readonly event_id: string }; readonly answer: WhyAnswer };
  /** The event as it arrived, for a test that sends it. */
  readonly recall: { readonly args: { readonly event_id: string }; readonly answer: RouterEvent };
  readonly replay: {
    readonly args: { readonly event_id: string; readonly dry_run?: boolean };
    readonly answer: EmittedAnswer | PreviewAnswer;
  };
  readonly send: {
    readonly args: {
      readonly source: string;
      readonly data: string;
      /** Names in lower case. */
      readonly headers: Readonly<Record<string, string>>;
    };
    readonly answer: EmittedAnswer;
  };
  /** `for_ms: 0` ends the silence. */
  readonly silence: {
    readonly args: {
      readonly channel: string;
      readonly for_ms: number;
      readonly reason?: string;
      /** Typed in Claude's shell: the limits of the tool apply. */
      readonly by?: "tool";
    };
    readonly answer: SilenceAnswer;
  };
  readonly access: { readonly args: { readonly request: AccessRequest }; readonly answer: AccessAnswer };
  /** For a command in Claude's shell. `session`: the client's id of its session, where the command knows it. */
  readonly ask_access: {
    readonly args: { readonly request: AccessRequest; readonly session?: string };
    readonly answer: AccessPromptAnswer;
  };
  /**
   * What `trust` asks about, as the running router reads the config now; null while the config has problems.
   */
  readonly powers: { readonly args: Nothing; readonly answer: { readonly asked: AskedPowers | null } };
  readonly reload: { readonly args: Nothing; readonly answer: ReloadAnswer };
  readonly down: { readonly args: Nothing; readonly answer: { readonly pid: number } };
}

export interface UnansweredAnswer {
  readonly event_id: string;
  readonly source: string;
  readonly name: string;
  readonly time: string;
  /** The session that has it. */
  readonly session?: string;
}

export type ControlCommand = keyof ControlProtocol;
type Nothing = Readonly<Record<string, never>>;

export interface StatusAnswer {
  readonly version: string;
  readonly pid: number;
  readonly epoch: number;
  /** True for a router that `up` started: it has no session of its own. */
  readonly background: boolean;
  readonly config: string;
  /** The user's own config, which the discovered file takes precedence over here. */
  readonly in_place_of?: string;
  /** Its state folder. */
  readonly folder: string;
  readonly started: string;
  /** What runs: the config as the file has it; while that is broken, the one that was active before; or nothing. Absent in the answer of an older router. */
  readonly active?: "file" | "previous" | "none";
  /** Framed issues of the config, or why there is none. */
  readonly problems: readonly string[];
  /** Unanswered messages of chat users, oldest first. */
  readonly unanswered?: readonly UnansweredAnswer[];
  /** The result of the last reload. */
  readonly last_reload?: Pick<ReloadAnswer, "time" | "ok" | "text" | "notes">;
  readonly address?: string;
  /** Absent in the answer of an older router. */
  readonly powers?: readonly PowerAnswer[];
  readonly sources: readonly SourceAnswer[];
  /** By the HTTP server, because no source answers there. */
  readonly unrouted?: RefusedAnswer;
  readonly channels: readonly { readonly name: string; readonly from: readonly string[] }[];
  /** Channels with flow control activity. Absent in the answer of an older router. */
  readonly shaping?: readonly ChannelFlow[];
  /** Absent in the answer of an older router. */
  readonly sinks?: readonly SinkAnswer[];
  /** Since the router started. */
  readonly counts: Counts & { readonly sent: number };
  readonly sessions: readonly SessionAnswer[];
  readonly journal: {
    /** Entries (an event on a channel) that are not final. */
    readonly open: number;
    readonly dead: number;
    readonly bytes: number;
    readonly failure?: string;
  };
  readonly silences: readonly SilenceAnswer[];
}

export interface ReloadAnswer {
  readonly time: string;
  /** True when the file's content is active. */
  readonly ok: boolean;
  /** One line. */
  readonly text: string;
  /** Framed issues of the config, or why a source did not start. */
  readonly problems: readonly string[];
  /** What takes effect only in a new session, or at a new start of the router. */
  readonly notes: readonly string[];
}

export interface SourceAnswer extends Pick<SourceHealth, "state" | "detail"> {
  readonly name: string;
  readonly type: string;
  readonly address?: string;
  readonly try_it?: string;
  readonly last_event?: string;
  /** Until a later try succeeds. */
  readonly last_error?: string;
  readonly next_try?: string;
  readonly refused?: RefusedAnswer;
}

/** A tool that acts on the outside, and what it did since the router started. */
export interface SinkAnswer {
  readonly name: string;
  readonly type: string;
  readonly calls: number;
  readonly failures: number;
  /** Of the latest call, when it failed. */
  readonly last_error?: string;
}

/** Requests that became no event. */
export interface RefusedAnswer {
  readonly statuses: readonly { readonly status: number; readonly count: number }[];
  readonly last: { readonly status: number; readonly reason: string; readonly time: string };
  /** Everything except the reason, in one line. */
  readonly text: string;
}

export interface SessionsAnswer {
  readonly sessions: readonly SessionAnswer[];
}

export interface SessionAnswer {
  /** What `to: {session: ...}` names. */
  readonly id: string;
  readonly pid: number;
  readonly project: string;
  readonly label?: string;
  /** The client's name and version. */
  readonly client?: string;
  readonly listening: { readonly state: "yes" | "no" | "unknown"; readonly reason: string };
  readonly since: string;
  /** Events written to it since then. */
  readonly sent: number;
  /** Present while its client does not read: it has taken nothing since then. */
  readonly stuck_since?: string;
}

export interface EventAnswer {
  readonly event_id: string;
  readonly time: string;
  /** `digest` for one that the router made of others. */
  readonly outcome: Outcome["outcome"] | "digest";
  /** Absent for a digest. */
  readonly source?: string;
  /**
   * Channels that took it, each with its state: `accepted`, `held`, `sent`, or `done` for every final state.
   */
  readonly channels: readonly { readonly name: string; readonly state?: string }[];
  /** The start of its text, or why no channel took it. */
  readonly note?: string;
}

/** The caller did not keep up. */
export interface LeftOut {
  readonly left_out: number;
}

export interface WhyAnswer {
  readonly event_id: string;
  readonly source?: string;
  readonly outcome: EventAnswer["outcome"];
  readonly steps: readonly WhyStep[];
  /** Every channel's answer at admission; absent when it is no longer stored. */
  readonly trace?: readonly TraceStep[];
  /** Channels of its source that were skipped because their `match` excludes the event. */
  readonly not_asked?: readonly string[];
}

export interface WhyStep {
  readonly time: string;
  /** `arrived`, `decided`, a state of the journal, or `call` for what a sink did about it. */
  readonly step: string;
  readonly channel?: string;
  readonly session?: string;
  readonly attempt?: number;
  /** One line for the user. */
  readonly text: string;
}

export interface EmittedAnswer {
  readonly event_id: string;
  readonly outcome: Outcome["outcome"];
  readonly channels: readonly string[];
  readonly trace: readonly TraceStep[];
}

export interface PreviewAnswer {
  readonly dry_run: true;
  readonly outcome: Outcome["outcome"];
  readonly deliveries: readonly {
    readonly channel: string;
    readonly content: string;
    readonly meta: Readonly<Record<string, string>>;
    readonly tokens: number;
  }[];
  readonly trace: readonly TraceStep[];
  readonly problems: readonly AdmissionProblem[];
  /** The server's name, as in the block. */
  readonly server: string;
}

export interface SilenceAnswer {
  readonly channel: string;
  /** Absent when the channel is not silenced. */
  readonly until?: string;
  readonly reason?: string;
}

/** `open`: not answered yet; a later answer counts. */
export interface AccessPromptAnswer {
  readonly state: "done" | "refused" | "open";
  /** One line for the user who typed the command. */
  readonly said: string;
}

export interface ChannelFlow {
  readonly channel: string;
  /** Since the router started. */
  readonly throttled: number;
  readonly dropped: number;
  readonly superseded: number;
  readonly quieted: number;
  readonly over_hour: number;
  readonly digests: number;
  readonly folded: number;
  /** Now. */
  readonly collecting: readonly {
    readonly reason: string;
    readonly groups: number;
    readonly events: number;
    readonly next: string;
  }[];
}

export interface PowerAnswer {
  /** Its kind: `listen`. */
  readonly power: string;
  /** The exact value: for `listen`, the address. */
  readonly value: string;
  /** The path in the config that needs it. */
  readonly component: string;
  /** For a command whose program has no absolute path: which file that is; null when there is none. */
  readonly program?: string | null;
  /** False: it waits for consent, and so does everything that needs it. */
  readonly trusted: boolean;
}

/**
 * For the user's answer: what the router itself found, with its own PATH, variables and home. Undefined while
 * the config has problems.
 */
export interface AskedPowers {
  readonly powers: readonly Power[];
  /** The contents of a discovered file, one line each. */
  readonly contents: readonly string[];
}
