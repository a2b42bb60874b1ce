// The protocol between the console's page and the router: the commands of `POST /api/COMMAND`, the stream of
// `GET /stream`, and the errors. Plain JSON, types only: the page imports this file too. Fields are added, never changed.

import type { Json, JsonSchema, Mark, RouterEvent, TraceStep } from "../contract.ts";
import type { ControlProtocol, EventAnswer, ReloadAnswer, WhyAnswer } from "../control/protocol.ts";

// The page imports from this file alone.
export type { AccessRequest, SourceAccessAnswer } from "../access/administer.ts";
export type { Json, TraceStep } from "../contract.ts";
export type { SessionReport, SourceReport, StatusReport, WhyAnswer } from "../control/protocol.ts";

/** The commands of the control protocol that a page may give, with their arguments and answers. */
export type SharedCommand =
  | "status"
  | "sessions"
  | "events"
  | "why"
  | "recall"
  | "replay"
  | "send"
  | "silence"
  | "access"
  | "powers"
  | "reload";

type Shared = Pick<ControlProtocol, SharedCommand>;
type Nothing = Readonly<Record<string, never>>;

/** All commands of `POST /api/COMMAND`. */
export interface ConsoleProtocol extends Shared {
  /** One event with everything that is known about it. */
  readonly event: { readonly args: { readonly event_id: string }; readonly answer: EventDetail };
  readonly config: { readonly args: Nothing; readonly answer: ConfigAnswer };
  /** Admits an event by an edited config, without effects. */
  readonly try: {
    readonly args: { readonly text: string; readonly event: TriedEvent };
    readonly answer: TryAnswer;
  };
  /** The stored events since then (milliseconds since the epoch), by an edited config and as the journal recorded them. */
  readonly compare: {
    readonly args: { readonly text: string; readonly since_ms: number };
    readonly answer: CompareAnswer;
  };
  /** `sha256`: of the file that was edited, as `config` answered it. Another file is there: 409 `changed`. */
  readonly save: {
    readonly args: { readonly text: string; readonly sha256: string; readonly dry_run?: boolean };
    readonly answer: SaveAnswer;
  };
  /** `text`: the config to which it is added; default: the file as it is. */
  readonly propose_channel: {
    readonly args: { readonly event_id: string; readonly text?: string };
    readonly answer: ProposedChannel;
  };
  readonly make_test: {
    readonly args: { readonly event_id: string; readonly text?: string };
    readonly answer: MadeTest;
  };
  readonly make_recipe: {
    readonly args: { readonly event_ids: readonly string[] };
    readonly answer: MadeRecipe;
  };
  /** Questions that wait for the user, in the order in which they are asked. */
  readonly prompts: {
    readonly args: Nothing;
    readonly answer: { readonly prompts: readonly PromptAnswer[] };
  };
  /** `shown`: the `shown` of the answer that the page displayed; another one by now: 409 `changed`. */
  readonly answer_prompt: {
    readonly args: { readonly id: string; readonly allow: boolean; readonly shown: string };
    readonly answer: { readonly state: "done" | "gone" };
  };
  /** What the config asks for and the user has not agreed to. */
  readonly consent: { readonly args: Nothing; readonly answer: ConsentAnswer };
  /** `ids`: of the powers that the page displayed in full. An unknown one among them: 409 `changed`, and nothing is agreed to. */
  readonly agree: {
    readonly args: { readonly ids: readonly string[]; readonly allow: boolean };
    readonly answer: ConsentAnswer;
  };
  /** What the config uses and costs, and what its reloads changed. */
  readonly overview: { readonly args: Nothing; readonly answer: OverviewAnswer };
  /** What was decided about permission prompts, latest first, at most 200. */
  readonly audit: { readonly args: Nothing; readonly answer: { readonly entries: readonly AuditLine[] } };
  /** The browsers that may use this console. */
  readonly browsers: {
    readonly args: Nothing;
    readonly answer: { readonly browsers: readonly BrowserAnswer[] };
  };
  readonly revoke: {
    readonly args: { readonly id: string };
    readonly answer: { readonly browsers: readonly BrowserAnswer[] };
  };
}

