// What the router lends to a source: everything impure, so that connectors can be tested with an injected
// environment, and everything that sources share, so that it is done in one way: retries, cursors, network
// requests, running programs.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable, Writable } from "node:stream";
import type { SafeText } from "../text.ts";
import type { Bounds } from "./capabilities.ts";
import type { People } from "./chat.ts";
import type { Json, View } from "./event.ts";
import type { Launch } from "./power.ts";

/** The part that is the same for all components of a config. */
export interface LentHost {
  /** The folder of the config file, absolute: the base of relative paths in options. */
  readonly folder: string;
  /** The home folder for `~` at the beginning of a path. */
  readonly home: string;
  readonly http: HttpClient;
  /**
   * Starts a program without a shell, in a separate process group. Rejects with a ConnectorError when it
   * cannot be started.
   */
  spawn(options: SpawnOptions): Promise<Child>;
  /**
   * The modules of these packages, in their order. Rejects with a ConnectorError (E_LIBRARY) when one is not
   * installed.
   */
  load(libraries: Libraries): Promise<readonly unknown[]>;
  /**
   * For a component from a recipe with capabilities: `http` and `spawn` check them. A component that reaches
   * files, or opens a connection through a library, checks them itself.
   */
  readonly bounds?: Bounds;
}

/** Client libraries that the user installs: `channel-router add TYPE`. */
export interface Libraries {
  readonly type: string;
  /** The platform's name: `Telegram`. */
  readonly title: string;
  /** Package names with the versions that are installed. */
  readonly packages: Readonly<Record<string, string>>;
}

/** Of one source. */
export interface Host extends LentHost {
  readonly log: Log;
  readonly clock: Clock;
  readonly listener: Listener;
  /** Access control: for chats. */
  readonly people: People;
  readonly store: Store;
  /** The options that are code, compiled before the source was created. */
  readonly code: CompiledOptions;
  /**
   * A loop that is not running yet. The health of a source's loop is that of the source: it has at most one.
   */
  loop(options: LoopOptions): Loop;
  /**
   * Does this option of the source contain a part from a variable, a file or a secret input? The path is that
   * of the YAML.
   */
  isTainted(path: readonly (string | number)[]): boolean;
  /** The texts from them: nothing of them may reach Claude or the journal. */
  cameIn(path: readonly (string | number)[]): readonly string[];
  /** Must be called for each request that became no event. Rejections of `emit` are already known. */
  refused(refusal: { readonly status: number; readonly reason: string }): void;
}

// --- Persistent state
// -------------------------------------------------------------------------------------------

/**
 * The persistent state of a source: cursors, seen ids. It is in the journal, belongs to the source's name and
 * to the `storeKey` of its options, and is empty when one of them is new.
 */
export interface Store {
  get(key: string): Json | undefined;
  /** Keys and values, least recently set first. */
  entries(): readonly (readonly [key: string, value: Json])[];
  /**
   * Settles when it is durable; null removes the key. Call it when the events before the cursor have settled:
   * events emitted after the last `set` come again after a crash. Rejects with a retryable DeliveryError when
   * it could not be written.
   */
  set(key: string, value: Json): Promise<void>;
}

// --- Retries
// ----------------------------------------------------------------------------------------------------

/**
 * Work that continues while the source runs: rounds of a poll, a connection, a child process. The loop
 * schedules it, backs off, tracks the health, logs the first failure on stderr, and notifies the session
 * after the third in a row, or after one that is not retried within the hour, and on recovery.
 */
export interface LoopOptions {
  /**
   * One round: settles when it is done, rejects when it failed. A ConnectorError is an ordinary failure:
   * `retryAfterMs` is honoured; one that is not `retryable` is retried too, since the outside may change, at
   * the longest delay. Anything else is a bug: it is logged in full and the round is retried. The signal
   * fires when the source stops.
   */
  run(signal: AbortSignal, round: Round): Promise<void>;
  /** Milliseconds from a good round to the next. */
  pauseMs(nowMs: number): number;
  /**
   * After failures: the first delay and the longest; it doubles each time, with up to a tenth of random
   * jitter. Default 1 s and 1 min.
   */
  readonly backoff?: {
    readonly firstMs: number;
    readonly maxMs: number;
    /** The minimum requested by the server: no delay is shorter. */
    leastMs?(): number;
  };
  /**
   * A good round that ended sooner had no lasting effect: the pauses after consecutive such rounds grow like
   * those after failures. For connections that are meant to stay open.
   */
  readonly shortMs?: number;
  /** Before the first round. Default 0. */
  readonly firstMs?: number;
  /**
   * For work with its own schedule: when it is due next, undefined for never. Rounds may run more often, to
   * check the clock. A failure is not retried before that, and `backoff` has no effect.
   */
  dueMs?(nowMs: number): number | undefined;
}

