// The interfaces between the rooms of channel-router. Types only, no code. Begin reading here, then follow an
// event: connectors -> plan (admission, render) -> router -> dispatch -> session.

import type { AnsweredEvent, Chat, ChatTraits, Message } from "./contract/chat.ts";
import type { EmitAll } from "./contract/emit-all.ts";
import type {
  Arrival,
  EndpointInfo,
  Json,
  JsonObject,
  JsonSchema,
  Outcome,
  Sample,
  Trust,
  View,
} from "./contract/event.ts";
import type {
  Claim,
  CompiledOptions,
  Host,
  Libraries,
  ListenSurroundings,
  SourceHealth,
} from "./contract/host.ts";
import type { SourcePage } from "./contract/page.ts";
import type { Reach } from "./contract/power.ts";
import type { ModelText } from "./text/neutralise.ts";
import type { SafeText } from "./text.ts";

export type {
  Arrival,
  Json,
  JsonObject,
  JsonSchema,
  KnownDelivery as KnownAgain,
  Mark,
  Outcome,
  Remote,
  Root,
  RouterEvent,
  Sender,
  Trust,
  View,
} from "./contract/event.ts";
export type { Claim, Clock, Libraries, ListenSurroundings, Log, SourceHealth } from "./contract/host.ts";

/**
 * Emit is the ack. Settles when the event is durable, or admission rejected it for good: only then may a
 * source answer 2xx, move a cursor or ack a broker. Rejects (DeliveryError, `retryable`) when it was not
 * accepted: the source asks its sender to retry. A source may have 256 outstanding calls. `all`, where
 * present, is for bulk arrivals.
 */
export interface Emit {
  (arrival: Arrival): Promise<Outcome>;
  readonly all?: EmitAll;
}

export interface Source {
  /**
   * Called once. Settles when the source receives (or will, by its own retries); rejects with a
   * ConnectorError when it cannot. All side effects begin here.
   */
  start(emit: Emit): Promise<void>;
  /**
   * Before the `stop` of a reload: accepts nothing new, and settles when its pending work (including callers)
   * has ended, or at the deadline.
   */
  drain?(deadline: AbortSignal): Promise<void>;
  /** Idempotent. After it settles nothing is emitted. A passed deadline means: now, whatever is pending. */
  stop(deadline: AbortSignal): Promise<void>;
  health?(): SourceHealth;
  /**
   * Answers the sender of one of this source's events; present when its type's `answers` said so. Settles
   * when the answer was sent, with one line for Claude. Rejects with a RouterError that Claude can read:
   * E_REPLY_DONE when it was already answered, E_REPLY_GONE when the caller does not wait any more.
   */
  reply?(event: AnsweredEvent, message: Message): Promise<string>;
  /** Present when its type declares `chat`: the features of the platform beyond `reply`. */
  readonly chat?: Chat;
  /** Present for a source with a page of its own, which the console shows too. */
  readonly page?: SourcePage;
  /**
   * After start: the endpoint, and a command line to try it, without secrets. `sample`: an event that one of
   * its channels accepts.
   */
  endpointInfo?(sample?: Sample): EndpointInfo;
}

/** A problem with a component's options that its JSON Schema cannot express. */
export interface OptionIssue {
  /** Path inside the options, as in the YAML (`verify.secret`). */
  readonly path: readonly (string | number)[];
  /** Inside the option's text, in UTF-16 units: the caret is moved there. */
  readonly offset?: number;
  readonly message: string;
  readonly hint?: string;
  readonly code?: string;
}

/** The bind address of the listener. `loopback`: only this machine can reach it. */
export type ListenAddress =
  | { readonly host: string; readonly port: number; readonly loopback: boolean }
  | { readonly unix: string; readonly loopback: true };

/** The parts of the config around a component that its own checks may need. */
export interface Surroundings extends ListenSurroundings {
  /** The config file's own, absolute: the base of relative paths; anything outside it is a power. */
  readonly folder: string;
  /** The home folder for `~`. */
  readonly home: string;
  /**
   * Does this option contain a part from a variable, a file or a secret input? The path is that of the YAML.
   */
  isTainted(path: readonly (string | number)[]): boolean;
}

