// What a config file says, after loading: environment resolved, keys in camelCase, durations in milliseconds (`...Ms`),
// sizes in bytes (`...Bytes`). Names that the user chose (sources, channels, meta keys, match paths) are as written.

import type { SinkType } from "../contract/sink.ts";
import type { Issue, Json, JsonObject, SourceType } from "../contract.ts";
import type { SafeText } from "../text.ts";
import type { Outward } from "./variables/outward.ts";
import type { CoreOutward } from "./variables/outward-parts.ts";

export interface ConfigValues {
  readonly server: { readonly name: string; readonly instructions: string };
  /** Absent: the default port, else the next free one. */
  readonly listen?: string;
  /** `listen`, read. */
  readonly listenAddress?: ListenAddress;
  /** Of a socket file: that it lies in the folder of the config, links followed. */
  readonly socketInside?: boolean;
  readonly publicUrl?: string;
  readonly hosts: readonly string[];
  /** Tokens: of one event, and what one session may be sent in an hour (absent: no limit). */
  readonly budget: { readonly event: number; readonly hour?: number };
  /** `catchUp`: events that a new session gets one by one. `maxSizeBytes`: of the journal. */
  readonly delivery: { readonly catchUp: number; readonly keepMs: number; readonly maxSizeBytes: number };
  /** For channels that do not say otherwise. */
  readonly defaults: { readonly ttlMs: number; readonly priority: Priority };
  readonly sources: Readonly<Record<string, SourceValues>>;
  readonly channels: Readonly<Record<string, ChannelValues>>;
  readonly sinks: Readonly<Record<string, SinkValues>>;
  /** Absent: no permission prompt is sent to a chat. */
  readonly permissions?: PermissionsValues;
  /** Of `listen`, `public_url` and `permissions`; absent: nothing in them came from a variable or a file. */
  readonly outward?: CoreOutward;
}

/** `loopback`: only this machine can reach it. */
export type ListenAddress =
  | { readonly host: string; readonly port: number; readonly loopback: boolean }
  | { readonly unix: string; readonly loopback: true };

export interface SourceValues {
  readonly type: string;
  readonly enabled: boolean;
  /** At most `max` events per `perMs`. */
  readonly rate?: { readonly max: number; readonly perMs: number };
  /** Nothing for so long makes an event that says so. */
  readonly expectMs?: number;
  /** The connector's own options, defaults filled in. */
  readonly options: JsonObject;
  /** What the recipe was given that this source is from; absent outside recipes. */
  readonly inputs?: JsonObject;
  /** What is sent outside. Absent: the options as they are, with nothing in them from a variable or a file. */
  readonly outward?: Outward;
  /** Those of them that are code; absent: none. */
  readonly code?: readonly CodeOption[];
}

/** An option that is an expression, a template or a pattern. */
export interface CodeOption {
  /** In the words of the YAML, below the component. */
  readonly path: readonly (string | number)[];
  /** The same in the words of the code, joined by dots: `request.url`, `files.0`. */
  readonly key: string;
  readonly kind: "cel" | "template" | "regex" | "glob";
  readonly text: string;
  /** What the schema says beside the mark: `true`, or for a template its roots and its encoding. */
  readonly mark: Json;
}

export interface ChannelValues {
  readonly from: readonly string[];
  readonly description?: string;
  /** Absent: no variable is in anything that its events show. */
  readonly shows?: Shows;
  /** The variables in its `inputs`, which a sink that answers its events can read. */
  readonly inputVariables?: Shows;
  /** Texts that a variable brought into what is only compared: they are not shown. */
  readonly compared?: readonly string[];
  readonly match?: Json;
  readonly when?: string;
  /** What the recipe was given that this channel is from; absent outside recipes. */
  readonly inputs?: JsonObject;
  /** CEL by name. */
  readonly vars: Readonly<Record<string, string>>;
  /** CEL, and the template that says of what it is the last value. */
  readonly changed?: { readonly value: string; readonly by?: string };
  readonly dedupe?: { readonly key: string; readonly forMs: number };
  readonly content?: string;
  /** Absent when the channel has none of its own. */
  readonly meta?: Readonly<Record<string, string>>;
  /** `hour`: absent means no limit of its own. */
  readonly budget?: { readonly event?: number; readonly hour?: number };
  readonly throttle?: ThrottleValues;
  readonly digest?: DigestValues;
  /** A key template, as are `by` and `thread`. */
  readonly supersede?: string;
  readonly quiet?: readonly QuietValues[];
  readonly thread?: string;
  readonly continue: boolean;
  /** Absent: the source's own, where it can be answered. */
  readonly reply?: boolean | readonly string[];
  /** Absent: the config's default. */
  readonly priority?: Priority;
  /** Absent: what the source says, else the config's default. */
  readonly ttlMs?: number;
  /** Absent: none is awaited. */
  readonly receipt?: Receipt;
  /** A project glob is absolute, or begins with `**`. */
  readonly to: Target;
}

