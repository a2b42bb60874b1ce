// The Bot API through grammY, over the router's own HTTP client: with the proxy of the environment, without
// redirects, and with errors that never contain a token. The user installs grammY; it is loaded when a source
// starts.

import type { GrammyError, HttpError, InputFile, RawApi } from "grammy";
import { readOutgoing } from "../../chat/outgoing-file.ts";
import type { OutgoingFile } from "../../contract/chat.ts";
import type { Host, HttpAnswer } from "../../contract/host.ts";
import { ConnectorError } from "../../errors.ts";
import { libraries } from "./packages.ts";

export interface TelegramApi {
  readonly raw: RawApi;
  /** A file to send, read while it is sent. */
  file(file: OutgoingFile): InputFile;
}

/** The server keeps a long poll open for 50 s, and an upload times out after 500 s. */
const answerWithinMs = { question: 65_000, upload: 500_000, call: 30_000 };
/** An answer of 100 messages with all their entities has a few hundred kB. */
const maxAnswerBytes = 16 * 1024 * 1024;

/** Rejects when grammY is not installed. */
export async function openApi(
  { token, apiRoot }: { readonly token: string; readonly apiRoot: string },
  host: Pick<Host, "http" | "load">,
): Promise<TelegramApi> {
  const [grammy] = (await host.load(libraries)) as [typeof import("grammy")];
  const { Api, InputFile } = grammy;
  const { raw } = new Api(token, {
    apiRoot: apiRoot.replace(/\/+$/, ""),
    // Its declaration names another library's fetch; these are the parts of it that are used.
    fetch: ((url: string, init: FetchInit) => ask(url, init, host)) as unknown as typeof fetch as never,
  });
  return {
    raw: new Proxy(raw, {
      get: (target, method: string & keyof RawApi) => {
        const call = target[method] as (...args: unknown[]) => Promise<unknown>;
        return (...args: unknown[]) =>
          call(...args).catch((error: unknown) => {
            throw asRouterError(error);
          });
      },
    }),
    file: (file) => new InputFile(() => readOutgoing(file), file.name),
  };
}

interface FetchInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | AsyncIterable<Uint8Array>;
  readonly signal: Pick<AbortSignal, "aborted" | "addEventListener">;
}

async function ask(url: string, { method, headers, body, signal }: FetchInit, { http }: Pick<Host, "http">) {
  const ending = new AbortController();
  // The library ships its own AbortSignal type.
  if (signal.aborted) ending.abort();
  signal.addEventListener("abort", () => ending.abort(), { once: true });
  const { connection: _, ...rest } = headers;
  const answer = await http.request({
    url,
    method,
    headers: rest,
    body,
    signal: ending.signal,
    timeoutMs:
      answerWithinMs[url.endsWith("/getUpdates") ? "question" : typeof body === "string" ? "call" : "upload"],
  });
  return { json: () => jsonOf(answer, url.slice(url.lastIndexOf("/") + 1)) };
}

/** An answer that is not a Bot API response comes from something in between: a gateway, a captive portal. */
async function jsonOf(answer: HttpAnswer, method: string): Promise<unknown> {
  const text = await answer.text(maxAnswerBytes);
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "ok" in value) return value;
  } catch {
    // It is not JSON: handled like JSON of another kind.
  }
  throw (
    answer.failure() ??
    new ConnectorError("E_HTTP_FAILED", `api_root did not return a Bot API response to ${method}`, {
      retryable: true,
    })
  );
}

/** By their names: the classes are known only once the library is loaded. */
function asRouterError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error.name === "GrammyError") return refusalOf(error as GrammyError);
  if (error.name !== "HttpError") return error;
  const { error: reason } = error as HttpError;
  if (reason instanceof ConnectorError) return reason;
  return new ConnectorError("E_HTTP_FAILED", `${error.message.replace(/!$/, "")}`, { retryable: true });
}

/** An error response of the Bot API; `status` and `description` are its own. */
export class TelegramRefusal extends ConnectorError {
  readonly status: number;
  readonly description: string;

  constructor(status: number, description: string, message: string, details: RefusalDetails) {
    super("E_CHAT", message, details);
    this.status = status;
    this.description = description;
  }
}

interface RefusalDetails {
  readonly retryable: boolean;
  readonly retryAfterMs?: number | undefined;
  readonly hint?: string | undefined;
}

const longestWaitSeconds = 24 * 60 * 60;

/** A wait of nothing, or of something that is not a number, would be a busy loop. */
function secondsOf(asked: unknown): number {
  return typeof asked === "number" && asked >= 1 ? Math.min(asked, longestWaitSeconds) : 1;
}

function refusalOf({ error_code: status, description, parameters }: GrammyError): TelegramRefusal {
  const refusal = (message: string, details: RefusalDetails) =>
    new TelegramRefusal(status, description, message, details);
  if (status === 401 || (status === 404 && description === "Not Found")) {
    return refusal("Telegram rejected the token: it is wrong, or was revoked", {
      retryable: false,
      hint: "get the token of the bot from @BotFather, then: channel-router configure telegram TOKEN",
    });
  }
  if (status === 409 && !/webhook/i.test(description)) {
    return refusal("another program receives this bot's messages", {
      retryable: true,
      hint: "stop it, or create a second bot for this config",
    });
  }
  if (status === 429) {
    const seconds = secondsOf(parameters.retry_after);
    return refusal(`rate limited by Telegram, retry in ${seconds} s`, {
      retryable: true,
      retryAfterMs: seconds * 1_000,
    });
  }
  const moved = parameters.migrate_to_chat_id;
  if (moved !== undefined) {
    return refusal(`the group has become a supergroup with the id ${moved}`, {
      retryable: false,
      hint: `write that id into access.groups`,
    });
  }
  return refusal(`Telegram says: ${description}`, { retryable: status >= 500 });
}