/**
 * One `type:` of a source. The folder name, the `type` and the key in the registry are the same word.
 * `O` is the options after loading: camelCase keys, durations in milliseconds (`...Ms`), sizes in bytes (`...Bytes`).
 */
export interface SourceType<O = JsonObject> {
  readonly type: string;
  /** One sentence for docs, schema and error messages. */
  readonly summary: string;
  /** JSON Schema of the options as written in YAML; every property has a `description`. */
  readonly options: JsonSchema;
  /** Ajv's precompiled check of `options`; leaves its errors in `validate.errors` and fills in defaults. */
  readonly validate: OptionsValidator;
  /** Meta of the default channel, as templates: the connector's default attributes. */
  readonly meta: Readonly<Record<string, string>>;
  /** The default content of an event: its payload (default), or `text` alone. */
  readonly content?: "payload" | "text";
  claims?(options: O): Claim[];
  /** Of all events of a source with these options. Absent: never `unverified`. Pure. */
  trust?(options: O): Trust;
  /** True when a source with these options supports replies: then it has `reply`. Absent: never. Pure. */
  answers?(options: O): boolean;
  /** Present for chat sources. */
  readonly chat?: ChatTraits;
  /**
   * Hosts that the platform itself names to its clients, such as that of a gateway; `.example.com` is every
   * name below it. A recipe that names one of them may reach all of them.
   */
  readonly platformHosts?: readonly string[];
  /** Client libraries that the program does not contain. */
  readonly libraries?: Libraries;
  /** Pure checks beyond the schema, called by `check` and before every start. */
  check?(options: O, surroundings: Surroundings): OptionIssue[];
  /**
   * What a source with these options reaches outside: it starts with consent to all of it. Pure. Absent:
   * nothing.
   */
  reaches?(options: O, folders: Pick<Surroundings, "folder" | "home">): Reach[];
  /**
   * What a source with these options changes for good where it reads: `dev` does not start it unless asked to. One clause, such as "it would
   * mark messages as read". Pure. Absent: nothing.
   */
  takes?(options: O): string | undefined;
  /**
   * The key of the source's `store`, for instance its address: when it changes, the store begins empty. Pure.
   * Default: all options.
   */
  storeKey?(options: O): Json;
  /**
   * The arrival that this payload would make, with these headers (lower case): for `explain`, which sends
   * nothing and checks no signature. Pure; throws a UsageError for a payload that the source would reject.
   */
  sampleArrival(
    options: O,
    payload: string,
    headers: Readonly<Record<string, string>>,
    code?: CompiledOptions,
  ): Arrival;
  /** Pure: opens nothing, reads nothing. Its side effects begin in `start`. */
  create(name: string, options: O, host: Host): Source;
}

export interface OptionsValidator {
  (value: unknown): boolean;
  errors?: readonly SchemaError[] | null;
}

/** The part of Ajv's error object that the config room reads. */
export interface SchemaError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
  readonly schemaPath: string;
  readonly parentSchema?: JsonSchema;
  readonly data?: unknown;
}

/** How the registry lists a type without loading it. */
export interface SourceTypeEntry {
  readonly type: string;
  load(): Promise<SourceType<never>>;
}

// --- Admission -------------------------------------------------------------------------------------------------------

/**
 * The memory of a filter, keyed by (channel, filter, that filter's own options). It is read when a filter
 * decides and written only when the event was committed, in one step with the commit.
 */
export interface Memory {
  /** The live entry for this key: expired ones are not returned. */
  get(scope: string, key: string): MemoryEntry | undefined;
}

export interface MemoryEntry {
  readonly value: Json;
  /**
   * Set while the event that wrote this entry is still being committed. A decision that depends on it must
   * wait for it: if it rejects, the entry never existed.
   */
  readonly pending?: Promise<unknown>;
}