/** At most `max` in a window of `perMs`, which its first event opens. */
export interface ThrottleValues {
  readonly max: number;
  readonly perMs: number;
  readonly by?: string;
  readonly overflow: "digest" | "drop";
}

export interface DigestValues {
  readonly everyMs: number;
  /** Absent: 30 s, or `everyMs` if that is less. */
  readonly waitMs?: number;
  readonly max?: number;
  readonly by?: string;
  readonly content?: string;
}

export interface QuietValues {
  /** A list of `mon` to `sun`, or a range such as `mon-fri`. Absent: every day. */
  readonly days?: readonly string[] | string;
  /** `HH:MM`; `to` may be `24:00`, and not later than `from` means the next day. */
  readonly from: string;
  readonly to: string;
  /** Absent: the machine's. */
  readonly tz?: string;
}

export interface PermissionsValues {
  /** Folders, files and globs as written. */
  readonly files?: readonly string[];
  readonly relay: readonly string[];
  /** By source. */
  readonly approvers: Readonly<Record<string, readonly (string | number)[]>>;
  readonly tools?: { readonly allow?: readonly string[]; readonly deny?: readonly string[] };
  readonly expireMs: number;
  readonly quiet?: readonly QuietValues[];
}

/** `high` may overtake, and is never silenced by a tool. */
export type Priority = "low" | "normal" | "high";

/** An event that Claude does not acknowledge within this time is sent again, so many times in all, and then is dead. */
export type Receipt = {
  readonly ackWithinMs: number;
  readonly attempts: number;
};

/**
 * Which sessions an event is for: the one that fits best, all of them, those whose project folder matches a glob
 * (absolute, or beginning with `**`), those with a label, or the one with an id.
 */
export type Target =
  | "one"
  | "all"
  | { readonly project: string }
  | { readonly label: string }
  | { readonly session: string };

/** What is shown to Claude of variables. */
export interface Shows {
  /** `${PROJECT}` */
  readonly names: readonly string[];
  /** Everything that shows them, with its real text. */
  readonly bound: Json;
}

export interface SinkValues {
  readonly type: string;
  /** For Claude. */
  readonly description: string;
  /** JSON Schema of each argument, by name. */
  readonly input: JsonObject;
  /** The connector's own options, defaults filled in. */
  readonly options: JsonObject;
  /** As for a source; the arguments count too. */
  readonly outward?: Outward;
  /** `result` shows them. */
  readonly shows?: Shows;
  /** The arguments as Claude sees them, where that differs: without a default that a variable or a file brought in. */
  readonly shownInput?: JsonObject;
  /** Those of them that are code, and `result` where it is set. */
  readonly code: readonly CodeOption[];
}

/** A problem found by a later stage, in the terms of the values; the config room knows where that stands in the file. */
export interface IssueDraft {
  /** Path in the words of the YAML, from the top: `["channels", "ci_failed", "when"]`. */
  readonly path: readonly (string | number)[];
  /** What the caret points at; default `value`. */
  readonly on?: "key" | "value";
  /** Offset inside the scalar's text, in UTF-16 units: the caret is moved there. */
  readonly offset?: number;
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

export interface LoadedConfig {
  /** Absolute. */
  readonly file: string;
  /** Everything that could be understood: a source with an issue is left out, of a channel the part that has it. */
  readonly values: ConfigValues;
  readonly issues: readonly Issue[];
  /** Valid YAML that probably means something else. The config is used as it is. */
  readonly warnings: readonly Issue[];
  /** What is no mistake, and yet worth knowing. */
  readonly notes: readonly Issue[];
  /** Gives a later stage's problem its file, line and column. */
  locate(draft: IssueDraft): Issue;
  /** The issue as lines for a person: the place, the message, the source lines with a caret, the hint. */
  frame(issue: Issue): SafeText;
  /** True when what stands at this path of the values was put there because it is not to be read. */
  isStandIn(path: readonly (string | number)[]): boolean;
  /** As written; none where something in them is wrong. */
  readonly tests: readonly JsonObject[];
  /** For a recipe that was loaded by itself: the whole file as values. */
  readonly recipe?: JsonObject;
  /** The source types that the config uses, loaded, by `type`. */
  readonly types: ReadonlyMap<string, SourceType<never>>;
  /** The same for sinks. */
  readonly sinkTypes: ReadonlyMap<string, SinkType<never>>;
  /** Every file that was read or looked for, `.env` and `${file:}` included; `sha256` is `absent` for one that was not there. */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  /** What the config and the recipes beside it hold, by path. */
  readonly texts: ReadonlyMap<string, { readonly text: string; readonly sha256: string }>;
  /** Every environment name that was asked for, found or not. */
  readonly environment: readonly string[];
  /** Texts that must never be shown: values of secret options and of `${file:}`. */
  readonly secrets: readonly string[];
  /** What variables brought in, wherever: hidden where nobody allowed it to be shown. */
  readonly variables: readonly string[];
}
