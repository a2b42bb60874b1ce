// Every error class and every code, once. Classes are chosen by who must act; a bug is a plain Error and is never
// wrapped in one of these. docs/errors.md explains each code, and a test holds the two together.

/** Code -> what it means, in one sentence. */
export const errorCodes = {
  E_CONFIG_FILE: "The config file, or a file that it names, cannot be read.",
  E_CONFIG_EMPTY: "The config file has no content.",
  E_CONFIG_SYNTAX: "The file is not valid YAML 1.2.",
  E_CONFIG_DUPLICATE_KEY: "A key occurs twice in a mapping.",
  E_CONFIG_ALIAS: "YAML aliases expand to too many values.",
  E_CONFIG_SIZE: "The file, or a list or mapping in it, is too large.",
  E_CONFIG_MORE: "A file has more problems than are listed.",
  E_CONFIG_UNKNOWN_KEY: "A key is unknown here.",
  E_CONFIG_MISSING_KEY: "A required key is missing.",
  E_CONFIG_TYPE: "A value has the wrong type.",
  E_CONFIG_VALUE: "A value is not allowed here.",
  E_CONFIG_NAME: "A name does not match ^[a-z][a-z0-9_]*$.",
  E_CONFIG_RECIPE: "A recipe does not exist, or its location is not allowed.",
  E_CONFIG_CAPABILITY: "Part of a recipe exceeds the recipe's declared capabilities.",
  E_CONFIG_LOCK: "A shared recipe, its copy and channels.lock do not match.",
  E_CONFIG_REFERENCE: "A name refers to nothing in the config.",
  E_CONFIG_VARIABLE: "A ${...} cannot be resolved.",
  E_CONFIG_MATCH: "A match pattern is invalid.",
  E_CONFIG_REGEX: "A pattern is not valid RE2.",
  E_CONFIG_CEL: "A CEL expression has a syntax or type error.",
  E_CONFIG_TEMPLATE: "A template has a syntax error or an unknown helper.",
  E_CONFIG_META: "A meta key is reserved, or would be dropped by the client.",
  E_CONFIG_CLAIM: "Two components need something that only one can hold.",
  E_CONFIG_EXPOSED: "An unverified source would be reachable from other machines.",
  E_CONFIG_VERIFY: "A verify block cannot work as written.",
  W_CONFIG_YAML: "A warning: valid YAML that probably does not mean what you intended.",
  W_CONFIG_DEPRECATED: "A warning: a former name of something.",
  E_TEMPLATE_RENDER: "A template failed on an event.",
  E_CEL_RUN: "A CEL expression failed on an event.",
  E_LISTEN_IN_USE: "The listen address is in use.",
  E_LISTEN_DENIED: "The listen address cannot be bound.",
  E_CONSENT_REQUIRED: "A part of the config requires the user's consent.",
  E_CONSENT_INTERACTIVE: "Only a user at a terminal can consent.",
  E_CAPABILITY: "Part of a recipe tried to reach something that its capabilities do not list.",
  E_SOURCE_START: "A source did not start in time.",
  E_HTTP_FAILED: "A host could not be reached, or the connection broke.",
  E_HTTP_STATUS: "A host responded with an error status.",
  E_HTTP_SIZE: "A response is larger than allowed.",
  E_FILE_READ: "Files of a source cannot be read.",
  E_COMMAND_START: "A command could not be started.",
  E_HTTP_CONTENT: "A source cannot read a response.",
  E_CLAIM_HELD: "Another running router holds something that only one can have.",
  E_SESSION_BUSY: "The client does not read and the queue is full.",
  E_SESSION_CLOSED: "The session has ended.",
  E_JOURNAL_FULL:
    "The disk of the journal is full, or waiting unverified events take all of delivery.max_size.",
  E_JOURNAL_WRITE: "The journal could not be written, or is too slow.",
  E_JOURNAL_CLOSED: "The journal is closed, or another process has taken it over.",
  E_JOURNAL_NEWER: "The journal was written by a newer version, so this one neither reads nor changes it.",
  E_STORE_FULL: "A source has too many cursors, files or ids (20,000 for one source, 200,000 for all).",
  E_RATE: "More events than the source's rate allows.",
  E_OUTSTANDING: "Too many events of this source are pending.",
  E_EVENT_UNKNOWN: "No stored event has this id.",
  E_REPLY_NONE: "This event's sender cannot be answered.",
  E_REPLY_DONE: "This event was already answered.",
  E_REPLY_GONE: "The sender no longer waits for this answer.",
  E_CHAT: "A chat platform rejected or failed a request.",
  E_MAIL: "A mail server rejected or failed a request.",
  E_LIBRARY: "A library that a source needs is not installed.",
  E_ACCESS_DENIED: "A chat is not admitted.",
  E_ACCESS_STATE: "The access file cannot be written.",
  E_FILE: "A file may not be sent, or cannot be stored.",
  E_COMMAND_END: "A source's command has exited or failed.",
  E_SINK_EVENT: "A sink cannot answer this event.",
  E_SINK_FAILED: "A sink call failed.",
  E_SINK_REFUSED: "A value is not allowed in the position where the sink would put it.",
  E_SINK_SECRET: "An argument of a sink contains a secret of the config.",
  E_RECIPE_FETCH: "A shared recipe could not be fetched.",
  E_RECIPE_MOVED: "A tag or version of a shared recipe no longer names what was pinned.",
  E_RECIPE_UNSAFE: "A shared recipe contains something that is not allowed, such as a link or a large file.",
  E_SILENCE: "This channel cannot be silenced in this way.",
  E_TOOL_INPUT: "A tool was called with invalid arguments.",
  E_TOOL_UNKNOWN: "No tool has this name.",
  E_CONTROL: "The running router did not answer, or failed to run a command.",
  E_HOOK: "A webhook cannot be read, registered or removed at its sender.",
  E_USAGE: "The command line is invalid.",
} as const;