export interface MemoryWrite {
  readonly scope: string;
  readonly key: string;
  readonly value: Json;
  /** The entry is removed at this time; absent means never. */
  readonly untilMs?: number;
  /** At most this many entries live in the scope; the oldest are removed first. */
  readonly limit: number;
}

/** A filter's answer: yes, with what it will remember once the event is committed; or no, with the reason. */
export type Verdict =
  | { readonly pass: true; readonly note?: string; readonly write?: MemoryWrite }
  | {
      readonly pass: false;
      readonly reason: string;
      /** The path at which a `match` failed. */
      readonly path?: string;
      /** The pending commit that this answer depends on. */
      readonly pending?: Promise<unknown>;
      /** Set when the filter's expression failed on this event: reported to the user once. */
      readonly problem?: true;
    };

export interface Filter {
  /** The YAML key: `match`, `when`, `changed`, `dedupe`. */
  readonly name: string;
  test(view: View, memory: Memory, nowMs: number): Verdict;
}

/**
 * One step of a trace: the answer of one filter of one channel. Besides the filters, `taken` ends the steps
 * of a channel that accepts the event, and `order` means that an earlier one did.
 */
export interface TraceStep {
  readonly channel: string;
  readonly filter: string;
  readonly pass: boolean;
  /** For instance `data.action: was "opened", wanted "closed"`. */
  readonly detail?: string;
  /** The path at which a `match` failed. */
  readonly path?: string;
}

// --- Templates -------------------------------------------------------------------------------------------------------

export interface Template {
  /** The text as rendered, not yet neutralised. Throws a TemplateError when it fails on this event. */
  render(view: View): string;
}

/** An event as a session receives it: final, neutralised text. */
export interface Rendered {
  readonly eventId: string;
  readonly channel: string;
  readonly content: ModelText;
  readonly meta: Readonly<Record<string, string>>;
  /** Of the whole block as the client shows it: characters / 4, rounded up. */
  readonly tokens: number;
}

// --- Session ---------------------------------------------------------------------------------------------------------

/** One MCP conversation over a pair of streams. */
export interface Session {
  /**
   * Settles when the client's stream accepted the whole line. Rejects with a DeliveryError when the queue is
   * full, when the signal fires before writing has begun, or when the session ended.
   */
  deliver(event: Rendered, signal?: AbortSignal): Promise<void>;
  /** Settles when everything queued was written or the stream is gone. Idempotent. */
  close(): Promise<void>;
  /** Settles once, with the reason, when the conversation is over. */
  readonly ended: Promise<string>;
}

/** A tool offered to the client. Descriptions cost tokens in every session: short and exact. */
export interface Tool {
  readonly name: string;
  readonly description: SafeText;
  /** JSON Schema of the arguments, `type: object`. */
  readonly input: JsonSchema;
  /** The precompiled check of `input`, if available; it fills in defaults. */
  readonly validate?: OptionsValidator;
  readonly readOnly?: boolean;
  readonly alwaysLoad?: boolean;
  /**
   * The text for the model. An error thrown as a RouterError becomes a tool error with its message and hint.
   * The signal fires when the client cancels the call: pending work is stopped, and no result is sent.
   */
  call(input: JsonObject, cancelled?: AbortSignal): Promise<SafeText | ToolResult>;
}

export interface ToolResult {
  readonly text: SafeText;
  /**
   * Called at most once: with true when the client's stream accepted the line of the result, with false when
   * writing did not begin (the call was cancelled). Not called when the session ended meanwhile: then the
   * outcome is unknown.
   */
  readonly afterWritten?: (written: boolean) => void;
  /** How many events still wait once this was written, where the tool knows better than its session. */
  readonly waiting?: number;
}

// --- Config problems -------------------------------------------------------------------------------------------------
/** One problem in a config file, with its location (from 1), and in `hint` what to type instead. */
export interface Issue {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Dotted path as in the YAML; empty for the file as a whole. */
  readonly path: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** For E_CONFIG_MORE: how many it counts. */
  readonly more?: number;
  /** For one in a recipe: the location in the config that uses the recipe, or set the value. */
  readonly cause?: Pick<Issue, "file" | "line" | "column" | "path">;
}
