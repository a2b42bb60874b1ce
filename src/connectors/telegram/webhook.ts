// Telegram posts what has come to a path of the one listener. It is answered when that is safe, and posts again when it is not;
// one post at a time, so that the order stays.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Update } from "grammy/types";
import type { Host, Round } from "../../contract/host.ts";
import { ConnectorError, isRouterError } from "../../errors.ts";
import { answerEmpty, Refusal, refuse } from "../../http/answer.ts";
import { readBody } from "../../http/body.ts";
import { isSameSecret } from "../../http/same-secret.ts";
import type { TelegramApi } from "./api.ts";
import type { Self } from "./message.ts";
import { updateKinds } from "./polling.ts";

const maxBodyBytes = 1024 * 1024;
/** How often Telegram is asked whether it could post. */
export const lookEveryMs = 10 * 60_000;
const retryAfter = { "retry-after": "1" };

interface WebhookOptions {
  readonly path: string;
  readonly secret: string;
  readonly host: Pick<Host, "clock" | "refused" | "listener">;
  /** Rejects when it was not taken. */
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
    if (update === undefined) return turnAway(new Refusal(400, "this is no update of Telegram's"));
    try {
      await take(update);
      answerEmpty(response, 200);
    } catch (error) {
      if (!isRouterError(error)) throw error;
      turnAway(new Refusal(503, "not taken, try again", retryAfter));
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

/** A round: sees to it that Telegram posts here. Rejects when it cannot reach us, in its own words. */
export function createWebhookKeeper(
  api: TelegramApi,
  { path, secret, host }: Pick<WebhookOptions, "path" | "secret" | "host">,
) {
  const url = `${host.listener.publicUrl?.replace(/\/+$/, "")}${path}`;
  let isSet = false;
  let setAtMs = 0;

  return async (_self: Self, _signal: AbortSignal, _round: Round): Promise<void> => {
    const info = await api.raw.getWebhookInfo();
    // The secret is not told, so the first time it is set in any case.
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
          hint: "is the address reachable from the internet, by https?",
        },
      );
    }
  };
}