export type ErrorCode = keyof typeof errorCodes;

interface Details {
  /** What to type or do instead. */
  hint?: string | undefined;
  cause?: unknown;
}

abstract class RouterError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: Details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = details.hint;
  }
}

interface RetryDetails extends Details {
  /** May the same thing be tried again later? */
  retryable?: boolean;
  retryAfterMs?: number | undefined;
}

abstract class RetryableError extends RouterError {
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, { retryable, retryAfterMs, ...details }: RetryDetails) {
    super(code, message, details);
    this.retryable = retryable ?? false;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The outside must act or be waited for: network, login, port, file. Not retryable unless it says so. */
export class ConnectorError extends RetryableError {
  constructor(code: ErrorCode, message: string, details: RetryDetails = {}) {
    super(code, message, { retryable: false, ...details });
  }
}

/** An event was not taken, or could not be handed on. Retryable unless it says otherwise. */
export class DeliveryError extends RetryableError {
  constructor(code: ErrorCode, message: string, details: RetryDetails = {}) {
    super(code, message, { retryable: true, ...details });
  }
}

/** A template: at load the author of the YAML must act, at run time the event did not fit it. */
export class TemplateError extends RouterError {
  /** Offset in the template's text where known, in UTF-16 units. */
  readonly offset: number | undefined;

  constructor(code: ErrorCode, message: string, details: Details & { offset?: number | undefined } = {}) {
    super(code, message, details);
    this.offset = details.offset;
  }
}

/** A CEL expression, a match pattern or a regular expression: at load a mistake in the YAML, at run time a misfit. */
export class ExpressionError extends RouterError {
  readonly offset: number | undefined;
  /** Path inside the pattern, for `match`. */
  readonly path: readonly (string | number)[] | undefined;
  /** For `match`: whether the mistake is in the key at `path`, or in its value. */
  readonly on: "key" | "value" | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    details: Details & {
      offset?: number | undefined;
      path?: readonly (string | number)[] | undefined;
      on?: "key" | "value" | undefined;
    } = {},
  ) {
    super(code, message, details);
    this.offset = details.offset;
    this.path = details.path;
    this.on = details.on;
  }
}

/** The caller of a tool or of the command line must act. */
export class UsageError extends RouterError {}

export function isRouterError(error: unknown): error is RouterError {
  return error instanceof RouterError;
}

/** Rejects what waits for consent; asked again after half a second, because the answer may be given to another process. */
export function consentRequired(): ConnectorError {
  return new ConnectorError("E_CONSENT_REQUIRED", "waiting for consent: channel-router trust", {
    retryable: true,
    retryAfterMs: 500,
  });
}

/** Rejects everything of a config file that was found and that the user has not agreed to use. */
export function configConsentRequired(): ConnectorError {
  return new ConnectorError(
    "E_CONSENT_REQUIRED",
    "nothing of the config is used before the user agrees to it",
    { hint: "channel-router trust, in a terminal of theirs" },
  );
}
