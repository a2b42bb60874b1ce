// A Plan is a config that has been proven: every reference resolved, every expression and template compiled, nothing left
// that can fail but the world. It is frozen; a changed config makes a new one.

import type { Priority, Receipt, Target } from "../config/values.ts";
import type { Sample } from "../contract/endpoint-info.ts";
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
  RouterEvent,
  SourceType,
  Template,
  TraceStep,
  View,
} from "../contract.ts";
import type { NeedsAt } from "../filters/text-need.ts";
import type { PlannedDelivery } from "./delivery.ts";
import type { PlannedPermissions } from "./permissions.ts";
import type { PlannedShaping } from "./shaping.ts";

export interface Plan {
  readonly sources: readonly PlannedSource[];
  readonly channels: readonly PlannedChannel[];
  readonly sinks: readonly PlannedSink[];
  readonly powers: readonly Power[];
  /** Present when the config file was found, not chosen. */
  readonly found?: FoundPlan;
  readonly listen: PlannedListen;
  /** Tokens that one session may be sent in an hour; absent: no limit. */
  readonly hour?: number;
  /** Absent: no permission prompt goes to a chat. */
  readonly permissions?: PlannedPermissions;
}

export interface FoundPlan {
  /** Nothing of the file counts before it is allowed. */
  readonly use: Power;
  /** The config's own text for Claude is left out before it is allowed; absent without such a text. */
  readonly instruct?: Power;
}

/** Where the one listener listens, and how it is reached. */
export interface PlannedListen extends ListenSurroundings {
  /** It accepts nothing before all of them are allowed. */
  readonly powers: readonly Power[];
  /** Absent: the address that this config had last time, else a free one. */
  readonly address?: ListenAddress;
}

export interface PlannedSource {
  readonly name: string;
  readonly type: SourceType<JsonObject>;
  readonly options: JsonObject;
  /** Those of the options that are code. */
  readonly code: CompiledOptions;
  /** What its store belongs to: equal for two sources that go on where the other was. */
  readonly keeps: string;
  readonly enabled: boolean;
  /** It is started once a person has agreed to all of them. */
  readonly powers: readonly Power[];
  /** What its command would run, as it was when the config was read; absent where it runs none. */
  readonly launch?: Launch;
  /** Whether a part of this option came from a variable, a file or a secret input. In the words of the YAML. */
  isTainted(path: readonly (string | number)[]): boolean;
  /** The texts that they brought into it. */
  cameIn(path: readonly (string | number)[]): readonly string[];
  /** Texts that nothing may hold that it says of itself. */
  readonly hidden: readonly string[];
  /** Equal for two sources that one object can serve: type, options, powers and what it sees of the rest of the config. */
  readonly fingerprint: string;
  readonly claims: readonly Claim[];
  readonly rate: { readonly max: number; readonly perMs: number } | undefined;
  /** Nothing for so long makes an event that says so. */
  readonly expectMs: number | undefined;
  /** What the first of its channels that asks for something would take. */
  readonly sample: Sample | undefined;
  /** Decides about one event, from memory and without any effect. */
  readonly admit: Admit;
  /**
   * True when no channel's `match` fits, so that `admit` is sure to say unmatched; false: ask `admit`. Absent when more than
   * that is asked of every event.
   */
  readonly isUnwanted?: (arrival: Arrival) => boolean;
  /** What the text of an arrival, to which these paths lead, must hold; without it `isUnwanted` says true. */
  readonly needsAt?: NeedsAt;
}

type AdmitArguments = [event: RouterEvent, memory: Memory, nowMs: number, detail: AdmitDetail];

export interface Admit {
  (...given: AdmitArguments): Admission;
  /**
   * The same in steps, each of which is bounded: a filter, a value, a template. Whoever takes the time between them must let no other
   * event be admitted meanwhile.
   */
  readonly steps?: (...given: AdmitArguments) => Generator<undefined, Admission>;
}

export interface AdmitDetail {
  /** `decision`: only channels that could match are asked. `trace`: every channel is asked, and every answer kept. */
  readonly detail: "decision" | "trace";
}

export interface Admission {
  readonly outcome: Outcome["outcome"];
  /** One for each channel that took the event. */
  readonly deliveries: readonly PlannedDelivery[];
  /** To be remembered in one step with the commit. */
  readonly writes: readonly MemoryWrite[];
  /** Commits under way that the outcome rests on: if one of them fails, so does this. */
  readonly pending: readonly Promise<unknown>[];
  readonly trace: readonly TraceStep[];
  /** Run-time failures of expressions and templates: told once per channel, never silent. */
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
  /** Equal for two channels that do the same. */
  readonly fingerprint: string;
  readonly description: string | undefined;
  readonly filters: readonly PlannedFilter[];
  readonly vars: readonly PlannedVar[];
  /** What its filters, values and templates see as `inputs`. */
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
  /** True when the channel itself says `ttl`: then a source's own word does not count. */
  readonly ownTtl: boolean;
  /** Absent: no receipt is awaited. */
  readonly receipt: Receipt | undefined;
  readonly to: Target;
  /** Those of its sources whose events Claude may answer with `reply`. */
  readonly answers: readonly string[];
  /** Those that may answer its events. */
  readonly sinks: readonly string[];
}

/** A tool that acts on the outside. */
export interface PlannedSink {
  readonly name: string;
  readonly type: SinkType;
  readonly options: JsonObject;
  /** Its templates, and `result`. */
  readonly code: CompiledOptions;
  readonly description: string;
  /** The arguments of the tool, as JSON Schema for Claude. */
  readonly input: JsonSchema;
  /** The arguments that have a default, as the config says it. */
  readonly defaults: JsonObject;
  /** Checks them, and fills in the defaults. */
  readonly validate: OptionsValidator;
  /** Then `event_id` is among the arguments, and must be of an event of a channel that lists the sink. */
  readonly usesEvent: boolean;
  /** It sends nothing before a person has agreed to all of them. */
  readonly powers: readonly Power[];
  /** As in a source. */
  readonly launch?: Launch;
  /** Equal for two sinks that do the same. */
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