export interface Round {
  /** The round was idle: it indicates neither success nor failure. */
  skip(): void;
  /** Number of failed rounds since the last good one. */
  readonly failures: number;
  /** The round is already good, whatever follows: a connection is open. */
  works(): void;
}

export interface Loop {
  /** Does not wait for the first round. */
  start(): void;
  /** Ends the pause; does nothing during a round. */
  now(): void;
  /** Fires the signal; settles when the round has settled, or at the deadline. Idempotent. */
  stop(deadline: AbortSignal): Promise<void>;
  health(): SourceHealth;
}

// --- Network
// ----------------------------------------------------------------------------------------------------

export interface HttpClient {
  /**
   * Settles with the answer, whatever its status, when its head has arrived. Rejects with a ConnectorError
   * (E_HTTP_FAILED, retryable) on a network failure: not found, refused, invalid certificate, timeout; and on
   * a redirect to another host. Redirects within the host are followed, at most five, for GET and HEAD only,
   * and never from https to http.
   */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** Settles when the connection is open. Rejects as `request` does. */
  webSocket(request: WebSocketRequest): Promise<WebSocketLink>;
}

export interface HttpRequest {
  readonly url: string;
  /** Default GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is sent chunked, and cannot be sent again. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  /** False: a redirect is an answer like any other. */
  readonly redirects?: boolean;
  /**
   * Names that resolve to this machine or a private network are rejected. A proxy of the environment decides
   * for itself.
   */
  readonly publicOnly?: boolean;
  /** Called with each URL before it is requested, redirects included; throws to prevent it. Set by the router. */
  readonly mayReach?: (url: string) => void;
  /** Until the head of the answer. Default 30 s. */
  readonly timeoutMs?: number;
  /** Between two chunks of the body; 0: no limit. Default 30 s. */
  readonly idleMs?: number;
  /** From the head of the answer to the end of its body. Default: no limit. */
  readonly bodyMs?: number;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case, a repeated header as one text joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** The final URL of the answer. */
  readonly url: string;
  /**
   * Decompressed. Rejects with E_HTTP_SIZE, not retryable, when it is longer; E_HTTP_FAILED when it breaks
   * off.
   */
  bytes(maxBytes: number): Promise<Uint8Array>;
  /** The same as text: in the declared charset, else UTF-8. */
  text(maxBytes: number): Promise<string>;
  /** Streamed and decompressed. Rejects when it breaks off. */
  body(): AsyncIterable<Uint8Array>;
  /**
   * The error for a status that is not a success: E_HTTP_STATUS, with `Retry-After`; `retryable` for 408,
   * 425, 429 and 5xx.
   */
  failure(): Error | undefined;
  /** Must be called when the body is not read. */
  discard(): void;
}

export interface WebSocketRequest {
  /** ws: or wss:. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly protocols?: readonly string[];
  readonly signal: AbortSignal;
  /** Until the connection is open. Default 30 s. */
  readonly timeoutMs?: number;
  /** A longer message closes the connection with E_HTTP_SIZE. */
  readonly maxBytes: number;
}

export interface WebSocketLink {
  /**
   * Ends when the connection was closed normally. Rejects with a ConnectorError when it broke (E_HTTP_FAILED)
   * or was closed with an error code (E_HTTP_STATUS). Reading slowly applies backpressure to the peer. May be
   * called once.
   */
  messages(): AsyncIterable<string | Uint8Array>;
  send(message: string | Uint8Array): void;
  /** Sends a ping; settles with the answer, and never without one. */
  ping(): Promise<void>;
  close(): void;
}

export interface SpawnOptions {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Default: the config's folder. */
  readonly cwd?: string;
  /** Added to the router's own environment without its secrets. */
  readonly env?: Readonly<Record<string, string>>;
  /** The subject of consent: set by the router. */
  readonly launch?: Launch;
}

export interface Child {
  readonly pid: number;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Settles when it has exited and its output was read or closed. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /**
   * Ends the whole process group: SIGTERM, and SIGKILL after `graceMs` (default 2 s). Settles when it is
   * gone. Idempotent.
   */
  kill(graceMs?: number): Promise<void>;
}

// --- Options that are code -------------------------------------------------------------------------------------------

/**
 * By the path of the option in the spelling of the code: `items`, `request.url`, `files.0`. Undefined where
 * the option is not set. Marks in the schema: `x-cel`, `x-template`, `x-regex`, `x-glob`.
 */
