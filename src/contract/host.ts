// What the runtime lends to a source: all that is impure, so that connectors can be tested with a handed-in world, and all that is
// the same for every source, so that it is done in one way: trying again, keeping a cursor, asking the network, running programs.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable, Writable } from "node:stream";
import type { Clock, Json, ListenSurroundings, Log, SourceHealth, View } from "../contract.ts";
import type { People } from "./chat.ts";
import type { Launch } from "./power.ts";

/** The part that is the same for all components of a config. */
export interface Lent {
  /** The folder of the config file, absolute: what relative paths in options begin at. */
  readonly folder: string;
  /** What `~` at the beginning of a path stands for. */
  readonly home: string;
  readonly http: HttpClient;
  /** Starts a program without a shell, in a process group of its own. Rejects with a ConnectorError when it cannot be started. */
  spawn(options: SpawnOptions): Promise<Child>;
}

/** Of one source. */
export interface Host extends Lent {
  readonly log: Log;
  readonly clock: Clock;
  readonly listener: Listener;
  /** Who may speak: for chats. */
  readonly people: People;
  readonly store: Store;
  /** The options that are code, compiled and proven before the source was made. */
  readonly code: CompiledOptions;
  /** A loop that is not yet running. A source has at most one whose health is its own. */
  loop(options: LoopOptions): Loop;
  /** Did a variable, a file or a secret input bring in a part of this option of the source? In the words of the YAML. */
  isTainted(path: readonly (string | number)[]): boolean;
  /** The texts that they brought into it: nothing of them may reach Claude or the journal. */
  cameIn(path: readonly (string | number)[]): readonly string[];
  /** To be told of each request that became no event. What `emit` rejected is known already. */
  refused(refusal: { readonly status: number; readonly reason: string }): void;
}

// --- What outlives the process ---------------------------------------------------------------------------------------

/**
 * What a source keeps beyond its process: cursors, ids that it has seen. It lies in the journal, belongs to the source's name
 * and to what its type's `keeps` says of its options, and begins empty when one of them is new.
 */
export interface Store {
  get(key: string): Json | undefined;
  /** Keys and values, the one that was set longest ago first. */
  entries(): readonly (readonly [key: string, value: Json])[];
  /**
   * Settles when it is durable; null forgets the key. Call it when the events before the cursor have settled: what was emitted
   * after the last `set` comes again after a crash. Rejects with a retryable DeliveryError when it could not be written.
   */
  set(key: string, value: Json): Promise<void>;
}

// --- Trying again ----------------------------------------------------------------------------------------------------

/**
 * Work that goes on for as long as the source runs: rounds of a poll, a connection, a child process. The loop times it, backs
 * off, keeps the health, says the first failure on stderr, and tells the session after the third in a row, or after one that is not tried
 * again within the hour, and when it is over.
 */
export interface LoopOptions {
  /**
   * One round: settles when it is over, rejects when it failed. A ConnectorError is an ordinary failure: `retryAfterMs` is honoured; one
   * that is not `retryable` is tried again too, since the outside may change, at the longest delay. Anything else is a bug: it is
   * logged whole and the round tried again. The signal fires when the source stops.
   */
  run(signal: AbortSignal, round: Round): Promise<void>;
  /** Milliseconds from a good round to the next. */
  pauseMs(nowMs: number): number;
  /** After failures: the first delay and the longest; it doubles from one to the next, and each is up to a tenth longer by chance. Default 1 s and 1 min. */
  readonly backoff?: {
    readonly firstMs: number;
    readonly maxMs: number;
    /** What the outside asked for: no delay is shorter. */
    leastMs?(): number;
  };
  /**
   * A good round that ended sooner achieved nothing that lasts: the pauses after such rounds in a row grow as those after failures do.
   * For connections that are meant to stay.
   */
  readonly shortMs?: number;
  /** Before the first round. Default 0. */
  readonly firstMs?: number;
  /**
   * For work that has times of its own: when it is to be done next, undefined for never. Rounds may come more often than that, to look at
   * the clock. A failure is not tried again before, and `backoff` means nothing.
   */
  dueMs?(nowMs: number): number | undefined;
}

export interface Round {
  /** There was nothing to do: the round says neither that it works nor that it fails. */
  skip(): void;
  /** How many rounds failed since the last good one. */
  readonly failures: number;
  /** The round is good already, whatever comes: a connection stands. */
  works(): void;
}

export interface Loop {
  /** Does not wait for the first round. */
  start(): void;
  /** Ends the pause; nothing while a round is under way. */
  now(): void;
  /** Fires the signal; settles when the round has settled, or at the deadline. Idempotent. */
  stop(deadline: AbortSignal): Promise<void>;
  health(): SourceHealth;
}

// --- The outside -----------------------------------------------------------------------------------------------------

export interface HttpClient {
  /**
   * Settles with the answer, whatever its status, when its head is there. Rejects with a ConnectorError (E_HTTP_FAILED,
   * retryable) when there is none: not found, refused, no valid certificate, too late; and when it is sent to another host.
   * Redirects within the host are followed, at most five, for GET and HEAD only, and never from https to http.
   */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** Settles when the connection stands. Rejects as `request` does. */
  webSocket(request: WebSocketRequest): Promise<WebSocketLink>;
}

