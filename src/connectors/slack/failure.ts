// Maps errors of Slack's libraries to messages that the user or Claude can act on.

import { ConnectorError } from "../../errors.ts";

interface SlackFailure {
  readonly code?: unknown;
  readonly data?: { readonly error?: unknown; readonly needed?: unknown };
  readonly retryAfter?: unknown;
  readonly statusCode?: unknown;
}

/** Errors of the Web API, as its methods document them. */
const meanings: Readonly<Record<string, string>> = {
  cant_update_message: "that message is not one of the app's own",
  channel_not_found: "this channel is gone, or the app cannot see it",
  edit_window_closed: "it is too old to be changed",
  file_not_found: "the file is gone",
  invalid_name: "Slack has no emoji of this name",
  is_archived: "the channel is archived",
  message_not_found: "the message is gone",
  msg_too_long: "the message is too long",
  not_in_channel: "the app is not in this channel: invite it there",
  thread_not_found: "the thread is gone",
  user_not_found: "no such user",
};
const badTokens: ReadonlySet<string> = new Set([
  "account_inactive",
  "invalid_auth",
  "not_allowed_token_type",
  "not_authed",
  "token_expired",
  "token_revoked",
]);
const passing: ReadonlySet<string> = new Set([
  "fatal_error",
  "internal_error",
  "ratelimited",
  "request_timeout",
  "service_unavailable",
  "team_added_to_org",
]);

/** `what`: the action, for instance "sending". A bug of the router is rethrown as it is. */
export function failureOf(error: unknown, what: string): unknown {
  if (error instanceof ConnectorError || !(error instanceof Error)) return error;
  const { code, data, retryAfter, statusCode } = error as SlackFailure;
  const retryable = (message: string, retryAfterMs?: number) =>
    new ConnectorError("E_CHAT", `${what} failed: ${message}`, {
      retryable: true,
      retryAfterMs,
      cause: error,
    });
  switch (code) {
    case "slack_webapi_platform_error":
      return refusalOf(String(data?.error), String(data?.needed ?? ""), what, error);
    case "slack_webapi_rate_limited_error":
      return retryable("rate limited by Slack", Number(retryAfter) * 1_000);
    case "slack_webapi_http_error":
      return retryable(`Slack answered ${String(statusCode)}`);
    case "slack_webapi_request_error":
    case "slack_socket_mode_websocket_error":
      return retryable("Slack cannot be reached");
    default:
      return error;
  }
}

function refusalOf(said: string, needed: string, what: string, cause: Error): ConnectorError {
  if (badTokens.has(said))
    return new ConnectorError("E_CHAT", `Slack rejected the token (${said})`, {
      hint: "check token (xoxb-) and app_token (xapp-) of the app, then: channel-router configure slack",
      cause,
    });
  if (said === "missing_scope")
    return new ConnectorError("E_CHAT", `${what} failed: the app lacks the scope ${needed}`, {
      hint: "add it under OAuth & Permissions, and install the app again",
      cause,
    });
  return new ConnectorError("E_CHAT", `${what} failed: ${meanings[said] ?? said}`, {
    retryable: passing.has(said),
    cause,
  });
}

/** Runs one request to Slack and maps its failure. */
export async function asked<T>(what: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw failureOf(error, what);
  }
}
