// A Plan is a checked and compiled config: every reference resolved, every expression and template compiled,
// so that only external failures remain. It is frozen; a changed config makes a new one.

import type { Priority, Receipt, Target } from "../config/values.ts";
import type { Sample } from "../contract/event.ts";
import type { CompiledOptions } from "../contract/host.ts";
import type { Launch, Power } from "../contract/power.ts";
import type { SinkType } from "../contract/sink.ts";
import type {
  Arrival,
  Claim,
  Filter,
  Json,
  JsonObject,
  JsonSchema,
  ListenAddress,
  ListenSurroundings,
  Memory,
  MemoryWrite,
  OptionsValidator,
  Outcome,
  Rendered,
  RouterEvent,
  SourceType,
  Template,
  TraceStep,
  View,
} from "../contract.ts";
import type { PathNeeds } from "../filters/text-need.ts";
import type { StoredShaping } from "../shaping/options.ts";
import type { PlannedBound } from "./bound.ts";
import type { PlannedConsole } from "./console.ts";
import type { PlannedPermissions } from "./permissions.ts";
import type { PlannedShaping } from "./shaping.ts";
import type { PlannedWake } from "./wake.ts";

export interface Plan {
  readonly sources: readonly PlannedSource[];
  readonly channels: readonly PlannedChannel[];
  readonly sinks: readonly PlannedSink[];
  readonly powers: readonly Power[];
  /** Present when the config file was found, not chosen. */
  readonly found?: FoundPlan;
  readonly listen: PlannedListen;
  readonly console: PlannedConsole;
  /** The hourly token limit of one session; absent: no limit. */
  readonly hour?: number;
  /** Absent: no permission prompt goes to a chat. */
  readonly permissions?: PlannedPermissions;
  /** Absent: no session is woken. */
  readonly wake?: PlannedWake;
}

export interface FoundPlan {
  /** Nothing of the file is used before it is allowed. */
  readonly use: Power;
  /** The config's own texts for Claude are left out before all of them are allowed. */
  readonly instruct: readonly Power[];
}

/** The bind address of the listener, and how it is reached. */
export interface PlannedListen extends ListenSurroundings {
  /** It accepts no connections before all of them are allowed. */
  readonly powers: readonly Power[];
  /** Absent: the previous address of this config, else a free one. */
  readonly address?: ListenAddress;
}

export interface PlannedSource {
  readonly name: string;
  readonly type: SourceType<JsonObject>;
  readonly options: JsonObject;
  /** The options that are code. */
  readonly code: CompiledOptions;
  /** The key of its store: equal for two sources of which one continues the state of the other. */
  readonly keeps: string;
  readonly enabled: boolean;
  /** It is started once the user has consented to all of them. */
  readonly powers: readonly Power[];
  /** What its command would run, as found when the config was read; absent without a command. */
  readonly launch?: Launch;
  /** Absent: it is not from a recipe that declares its capabilities. */
  readonly bound?: PlannedBound;
  /**
   * Whether a part of this option came from a variable, a file or a secret input. The path is that of the
   * YAML.
   */
  isTainted(path: readonly (string | number)[]): boolean;
  /** The texts from them. */
  cameIn(path: readonly (string | number)[]): readonly string[];
  /** Texts to hide in everything that it says of itself. */
  readonly hidden: readonly string[];
  /**
   * Equal for two sources that one object can serve: type, options, powers and the visible rest of the
   * config.
   */
  readonly fingerprint: string;
  readonly claims: readonly Claim[];
  readonly rate: { readonly max: number; readonly perMs: number } | undefined;
  /** After this time without events, an event reports the absence. */
  readonly expectMs: number | undefined;
  /** An event to try it with; `needed` when only a real payload is one, undefined when any event will do. */
  readonly sample: Sample | "needed" | undefined;
  /** Admits one event, from memory and without side effects. */
  readonly admit: Admitter;
  /**
   * True when no channel's `match` fits, so that `admit` would return unmatched; false: call `admit`. Absent
   * when every event needs more than that.
   */
  readonly isUnwanted?: (arrival: Arrival) => boolean;
  /** What the text of an arrival, at these paths, must contain; otherwise `isUnwanted` returns true. */
  readonly needsAt?: PathNeeds;
}

type AdmitArguments = [event: RouterEvent, memory: Memory, nowMs: number, detail: AdmitDetail];

