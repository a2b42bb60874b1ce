// Telegram posts updates to a path of the shared listener. The request is answered when the update is
// durable, and Telegram retries otherwise; one request at a time, so that the order is kept.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Update } from "grammy/types";
import type { Host, Round } from "../../contract/host.ts";
import { ConnectorError, isRouterError } from "../../errors.ts";
import { answerEmpty, Refusal, refuse } from "../../http/answer.ts";
import { readBody } from "../../http/body.ts";
import { isSameSecret } from "../../http/same-secret.ts";
import type { TelegramApi } from "./api.ts";
import type { BotIdentity } from "./message.ts";
import { updateKinds } from "./polling.ts";

const maxBodyBytes = 1024 * 1024;
/** How often the webhook state is checked with Telegram. */
export const lookEveryMs = 10 * 60_000;
const retryAfter = { "retry-after": "1" };

interface WebhookOptions {
  readonly path: string;
  readonly secret: string;
  readonly host: Pick<Host, "clock" | "refused" | "listener">;
  /** Rejects when it was not accepted. */
  take(update: Update): Promise<void>;
}

export function createWebhookHandler({ secret, host, take }: WebhookOptions) {
  const { clock, listener } = host;
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const turnAway = (refusal: Refusal) => {
      host.refused({ status: refusal.status, reason: refusal.error });
      refuse(response, refusal, clock);
    };
    const given = request.headers["x-telegram-bot-api-secret-token"];
    if (!isSameSecret(typeof given === "string" ? given : undefined, secret))
      return turnAway(new Refusal(401, "unauthorized"));
    const body = await readBody(request, { maxBytes: maxBodyBytes, clock, pool: listener.bodies });
    if (body === undefined) return;
    if (body instanceof Refusal) return turnAway(body);
    body.lease.release();
    const update = updateOf(body.content);
    if (update === undefined) return turnAway(new Refusal(400, "this is not a Telegram update"));
    try {
      await take(update);
      answerEmpty(response, 200);
    } catch (error) {
      if (!isRouterError(error)) throw error;
      turnAway(new Refusal(503, "not accepted, try again", retryAfter));
    }
  };
}

function updateOf(content: Buffer): Update | undefined {
  try {
    const value = JSON.parse(content.toString()) as Update | null;
    return typeof value?.update_id === "number" ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * One round: makes sure that the webhook is set. Rejects when Telegram cannot reach us, with its own message.
 */
export function createWebhookKeeper(
  api: TelegramApi,
  { path, secret, host }: Pick<WebhookOptions, "path" | "secret" | "host">,
) {
  const url = `${host.listener.publicUrl?.replace(/\/+$/, "")}${path}`;
  let isSet = false;
  let setAtMs = 0;

  return async (_self: BotIdentity, _signal: AbortSignal, _round: Round): Promise<void> => {
    const info = await api.raw.getWebhookInfo();
    // Telegram does not return the secret, so the webhook is always set the first time.
    if (!isSet || info.url !== url) {
      await api.raw.setWebhook({
        url,
        secret_token: secret,
        max_connections: 1,
        allowed_updates: updateKinds,
      });
      isSet = true;
      setAtMs = host.clock.now();
      return;
    }
    const failedAtMs = (info.last_error_date ?? 0) * 1_000;
    const isRecent = failedAtMs > Math.max(setAtMs, host.clock.now() - 2 * lookEveryMs);
    if (info.pending_update_count > 0 && isRecent) {
      throw new ConnectorError(
        "E_HTTP_FAILED",
        `Telegram cannot post to public_url: ${info.last_error_message}`,
        {
          retryable: true,
          hint: "is the address reachable from the internet over https?",
        },
      );
    }
  };
}
