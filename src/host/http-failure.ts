// The errors of outgoing requests, without secrets: the same for requests and for WebSockets.

import { ConnectorError } from "../errors.ts";

/** How long connecting may take. */
export const connectMs = 10_000;

/** Only the host: a user, a path (of a webhook relay, for example) and a query may all be secrets. */
export function describeUrl({ host, pathname }: URL): string {
  return pathname === "/" ? host : `${host}/…`;
}

/** E_HTTP_FAILED, retryable: there is no answer. */
export function failure(url: URL, reason: string, cause?: unknown): ConnectorError {
  return new ConnectorError("E_HTTP_FAILED", `request to ${describeUrl(url)} failed: ${reason}`, {
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Names in lower case. */
type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * E_HTTP_STATUS, for an answer that is not a success: `retryable` for 408, 425, 429 and 5xx, and where a rate
 * limit is used up.
 */
export function statusFailure(url: URL, status: number, headers: Headers, nowMs: number): ConnectorError {
  const isUsedUp = status === 403 && headers["x-ratelimit-remaining"] === "0";
  const meaning = isUsedUp ? meaningOf(429) : meaningOf(status);
  return new ConnectorError("E_HTTP_STATUS", `${describeUrl(url)} answered ${status}${meaning}`, {
    retryable: isUsedUp || [408, 425, 429].includes(status) || status >= 500,
    retryAfterMs: retryAfterMs(text(headers["retry-after"]), nowMs) ?? untilReset(headers, nowMs),
  });
}

function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/**
 * When a used up rate limit resets: GitHub gives the time in seconds since 1970 (docs.github.com, "Rate
 * limits for the REST API"), others the seconds until then. At most a day.
 */
function untilReset(headers: Headers, nowMs: number): number | undefined {
  if (headers["x-ratelimit-remaining"] !== "0") return undefined;
  const seconds = Number(text(headers["x-ratelimit-reset"]) ?? Number.NaN);
  const ms = seconds > 1_000_000_000 ? seconds * 1_000 - nowMs : seconds * 1_000;
  return ms > 0 ? Math.min(ms, maxRetryAfterMs) : undefined;
}

const meanings: Readonly<Record<number, string>> = {
  301: " (moved)",
  302: " (moved)",
  307: " (moved)",
  308: " (moved)",
  401: " (not logged in: is the token right?)",
  403: " (not allowed)",
  404: " (not found)",
  429: " (too many requests)",
};

function meaningOf(status: number): string {
  return meanings[status] ?? "";
}

const maxRetryAfterMs = 24 * 60 * 60 * 1_000;

/** Seconds or a date (RFC 9110 section 10.2.3); at most a day. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - nowMs;
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, maxRetryAfterMs) : undefined;
}

const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: "its name is not known",
  EAI_AGAIN: "its name cannot be looked up now",
  ECONNREFUSED: "the connection is refused",
  ECONNRESET: "the connection was closed",
  EHOSTUNREACH: "it cannot be reached",
  ENETUNREACH: "there is no network",
  UND_ERR_CONNECT_TIMEOUT: `no connection within ${connectMs / 1_000} s`,
  UND_ERR_BODY_TIMEOUT: "no more data arrived",
  UND_ERR_SOCKET: "the connection was closed",
  UND_ERR_HEADERS_OVERFLOW: "its headers are too long",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS (http:// in place of https://?)",
  Z_DATA_ERROR: "its compression is broken",
  Z_BUF_ERROR: "its compression is broken",
};

/** The reason, by the error code of the system or of undici. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: unknown } | undefined)?.code;
  if (typeof code === "string" && reasons[code] !== undefined) return reasons[code];
  if (typeof code === "string" && /CERT|SIGNED|TLS|SSL/.test(code))
    return `its certificate is not valid (${code})`;
  if (typeof code === "string" && code.startsWith("WS_ERR_")) return `it does not speak WebSocket (${code})`;
  if (typeof code === "string") return code;
  const { name, message } = cause instanceof Error ? cause : { name: "", message: "" };
  if (name === "HTTPParserError") return "it does not speak HTTP";
  // The Fetch standard's term for ports of other protocols, such as 6667.
  if (message === "bad port") return "its port is reserved for another protocol, so no request is sent to it";
  return "the request failed";
}