export interface Admitter {
  (...given: AdmitArguments): Admission;
  /**
   * The same in bounded steps: a filter, a value, a template. No other event may be admitted between two
   * steps.
   */
  readonly steps?: (...given: AdmitArguments) => Generator<undefined, Admission>;
}

export interface AdmitDetail {
  /**
   * `decision`: only channels that could match are asked. `trace`: every channel is asked, and every answer
   * is recorded.
   */
  readonly detail: "decision" | "trace";
}

export interface Admission {
  readonly outcome: Outcome["outcome"];
  /** One for each channel that accepted the event. */
  readonly deliveries: readonly PlannedDelivery[];
  /** To be stored in one step with the commit. */
  readonly writes: readonly MemoryWrite[];
  /** Pending commits that the outcome depends on: if one of them fails, so does this. */
  readonly pending: readonly Promise<unknown>[];
  readonly trace: readonly TraceStep[];
  /** Run-time failures of expressions and templates: reported once per channel, never silent. */
  readonly problems: readonly AdmissionProblem[];
}

export interface AdmissionProblem {
  readonly channel: string;
  /** The YAML key: `when`, `vars.pr`, `content`. */
  readonly key: string;
  readonly message: string;
}

export interface PlannedChannel {
  readonly name: string;
  readonly from: readonly string[];
  /** Equal for two equivalent channels. */
  readonly fingerprint: string;
  readonly description: string | undefined;
  readonly filters: readonly PlannedFilter[];
  readonly vars: readonly PlannedVar[];
  /** The root `inputs` of its filters, values and templates. */
  readonly inputs: JsonObject;
  /** Absent: the payload itself. */
  readonly content: Template | undefined;
  readonly meta: readonly (readonly [key: string, value: Template])[];
  /** Tokens of one event. */
  readonly budget: number;
  readonly shaping: PlannedShaping;
  readonly continues: boolean;
  readonly priority: Priority;
  readonly ttlMs: number;
  /** True when the channel itself sets `ttl`: then the source's value is ignored. */
  readonly ownTtl: boolean;
  /** Absent: no receipt is expected. */
  readonly receipt: Receipt | undefined;
  readonly to: Target;
  /** Its events may wake a session that does not show channels. */
  readonly wakes: boolean;
  /** Those of its sources whose events Claude may answer with `reply`. */
  readonly answers: readonly string[];
  /** Those that may answer its events. */
  readonly sinks: readonly string[];
}

/** A tool with effects outside. */
export interface PlannedSink {
  readonly name: string;
  readonly type: SinkType;
  readonly options: JsonObject;
  /** Its templates, and `result`. */
  readonly code: CompiledOptions;
  readonly description: string;
  /** The arguments of the tool, as JSON Schema for Claude. */
  readonly input: JsonSchema;
  /** The arguments that have a default, as written in the config. */
  readonly defaults: JsonObject;
  /** Checks them, and fills in the defaults. */
  readonly validate: OptionsValidator;
  /** Then `event_id` is among the arguments, and must be of an event of a channel that lists the sink. */
  readonly usesEvent: boolean;
  /** It sends nothing before the user has consented to all of them. */
  readonly powers: readonly Power[];
  /** Of a found config: Claude does not see the tool before it is allowed. It is among `powers`. */
  readonly described?: Power;
  /** As in a source. */
  readonly launch?: Launch;
  readonly bound?: PlannedBound;
  /** Equal for two equivalent sinks. */
  readonly fingerprint: string;
}

export interface PlannedFilter {
  readonly filter: Filter;
  /** Must the channel's `vars` be computed before it is asked? */
  readonly needsVars: boolean;
}

export interface PlannedVar {
  readonly name: string;
  /** Throws an ExpressionError when the event does not fit. */
  evaluate(view: View): Json;
}

export interface PlannedDelivery extends Rendered {
  readonly priority: Priority;
  /** Not delivered at or after this time. */
  readonly untilMs: number;
  readonly terms: StoredDeliveryOptions;
}

/** A type, not an interface: it must be assignable to a JSON object. */
export type StoredDeliveryOptions = {
  readonly source: string;
  readonly to: Target;
  /** Absent: no receipt is expected. */
  readonly receipt?: Receipt;
  readonly conversation?: string;
  /** Events of one thread go to the same session. */
  readonly thread?: string;
  /** Anybody could have made the event. */
  readonly unproven?: true;
  /** The key of the loop guard for events without thread and conversation. */
  readonly loopKey?: string;
  readonly shaping?: StoredShaping;
};
