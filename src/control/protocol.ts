// The protocol between commands and the running router: the arguments and the answer of each control command.
// Plain JSON with times in RFC 3339, printed unchanged by `--json`. Between versions fields are added, never
// changed.

import type { AccessAnswer, AccessRequest } from "../access/administer.ts";
import type { Power } from "../contract/power.ts";
import type { Mark, Outcome, RouterEvent, TraceStep } from "../contract.ts";
import type { AdmissionProblem } from "../plan/plan.ts";
import type { SessionReport, StatusReport } from "../session/tools/status.ts";

// The command line does not import the session: what `status` answers is a part of this protocol.
export type {
  PowerReport,
  RefusedReport,
  SessionReport,
  SinkReport,
  SourceReport,
  StatusReport,
  UnansweredReport,
} from "../session/tools/status.ts";

export interface ControlProtocol {
  readonly status: { readonly args: Nothing; readonly answer: StatusReport };
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
  /**
   * Called by a monitor or hook of the plugin, for the session of its client. Each ring is sent as a part
   * (RingPart); the answer follows when there will be no more.
   */
  readonly rings: {
    readonly args: {
      readonly way: "monitor" | "hook";
      /** The client's process, and its id of the session, as far as they are known. */
      readonly pid?: number;
      readonly start?: string;
      readonly session?: string;
    };
    readonly answer: RingsAnswer;
  };
  /** Who may use the console: `code` lets one browser in, `token` one program. */
  readonly console: {
    readonly args: {
      readonly do: "code" | "list" | "revoke" | "token";
      readonly id?: string;
      readonly name?: string;
    };
    readonly answer: ConsoleCommandAnswer;
  };
  readonly reload: { readonly args: Nothing; readonly answer: ReloadAnswer };
  readonly down: { readonly args: Nothing; readonly answer: { readonly pid: number } };
}

export interface ConsoleCommandAnswer {
  /** One line. */
  readonly said: string;
  /** The origin to open; absent while it is not served. */
  readonly address?: string;
  /** With a code in it: opens the console in a browser and lets that in, once. */
  readonly url?: string;
  readonly code?: string;
  readonly token?: string;
  readonly browsers: readonly {
    readonly id: string;
    /** RFC 3339 */
    readonly since: string;
    /** RFC 3339 */
    readonly last_seen?: string;
    readonly name?: string;
    readonly token?: boolean;
  }[];
}

export type ControlCommand = keyof ControlProtocol;
type Nothing = Readonly<Record<string, never>>;

export interface RingPart {
  /** How many events wait; 0 in the first part, with which the router accepts the caller. */
  readonly waiting: number;
}

/** `unknown`: this router has no session of that client yet. `off`: the config does not ask for this way. */
export interface RingsAnswer {
  readonly state: "unknown" | "off" | "rung" | "replaced";
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

export interface SessionsAnswer {
  readonly sessions: readonly SessionReport[];
}

export interface EventAnswer {
  readonly event_id: string;
  readonly time: string;
  /** `digest` for one that the router made of others. */
  readonly outcome: Outcome["outcome"] | "digest";
  /** Absent for a digest. */
  readonly source?: string;
  /**
   * Channels that took it, each with its state: `accepted`, `held`, `sent`, or `done` for every final state; and with its mark, where
   * that is still known.
   */
  readonly channels: readonly { readonly name: string; readonly state?: string; readonly mark?: Mark }[];
  /** The start of its text, or why no channel took it. */
  readonly note?: string;
}

/** The caller did not keep up. */
export interface SkippedEvents {
  readonly left_out: number;
}

export interface WhyAnswer {
  readonly event_id: string;
  readonly source?: string;
  readonly outcome: EventAnswer["outcome"];
  readonly steps: readonly WhyStep[];
  /** How far it got on each channel that took it. */
  readonly marks?: readonly { readonly channel: string; readonly mark: Mark }[];
  /** Every channel's answer at admission; absent when it is no longer stored. */
  readonly trace?: readonly TraceStep[];
  /** Why it is absent: the router has started since, or more than 1,000 events have come since. */
  readonly trace_gone?: "restart" | "later_events";
  /** Channels of its source that were skipped because their `match` excludes the event. */
  readonly not_asked?: readonly string[];
}

export interface WhyStep {
  readonly time: string;
  /** `arrived`, `decided`, a state of the journal, `call` for what a sink did about it, or `proof` of how far it got. */
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

/**
 * For the user's answer: what the router itself found, with its own PATH, variables and home. Undefined while
 * the config has problems.
 */
export interface AskedPowers {
  readonly powers: readonly Power[];
  /** The contents of a discovered file, one line each. */
  readonly contents: readonly string[];
}