export type ConsoleCommand = keyof ConsoleProtocol;
export type ConsoleArgs<C extends ConsoleCommand> = ConsoleProtocol[C]["args"];
export type ConsoleAnswer<C extends ConsoleCommand> = ConsoleProtocol[C]["answer"];

/** The body of every answer that is not 200. */
export interface ConsoleFault {
  readonly error: {
    readonly code: ConsoleFaultCode | (string & {});
    /** One line for the user. */
    readonly message: string;
    readonly hint?: string;
  };
}

/**
 * 401 `unknown_browser`: type `channel-router console`. 401 `hello`: say hello, then send it again. 401
 * `page`: the page was not opened by its address, or is of an older version. 401 `signature`: the signature
 * does not match the request. 401 `code`: wrong, used or expired. 403 `foreign`: another site or name. 403
 * `read_only`. 403 `limited`: not in this program, such as `dev`. 404 `unknown_command`. 409 `changed`. 413
 * `too_large`. 429 `too_many`. 503 `starting`. Everything else: a code of docs/errors.md.
 */
export type ConsoleFaultCode =
  | "unknown_browser"
  | "hello"
  | "page"
  | "signature"
  | "code"
  | "foreign"
  | "read_only"
  | "limited"
  | "unknown_command"
  | "changed"
  | "too_large"
  | "too_many"
  | "starting"
  | "bad_request"
  | "internal";

/** Answer of `POST /enter {code}`, and of a signed `POST /enter {}`, which asks whether this browser is known. */
export interface EnterAnswer {
  /** This browser's id, as `channel-router console list` shows it. */
  readonly browser: string;
  readonly read_only: boolean;
}

export interface EventDetail {
  /** Masked. Absent for one that was not stored. */
  readonly event?: RouterEvent;
  readonly why: WhyAnswer;
  /** What each session received. */
  readonly shown: readonly ShownBlock[];
  /** Tool calls that answered it. */
  readonly answers: readonly AnsweringCall[];
  /** Its channels, with state, mark and tokens. */
  readonly deliveries: readonly DeliveryDetail[];
}

export interface ShownBlock {
  readonly channel: string;
  /** Absent while no session received it. */
  readonly session?: string;
  /** The text as Claude saw it, with its tag. */
  readonly block: string;
  readonly tokens: number;
}

export interface DeliveryDetail {
  readonly channel: string;
  readonly state: string;
  readonly mark?: Mark;
  readonly tokens: number;
  readonly attempts: number;
}

export interface AnsweringCall {
  /** RFC 3339 */
  readonly time: string;
  readonly session: string;
  /** The tool, where the line names it. */
  readonly tool?: string;
  /** One line. */
  readonly text: string;
}

export interface ConfigAnswer {
  /** Absolute path of the file. */
  readonly file: string;
  /** As it is on disk. Secrets in it are hidden, and then it cannot be edited here. */
  readonly text: string;
  readonly sha256: string;
  readonly schema: JsonSchema;
  readonly channels: readonly string[];
  readonly sources: readonly string[];
  readonly editable: boolean;
  /** Why not, one line. */
  readonly not_editable?: string;
}

/** The event that Try sends: a stored one, a payload for a source, or a fixture of the config's own tests. */
export type TriedEvent =
  | { readonly event_id: string }
  | {
      readonly source: string;
      readonly data: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly fixture: string; readonly source?: string };

export interface TryAnswer {
  readonly issues: readonly TryIssue[];
  /** Empty while there are issues. In file order, those of other sources left out. */
  readonly channels: readonly TriedChannel[];
  readonly event?: RouterEvent;
}

