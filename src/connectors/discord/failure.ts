// Maps errors of Discord's libraries to messages that the user or Claude can act on.

import { ConnectorError } from "../../errors.ts";

interface ApiError {
  readonly status?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
}

/** "JSON error codes" of Discord's documentation. */
const meanings: Readonly<Record<number, string>> = {
  10003: "this channel is gone",
  10008: "this message is gone",
  10013: "no such user",
  10014: "no such emoji: use a Unicode one, or <:name:id>",
  40005: "the file is too large for this server",
  50001: "the bot cannot see this channel",
  50005: "that message is not one of the bot's own",
  50007: "this user does not accept direct messages from the bot",
  50013: "the bot lacks a permission there",
  50035: "Discord rejected the request format",
};

/** `what`: the action, for instance "sending". A bug of the router is rethrown as it is. */
export function failureOf(error: unknown, what: string): unknown {
  if (error instanceof ConnectorError || !(error instanceof Error)) return error;
  const { status, code, message } = error as ApiError;
  if (typeof status !== "number") {
    const isNetwork = /^(E[A-Z]+|UND_ERR)/.test(
      String(code ?? (error.cause as ApiError | undefined)?.code ?? ""),
    );
    if (!isNetwork && error.name !== "AbortError") return error;
    return new ConnectorError("E_CHAT", `${what} failed: Discord cannot be reached`, {
      retryable: true,
      cause: error,
    });
  }
  if (status === 401)
    return new ConnectorError("E_CHAT", "Discord rejected the token: was it reset?", {
      hint: "make a new one on the Bot page of the application, then: channel-router configure discord TOKEN",
    });
  const meaning = typeof code === "number" ? meanings[code] : undefined;
  const said =
    meaning ??
    String(message ?? "")
      .split("\n", 1)[0]
      ?.slice(0, 200);
  return new ConnectorError("E_CHAT", `${what} failed: ${said || `Discord answered ${status}`}`, {
    retryable: status === 429 || status >= 500,
    cause: error,
  });
}

/** Runs one request to Discord and maps its failure. */
export async function asked<T>(what: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw failureOf(error, what);
  }
}
