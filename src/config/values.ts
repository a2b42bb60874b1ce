// The contents of a config file after loading: environment resolved, keys in camelCase, durations in
// milliseconds (`...Ms`), sizes in bytes (`...Bytes`). User-chosen names (sources, channels, meta keys, match
// paths) are unchanged.

import type { Bound } from "../contract/capabilities.ts";
import type { SinkType } from "../contract/sink.ts";
import type { WakeWay } from "../contract/wake.ts";
import type { Issue, Json, JsonObject, SourceType } from "../contract.ts";
import type { SafeText } from "../text.ts";
import type { RecipeUse } from "./recipe/recipe-use.ts";
import type { CodeMark } from "./schema/schema-tree.ts";
import type { CoreOutward, Outward } from "./variables/outward.ts";

export interface ConfigValues {
  readonly server: { readonly name: string; readonly instructions: string };
  /** Absent: the default port, else the next free one. */
  readonly listen?: string;
  /** `listen`, parsed. */
  readonly listenAddress?: ListenAddress;
  /** For a socket file: whether it is in the folder of the config, with links resolved. */
  readonly socketInside?: boolean;
  readonly publicUrl?: string;
  /** Absent: the usual one. */
  readonly console?: ConsoleValues;
  readonly hosts: readonly string[];
  /** Repositories with an index of recipes; absent: none. */
  readonly catalogues?: readonly string[];
  /** Tokens: per event, and the maximum that one session receives in an hour (absent: no limit). */
  readonly budget: { readonly event: number; readonly hour?: number };
  /** `catchUp`: events that a new session receives one by one. `maxSizeBytes`: of the journal. */
  readonly delivery: { readonly catchUp: number; readonly keepMs: number; readonly maxSizeBytes: number };
  /** Defaults for channels. */
  readonly defaults: { readonly ttlMs: number; readonly priority: Priority };
  /** Absent: no session is woken. */
  readonly wake?: "auto" | readonly WakeWay[];
  readonly sources: Readonly<Record<string, SourceValues>>;
  readonly channels: Readonly<Record<string, ChannelValues>>;
  readonly sinks: Readonly<Record<string, SinkValues>>;
  /** Absent: no permission prompt is sent to a chat. */
  readonly permissions?: PermissionsValues;
  /** For `listen`, `public_url`, `console` and `permissions`; absent: nothing in them came from a variable or a file. */
  readonly outward?: CoreOutward;
}

/** `loopback`: only this machine can reach it. */
export type ListenAddress =
  | { readonly host: string; readonly port: number; readonly loopback: boolean }
  | { readonly unix: string; readonly loopback: true };

/** The page in the browser. */
export interface ConsoleValues {
  readonly enabled: boolean;
  /** Absent: the default port of this machine, else the one that was taken before, else a free one. */
  readonly address?: Extract<ListenAddress, { readonly host: string }>;
  /** Another origin under which browsers reach it. */
  readonly origin?: string;
  /** Its address or its origin is beyond this machine. */
  readonly isRemote: boolean;
  readonly readOnly: boolean;
  /** `/metrics` needs no token. */
  readonly metrics: boolean;
}

/** A recipe outside of the config's folder: what is from it waits for consent to read it. */
export interface OutsideRecipe {
  /** Its name under `use:`. */
  readonly use: string;
  /** Without links. */
  readonly path: string;
}

export interface SourceValues {
  readonly type: string;
  readonly enabled: boolean;
  readonly outsideRecipe?: OutsideRecipe;
  /** At most `max` events per `perMs`. */
  readonly rate?: { readonly max: number; readonly perMs: number };
  /** After this time without events, an event reports the absence. */
  readonly expectMs?: number;
  /** The connector's own options, defaults filled in. */
  readonly options: JsonObject;
  /** The inputs of the recipe that this source is from; absent outside recipes. */
  readonly inputs?: JsonObject;
  /**
   * Values that are sent outside. Absent: the options as they are, with nothing from a variable or a file.
   */
  readonly outward?: Outward;
  /** The options that are code; absent: none. */
  readonly code?: readonly CodeOption[];
  /** Absent: it is not from a recipe that declares its capabilities. */
  readonly bound?: BoundOptions;
}

/** What the recipe of a component lets it reach, and where in the YAML its options are. */
export interface BoundOptions extends Bound {
  /** The options as written, defaults filled in. */
  readonly written: JsonObject;
}

/** An option that is an expression, a template or a pattern. */
export interface CodeOption extends CodeMark {
  /** Path in the YAML, below the component. */
  readonly path: readonly (string | number)[];
  /** The same path in the code, joined by dots: `request.url`, `files.0`. */
  readonly key: string;
  readonly text: string;
}

