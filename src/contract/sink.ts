// The interfaces of sinks: the tools with which Claude acts on the outside. A call has two halves. `prepare`
// is pure and returns everything that would be sent; `send` sends it. Between them the router handles
// consent, retries, time and the journal. So the effect of a sink can be shown without sending:
// plan/outgoing.ts does that, for the tests in a config.

import type {
  JsonObject,
  JsonSchema,
  OptionIssue,
  OptionsValidator,
  Surroundings,
  View,
} from "../contract.ts";
import type { SafeText } from "../text.ts";
import type { CompiledOptions, Host, LentHost } from "./host.ts";
import type { Reach } from "./power.ts";

/**
 * One `type:` of a sink. It is in `src/connectors/<type>/sink/`, next to the source of that type if there is
 * one. `O` is the options after loading, as for a source; `X` is what it sends.
 */
export interface SinkType<O = JsonObject, X extends Outgoing = Outgoing> {
  readonly type: string;
  /** One sentence for docs, schema and error messages. */
  readonly summary: string;
  /**
   * JSON Schema of the options as written in YAML, without the common ones; every property has a
   * `description`.
   */
  readonly options: JsonSchema;
  readonly validate: OptionsValidator;
  /** Pure checks beyond the schema, called by `check`. The options contain templates as text. */
  check?(options: O, surroundings: Surroundings): OptionIssue[];
  /** What a call reaches outside: nothing is sent without consent to all of it. Pure. */
  reaches(options: O, folders: Pick<Surroundings, "folder" | "home">): Reach[];
  /** Whether a failed call may be repeated: repeating it has no further effect. Pure. Absent: never. */
  repeatable?(options: O): boolean;
  /**
   * Everything that one call sends. Pure. Throws a UsageError (E_SINK_REFUSED) with a hint when a value is
   * not allowed in its position in the template.
   */
  prepare(options: O, call: SinkCall): X;
  /** Pure: opens nothing. */
  create(name: string, options: O, host: SinkHost): Sink<X>;
}

export interface Sink<X extends Outgoing = Outgoing> {
  /**
   * Sends it once; called again with the same value when the router retries. Settles with the response when
   * it is done. Rejects with a DeliveryError (E_SINK_FAILED) that describes the failure; `retryable` when it
   * may be temporary. The signal fires when the router stops: a call in progress is cut then.
   */
  send(outgoing: X, signal: AbortSignal): Promise<SinkAnswer>;
}

export interface SinkAnswer {
  /** For Claude, where the sink has no `result`. */
  readonly text: string;
  /** The same where all of it is the router's own text: shown as such, and not as a quotation. */
  readonly own?: SafeText;
  /** The response, for the template `result`: the root `response`. */
  readonly response: JsonObject;
}

/** The result for Claude: external text, or the router's own. */
export type SinkResult = string | { readonly own: SafeText };

/** The roots of all templates of a sink, besides `response` in `result`. */
export type SinkRoots = {
  /** The arguments of the tool, checked, with defaults. */
  readonly input: JsonObject;
  /**
   * The event that the call answers, with the `vars` of its channel; present when a template of the sink uses
   * it.
   */
  readonly event?: View;
  /** Of the call, as RFC 3339. */
  readonly time: string;
};

export interface SinkCall {
  /** Unique; the same for every attempt. */
  readonly id: string;
  readonly roots: SinkRoots;
  readonly code: CompiledOptions;
  /** The folder of the config file and the user's home, absolute. */
  readonly folders: Pick<LentHost, "folder" | "home">;
}

/** What the router lends to a sink. */
export type SinkHost = LentHost &
  Pick<Host, "clock"> & {
    /** The router's own, absolute: no sink writes there. */
    readonly closed?: {
      /** The config, and the files that it reads. */
      readonly files: readonly string[];
      /** Folders that hold the state of all configs. */
      readonly stateRoots: readonly string[];
    };
  };

/** Everything that is sent. Plain data, so that it can be compared and shown. */
export type Outgoing = OutgoingRequest | OutgoingCommand | OutgoingFile;

export type OutgoingRequest = {
  readonly kind: "request";
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type OutgoingCommand = {
  readonly kind: "command";
  readonly command: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /** Added to the environment that every command gets. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string;
};

export type OutgoingFile = {
  readonly kind: "file";
  /** Of the folder, absolute. */
  readonly folder: string;
  /** A plain name. */
  readonly file: string;
  readonly mode: "append" | "write";
  readonly content: string;
};

/** How the registry lists a type without loading it. */
export interface SinkTypeEntry {
  readonly type: string;
  load(): Promise<SinkType<never>>;
}

/** A sink as `status` shows it. */
export interface SinkReport {
  readonly name: string;
  readonly type: string;
  /** Since this process started. */
  readonly calls: number;
  readonly failures: number;
  /** Of the latest call, when it failed. */
  readonly lastError?: string;
}