export interface CompiledOptions {
  /** Throws an ExpressionError when it does not fit its input. */
  cel(path: string): ((roots: CodeRoots) => Json) | undefined;
  /** Throws a TemplateError when it fails on its input. Not neutralised. */
  template(path: string): ((roots: CodeRoots) => string) | undefined;
  /**
   * For a template that is exactly one `{{path}}`: the value at the path, with its type. The function returns
   * undefined for a missing value.
   */
  value(path: string): ((roots: CodeRoots) => Json | undefined) | undefined;
  regex(path: string): Pattern | undefined;
  /** `*` within one part of a path, `**` across parts, `?`, `[a-z]`, `{a,b}`. */
  glob(path: string): ((text: string) => boolean) | undefined;
}

/** The available roots of a View, and the further ones that the option's schema names. */
export type CodeRoots = Partial<View> & { readonly [root: string]: unknown };

/** An RE2 pattern: linear in time, and with a limit on the examined text. */
export interface Pattern {
  test(text: string): boolean;
  /** The named groups of the first match; undefined without a match. */
  groups(text: string): Readonly<Record<string, string>> | undefined;
}

// --- The listener ----------------------------------------------------------------------------------------------------

/** The one HTTP listener of a config. */
export interface Listener extends ListenSurroundings {
  /**
   * Settles when the listener is bound and the route answers; the result removes the route (requests in
   * flight end).
   */
  route(route: Route): Promise<() => void>;
  /** `http://127.0.0.1:8788` once bound, undefined before. */
  address(): string | undefined;
  /** The memory for request bodies, shared by all sources. */
  readonly bodies: BodyPool;
}

/** The memory for request bodies. Unverified ones share one limit. */
export interface BodyPool {
  /**
   * For a body that is about to be read. `cut` is called when its memory is needed for others: it aborts the
   * reading and releases.
   */
  open(request: IncomingMessage, cut: () => void): BodyLease;
}

/** The share of one body in the pool. Ends with `release`, whatever the outcome of the request. */
export interface BodyLease {
  /** False when the pool has no room for this many more bytes. */
  reserve(bytes: number): boolean;
  /** This many of them are free again. */
  give(bytes: number): void;
  /** The body is complete: it is not cut any more. */
  read(): void;
  /** The sender is verified. False when verified bodies already use too much. */
  prove(): boolean;
  /** Idempotent. */
  release(): void;
}

export interface Route {
  /** May have `:named` parts and a trailing `*` (its value is the parameter `*`). */
  readonly path: string;
  /** Upper case. */
  readonly methods: readonly string[];
  /** The name for messages: the source's name. */
  readonly sourceName: string;
  /** `handle` answers HEAD requests as well, where no route of the path names that method itself. */
  readonly answersHead?: boolean;
  /** Answers the request itself. A rejection is a bug: the listener answers 500 and logs it. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    params: Readonly<Record<string, string>>,
  ): Promise<void>;
}

export interface SourceHealth {
  readonly state: "starting" | "running" | "waiting" | "failed" | "stopped";
  /** One line for status: an address, a cursor, the last error and what to do. */
  readonly detail?: string;
  /** Why the last attempt failed, while none has succeeded since. */
  readonly lastError?: string;
  /** It failed because of a client library that the user can install meanwhile. */
  readonly lacksLibrary?: boolean;
  /** The next attempt; milliseconds since the epoch. */
  readonly nextTryMs?: number;
}

/** The listener settings of the config. */
export interface ListenSurroundings {
  /** False when `listen` is beyond loopback. */
  readonly loopback: boolean;
  readonly publicUrl?: string;
  /** Further Host names that unverified sources accept. */
  readonly hosts: readonly string[];
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `run` once after `ms`; the result cancels. Does not keep the process alive. */
  after(ms: number, run: () => void): () => void;
}

/** Log lines on stderr: none while all is well, one for each important event. Never a secret. */
export interface Log {
  info(shown: SafeText): void;
  warn(shown: SafeText): void;
  error(shown: SafeText): void;
}

export interface ClaimRegister {
  /**
   * Settles with a function that releases them. Rejects with a ConnectorError (E_CLAIM_HELD, retryable) that
   * names the holder while another process holds one of them. This process may hold them several times.
   */
  take(claims: readonly Claim[]): Promise<() => Promise<void>>;
}

/**
 * A resource that only one component of one config may hold: `route:POST /github`, `port:8788`, `file:/path`,
 * `token:<hash>`.
 */
export type Claim = string;