export interface ChannelValues {
  readonly from: readonly string[];
  readonly outsideRecipe?: OutsideRecipe;
  readonly description?: string;
  /** Absent: its events show no variable. */
  readonly shows?: ShownVariables;
  /** The variables in its `inputs`, which a sink that answers its events can read. */
  readonly inputVariables?: ShownVariables;
  /** Texts from variables in values that are only compared: they are not shown. */
  readonly compared?: readonly string[];
  readonly match?: Json;
  readonly when?: string;
  /** The inputs of the recipe that this channel is from; absent outside recipes. */
  readonly inputs?: JsonObject;
  /** CEL by name. */
  readonly vars: Readonly<Record<string, string>>;
  /** CEL, and the template of the key for which the last value is remembered. */
  readonly changed?: { readonly value: string; readonly by?: string; readonly initial?: Json };
  readonly dedupe?: { readonly key: string; readonly forMs: number };
  readonly content?: string;
  /** Absent when the channel has none of its own. */
  readonly meta?: Readonly<Record<string, string>>;
  /** `hour`: absent means no own limit. */
  readonly budget?: { readonly event?: number; readonly hour?: number };
  readonly throttle?: ThrottleValues;
  readonly digest?: DigestValues;
  /** A key template, as are `by` and `thread`. */
  readonly supersede?: string;
  readonly quiet?: readonly QuietValues[];
  readonly thread?: string;
  readonly continue: boolean;
  /** Absent: the source itself, when it supports replies. */
  readonly reply?: boolean | readonly string[];
  /** Absent: the config's default. */
  readonly priority?: Priority;
  /** Absent: the source's value, else the config's default. */
  readonly ttlMs?: number;
  /** Absent: true. */
  readonly wake?: boolean;
  /** Absent: no receipt is expected. */
  readonly receipt?: Receipt;
  /** A project glob is absolute, or begins with `**`. */
  readonly to: Target;
}

/** At most `max` in a window of `perMs`, which starts with its first event. */
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

/** `high` may overtake, and no tool can silence it. */
export type Priority = "low" | "normal" | "high";

/**
 * An event that Claude does not acknowledge within this time is sent again, up to this many times in all, and
 * then is dead.
 */
export type Receipt = {
  readonly ackWithinMs: number;
  readonly attempts: number;
};

/**
 * The sessions of an event: the best match, all of them, those whose project folder matches a glob (absolute,
 * or beginning with `**`), those with a label, or the one with an id.
 */
export type Target =
  | "one"
  | "all"
  | { readonly project: string }
  | { readonly label: string }
  | { readonly session: string };

/** What Claude sees of variables. */
export interface ShownVariables {
  /** `${PROJECT}` */
  readonly names: readonly string[];
  /** Everything that shows them, with the real text. */
  readonly bound: Json;
}

export interface SinkValues {
  readonly type: string;
  readonly outsideRecipe?: OutsideRecipe;
  /** For Claude. */
  readonly description: string;
  /** JSON Schema of each argument, by name. */
  readonly input: JsonObject;
  /** The connector's own options, defaults filled in. */
  readonly options: JsonObject;
  /** As for a source; includes the arguments. */
  readonly outward?: Outward;
  /** `result` shows them. */
  readonly shows?: ShownVariables;
  /** The arguments as Claude sees them, where that differs: without a default from a variable or a file. */
  readonly shownInput?: JsonObject;
  /** Those of them that are code, and `result` where it is set. */
  readonly code: readonly CodeOption[];
  /** As for a source. */
  readonly bound?: BoundOptions;
}

/**
 * A problem found by a later stage, located by value path; the config room maps it to a location in the file.
 */
export interface IssueDraft {
  /** Path in the YAML, from the top: `["channels", "ci_failed", "when"]`. */
  readonly path: readonly (string | number)[];
  /** The target of the caret; default `value`. */
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
  /** All valid values: a source with an issue is left out, of a channel only the faulty part. */
  readonly values: ConfigValues;
  readonly issues: readonly Issue[];
  /** Valid YAML that probably has another meaning than intended. The config is used as it is. */
  readonly warnings: readonly Issue[];
  /** Not a mistake, but worth knowing. */
  readonly notes: readonly Issue[];
  /** Adds file, line and column to the problem of a later stage. */
  locate(draft: IssueDraft): Issue;
  /** The issue as lines for display: the location, the message, the source lines with a caret, the hint. */
  frame(issue: Issue): SafeText;
  /** True for a placeholder: the value at this path must not be read. */
  isPlaceholder(path: readonly (string | number)[]): boolean;
  /** As written; none when they contain an error. */
  readonly tests: readonly JsonObject[];
  /** Each recipe in use, with its own name, version and tests as written. */
  readonly uses: readonly (RecipeUse & {
    readonly recipe: string;
    readonly version?: string;
    readonly tests: readonly JsonObject[];
  })[];
  /** For a recipe that was loaded by itself: the whole file as values. */
  readonly recipe?: JsonObject;
  /** The source types that the config uses, loaded, by `type`. */
  readonly types: ReadonlyMap<string, SourceType<never>>;
  /** The same for sinks. */
  readonly sinkTypes: ReadonlyMap<string, SinkType<never>>;
  /**
   * Every file that was read or looked up, including `.env` and `${file:}`; `sha256` is `absent` for a
   * missing one.
   */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
  /** The texts of the config, of its lock, and of the recipes that are not bundled, by path. */
  readonly texts: ReadonlyMap<string, { readonly text: string; readonly sha256: string }>;
  /** The steps at the senders of the recipes in use, by the name of the use; a secret input is `THE_NAME`. */
  readonly setups: Readonly<Record<string, string>>;
  /** Every environment name that was looked up, found or not. */
  readonly environment: readonly string[];
  /** Texts that must never be shown: values of secret options and of `${file:}`. */
  readonly secrets: readonly string[];
  /** All values from variables: hidden without consent to show them. */
  readonly variables: readonly string[];
}