export interface TryIssue {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** Of what is wrong, in UTF-16 units; 0 where that is not known. */
  readonly length: number;
  readonly message: string;
  readonly hint?: string;
  /** The lines around it, with a caret. */
  readonly frame?: string;
}

export interface TriedChannel {
  readonly name: string;
  readonly taken: boolean;
  readonly steps: readonly TraceStep[];
  /** What Claude would see. */
  readonly block?: string;
  readonly tokens?: number;
}

export interface CompareAnswer {
  /** How many events were compared. */
  readonly compared: number;
  readonly newly: readonly ComparedEvent[];
  readonly no_longer: readonly ComparedEvent[];
  readonly changed: readonly {
    readonly event_id: string;
    readonly channel: string;
    readonly before: string;
    readonly after: string;
    /** What differs: `content`, `meta`, `priority`, `flow control`, ... */
    readonly parts?: readonly string[];
  }[];
  /** How many there are, those that are left out included. */
  readonly counts?: { readonly newly: number; readonly no_longer: number; readonly changed: number };
  readonly tokens: { readonly before: number; readonly after: number };
  readonly channels?: readonly ComparedChannel[];
  /** Why later events were not compared. */
  readonly stopped?: "time" | "aborted";
  /** Events, or differences, beyond the bounds. */
  readonly left_out: number;
  /** Of the edited config; then nothing was compared. */
  readonly issues?: readonly TryIssue[];
}

export interface ComparedEvent {
  readonly event_id: string;
  readonly channel: string;
  readonly block: string;
  /** Why it is no longer taken. */
  readonly reason?: string;
}

export interface ComparedChannel {
  readonly channel: string;
  readonly before: { readonly events: number; readonly tokens: number };
  readonly after: { readonly events: number; readonly tokens: number };
}

export interface SaveAnswer {
  /** Unified. */
  readonly diff: string;
  /** Absent with `dry_run`. */
  readonly verdict?: ReloadAnswer;
  /** Of the file as it is now. */
  readonly sha256?: string;
  readonly issues?: readonly TryIssue[];
}

export interface MadeTest {
  /** An entry of `tests:`. */
  readonly yaml: string;
  /** The config with it; absent where its `tests:` is not written as a block. */
  readonly text?: string;
}

export interface ProposedChannel {
  readonly yaml: string;
  /** The config with it; absent where its `channels:` is not written as a block. */
  readonly text?: string;
  readonly name?: string;
  /** Why each part is as it is, a line each. */
  readonly reasons: readonly string[];
  readonly tokens: number;
}

export interface MadeRecipe {
  readonly yaml: string;
  /** Payloads by path, beside the recipe. */
  readonly fixtures: Readonly<Record<string, Json>>;
}

export interface PromptAnswer {
  readonly id: string;
  readonly kind: "permission" | "consent" | "pairing" | "access" | "file" | "other";
  /** Everything that is asked, in full: it is shown as plain text. */
  readonly text: string;
  /** RFC 3339 */
  readonly since: string;
  /** The session that it is about, or whose terminal shows it. */
  readonly session?: string;
  /** True while it can be answered here. */
  readonly answerable: boolean;
  /** Set where it can only be denied here: the client sent the router less than all of it. */
  readonly partial?: true;
  /** Hash of what is displayed: goes with the answer. */
  readonly shown: string;
}

export interface ConsentAnswer {
  /** The config in question; absent while there is none that waits. */
  readonly file?: string;
  readonly powers: readonly ConsentPower[];
  /** The contents of a discovered file, one line each. */
  readonly contents: readonly string[];
}

export interface ConsentPower {
  /** Hash of the complete effect. */
  readonly id: string;
  readonly kind: string;
  readonly component: string;
  /** In full. */
  readonly text: string;
  readonly state: "waiting" | "declined" | "trusted";
}

