// The words of sinks: the tools with which Claude acts on the outside. A call has two halves. `prepare` is pure and says all that
// would go out; `send` does it. Between them stands the runtime: consent, trying again, time, the journal. So what a sink would
// do can be shown without doing it: plan/outgoing.ts is that, for the tests in a config.

import type {
  JsonObject,
  JsonSchema,
  OptionIssue,
  OptionsValidator,
  Surroundings,
  View,
} from "../contract.ts";
import type { SafeText } from "../text.ts";
import type { CompiledOptions, Host, Lent } from "./host.ts";
import type { Reach } from "./power.ts";

/**
 * One `type:` of a sink. It lives in `src/connectors/<type>/sink/`, beside the source of that type if there is one.
 * `O` is the options after loading, as for a source; `X` is what it sends.
 */
export interface SinkType<O = JsonObject, X extends Outgoing = Outgoing> {
  readonly type: string;
  /** One sentence for docs, schema and error messages. */
  readonly summary: string;
  /** JSON Schema of the options as written in YAML, without those of every sink; every property has a `description`. */
  readonly options: JsonSchema;
  readonly validate: OptionsValidator;
  /** Pure checks beyond the schema, called by `check`. The options hold templates as text. */
  check?(options: O, surroundings: Surroundings): OptionIssue[];
  /** What a call of it reaches outside: nothing is sent without consent to all of it. Pure. */
  reaches(options: O, place: Pick<Surroundings, "folder" | "home">): Reach[];
  /** Whether a call that failed may be made again: what was done twice is as if it was done once. Pure. Absent: never. */
  repeatable?(options: O): boolean;
  /**
   * All that one call sends. Pure. Throws a UsageError (E_SINK_REFUSED) that says what to change when a value may not stand where its
   * template puts it.
   */
  prepare(options: O, call: SinkCall): X;
  /** Pure: opens nothing. */
  create(name: string, options: O, host: SinkHost): Sink<X>;
}

export interface Sink<X extends Outgoing = Outgoing> {
  /**
   * Does it, once; the same again when the runtime tries again. Settles when it is done, with what came back. Rejects with a
   * DeliveryError (E_SINK_FAILED) that says what happened; `retryable` when the outside may be better soon. The signal fires when the
   * router ends: what is under way is cut then.
   */
  send(outgoing: X, signal: AbortSignal): Promise<SinkAnswer>;
}

export interface SinkAnswer {
  /** For Claude, where the sink has no `result`. */
  readonly text: string;
  /** The same where it is all the router's own words: shown as such, and not as a quotation. */
  readonly own?: SafeText;
  /** What came back, for the template `result`: the root `response`. */
  readonly response: JsonObject;
}

/** What Claude is told: text from outside, or the router's own words. */
export type SinkResult = string | { readonly own: SafeText };

/** What all templates of a sink see, beside `response` in `result`. */
export type SinkRoots = {
  /** The arguments of the tool, checked, with defaults. */
  readonly input: JsonObject;
  /** The event that the call answers, with the `vars` of its channel; there when a template of the sink uses it. */
  readonly event?: View;
  /** Of the call, as RFC 3339. */
  readonly time: string;
};

export interface SinkCall {
  /** Unique; the same for every try. */
  readonly id: string;
  readonly roots: SinkRoots;
  readonly code: CompiledOptions;
  /** The folder of the config file and the person's home, absolute. */
  readonly place: Pick<Lent, "folder" | "home">;
}

/** What the runtime lends to a sink. */
export type SinkHost = Lent &
  Pick<Host, "clock"> & {
    /** The router's own, absolute: no sink writes there. */
    readonly closed?: {
      /** The config, and the files that it reads. */
      readonly files: readonly string[];
      /** Folders that hold the state of all configs. */
      readonly stateRoots: readonly string[];
    };
  };

/** What goes out, whole. Plain data, so that it can be compared and shown. */
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
  /** In addition to the environment that every command gets. */
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
  readonly summary: string;
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