export interface HttpRequest {
  readonly url: string;
  /** Default GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What comes piece by piece is sent so, and cannot be sent again. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  /** False: a redirect is an answer like any other. */
  readonly redirects?: boolean;
  /** Names that lead to this machine or a private network are not asked. A proxy of the environment decides for itself. */
  readonly publicOnly?: boolean;
  /** Until the head of the answer is there. Default 30 s. */
  readonly timeoutMs?: number;
  /** Between two pieces of the body; 0: no limit. Default 30 s. */
  readonly idleMs?: number;
  /** From the head of the answer to the end of its body. Default: no limit. */
  readonly bodyMs?: number;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case, a repeated header as one text joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Where the answer came from in the end. */
  readonly url: string;
  /** Decompressed. Rejects with E_HTTP_SIZE, not retryable, when it is longer; E_HTTP_FAILED when it breaks off. */
  bytes(maxBytes: number): Promise<Uint8Array>;
  /** The same as text: in the charset that it names, else UTF-8. */
  text(maxBytes: number): Promise<string>;
  /** As it comes, decompressed. Rejects when it breaks off. */
  body(): AsyncIterable<Uint8Array>;
  /** The status as an error when it is no success: E_HTTP_STATUS, with `Retry-After`; `retryable` for 408, 425, 429 and 5xx. */
  failure(): Error | undefined;
  /** To be called when the body is not read. */
  discard(): void;
}

export interface WebSocketRequest {
  /** ws: or wss:. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
  readonly signal: AbortSignal;
  /** Until the connection stands. Default 30 s. */
  readonly timeoutMs?: number;
  /** A longer message ends the connection with E_HTTP_SIZE. */
  readonly maxBytes: number;
}

export interface WebSocketLink {
  /**
   * Ends when the connection was closed in an ordinary way. Rejects with a ConnectorError when it broke off (E_HTTP_FAILED) or was
   * closed with a code that says why (E_HTTP_STATUS). Read slowly, it holds the far side back. May be called once.
   */
  messages(): AsyncIterable<string | Uint8Array>;
  send(message: string | Uint8Array): void;
  /** Asks for a sign of life; settles when it comes, and never when none does. */
  ping(): Promise<void>;
  close(): void;
}

export interface SpawnOptions {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Default: the config's folder. */
  readonly cwd?: string;
  /** In addition to the router's own environment without what is secret in it. */
  readonly env?: Readonly<Record<string, string>>;
  /** What consent was given to: set by the runtime. */
  readonly launch?: Launch;
}

export interface Child {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when it has ended and its output was read or closed. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Ends the whole process group: SIGTERM, and SIGKILL after `graceMs` (default 2 s). Settles when it is gone. Idempotent. */
  kill(graceMs?: number): Promise<void>;
}

// --- Options that are code -------------------------------------------------------------------------------------------

/**
 * By the path of the option in the words of the code: `items`, `request.url`, `files.0`. Undefined where the option is not set.
 * What is marked in the schema: `x-cel`, `x-template`, `x-regex`, `x-glob`.
 */
export interface CompiledOptions {
  /** Throws an ExpressionError when it does not fit what it is given. */
  cel(path: string): ((roots: CodeRoots) => Json) | undefined;
  /** Throws a TemplateError when it fails on what it is given. Not neutralised. */
  template(path: string): ((roots: CodeRoots) => string) | undefined;
  /**
   * Of a template that is one `{{path}}` and nothing else: what stands there, with its type. The function gives undefined where the
   * path leads nowhere.
   */
  value(path: string): ((roots: CodeRoots) => Json | undefined) | undefined;
  regex(path: string): Pattern | undefined;
  /** `*` within one part of a path, `**` across parts, `?`, `[a-z]`, `{a,b}`. */
  glob(path: string): ((text: string) => boolean) | undefined;
}

/** The roots of a View, as far as they are there, and those that the option's schema names beside them. */
export type CodeRoots = Partial<View> & { readonly [root: string]: unknown };

/** An RE2 pattern: linear in time, and bounded in the text that it looks at. */
export interface Pattern {
  test(text: string): boolean;
  /** The named groups of the first match; undefined when there is none. */
  groups(text: string): Readonly<Record<string, string>> | undefined;
}

// --- The listener ----------------------------------------------------------------------------------------------------

/** The one HTTP listener of a config. */
export interface Listener extends ListenSurroundings {
  /** Settles when the listener is bound and the route answers; the result removes the route (requests in flight end). */
  route(route: Route): Promise<() => void>;
  /** `http://127.0.0.1:8788` once bound, undefined before. */
  address(): string | undefined;
  /** The memory for request bodies, of all sources together. */
  readonly bodies: BodyPool;
}

/** The memory for bodies of requests. Those that nobody has vouched for yet share one bound. */
export interface BodyPool {
  /** For a body that is about to be read. `cut` is called when its memory is needed for others: it ends the reading and releases. */
  open(request: IncomingMessage, cut: () => void): BodyLease;
}

/** What one body holds of the pool. Ends with `release`, whatever became of the request. */
export interface BodyLease {
  /** False when there is no room for so many bytes more. */
  reserve(bytes: number): boolean;
  /** So many of them are free again. */
  give(bytes: number): void;
  /** All of it is there: it is not cut any more. */
  read(): void;
  /** The sender has proven itself. False when those that have hold too much already. */
  prove(): boolean;
  /** Idempotent. */
  release(): void;
}

export interface Route {
  /** May have `:named` parts and a trailing `*` (its value is the parameter `*`). */
  readonly path: string;
  /** Upper case. */
  readonly methods: readonly string[];
  /** Who this is, for messages: the source's name. */
  readonly owner: string;
  /** `handle` answers HEAD requests as well, where no route of the path names that method itself. */
  readonly answersHead?: boolean;
  /** Answers the request itself. A rejection is a bug: the listener answers 500 and logs it. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    params: Readonly<Record<string, string>>,
  ): Promise<void>;
}