export interface BrowserAnswer {
  readonly id: string;
  /** RFC 3339 */
  readonly since: string;
  /** RFC 3339 */
  readonly last_seen?: string;
  /** The browser's own name for itself: `Firefox on Linux`. */
  readonly name?: string;
  /** The browser that asks. */
  readonly own: boolean;
  /** A token of a program (`channel-router console token`): reads only. */
  readonly token?: boolean;
}

export interface OverviewAnswer {
  /** Tokens that one session may be sent in an hour; absent for no limit. */
  readonly budget?: number;
  /** In file order. `hours`: the tokens sent in each of the last 24 hours, oldest first; the last one is the current hour. */
  readonly channels: readonly {
    readonly name: string;
    readonly budget?: number;
    readonly hours: readonly number[];
  }[];
  /** RFC 3339: when the first of the hours began. */
  readonly since: string;
  /** Recipes in use, by the name of the use. */
  readonly recipes: readonly {
    readonly use: string;
    readonly name: string;
    readonly version?: string;
    /** The available one, where it is newer. */
    readonly newer?: string;
  }[];
  /** Latest first. */
  readonly reloads: readonly {
    /** RFC 3339 */
    readonly time: string;
    readonly ok: boolean;
    /** One line. */
    readonly text: string;
    /** Unified, of the file; absent for the first one. */
    readonly diff?: string;
  }[];
}

export interface AuditLine {
  /** RFC 3339 */
  readonly time: string;
  readonly what: string;
  /** Of the prompt. */
  readonly id?: string;
  readonly session?: string;
  readonly tool?: string;
  readonly description?: string;
  /** Who was asked, or who decided. */
  readonly people: readonly string[];
  readonly reason?: string;
}

// --- The stream ------------------------------------------------------------------------------------------------------

/**
 * Server-sent events of `GET /stream`. Each `batch` has an SSE `id`; a page that reconnects sends the last one
 * it got, as `GET /stream?after=ID`, and receives what is missing, bounded, without doubles. Unknown event
 * names are ignored.
 */
export interface ConsoleStream {
  readonly hello: StreamHello;
  readonly batch: StreamBatch;
  /** Something in `status` has changed: ask again. At most one a second. */
  readonly status: Nothing;
  /** The config was reloaded, or a reload was refused. */
  readonly config: Nothing;
  /** The prompts, or what waits for consent, have changed. */
  readonly prompt: Nothing;
}

export interface StreamHello {
  readonly version: string;
  readonly config_file: string;
  readonly read_only: boolean;
  readonly origin: string;
  /** RFC 3339: when this leader began. */
  readonly started: string;
  /** `dev` keeps no journal: some commands answer 403 `limited`. */
  readonly limited?: true;
  /** False: what was asked for with `after` is no longer known, the page has to forget what it shows. */
  readonly resumed: boolean;
}

/** At most one every 100 ms, with at most 200 events and 1,000 changes; the rest is counted. */
export interface StreamBatch {
  /** Oldest first. */
  readonly events: readonly LiveEvent[];
  /** In order; of events of this batch, of an earlier one, or unknown ones. */
  readonly changes: readonly LiveChange[];
  /** All arrivals since the last batch, by source, those left out included. */
  readonly counts: Readonly<Record<string, number>>;
  /** Events that are in `counts` but not in `events`. */
  readonly left_out: number;
}

export interface LiveEvent extends EventAnswer {
  /** Estimated tokens of all its deliveries. */
  readonly tokens?: number;
}

/** `received` and `dropped` are events; everything after that is a change of one. */
export interface LiveChange {
  readonly event_id: string;
  readonly channel: string;
  /** RFC 3339 */
  readonly time: string;
  readonly state: LiveState;
  readonly session?: string;
  readonly attempt?: number;
  /** One line: why it is held, dead or expired. */
  readonly reason?: string;
}

export type LiveState =
  | "accepted"
  | "held"
  | "sent"
  | "shown"
  | "read"
  | "acked"
  | "expired"
  | "superseded"
  | "folded"
  | "silenced"
  | "dropped"
  | "dead";
