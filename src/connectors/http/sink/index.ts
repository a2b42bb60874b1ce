// The `http` sink type: a request to an API.

import type { OutgoingRequest, SinkType } from "../../../contract/sink.ts";
import { ConnectorError } from "../../../errors.ts";
import { readAnswer } from "./answer.ts";
import { checkSink } from "./check.ts";
import { type HttpSinkOptions, httpSinkOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { prepareRequest } from "./request.ts";

export const httpSink: SinkType<HttpSinkOptions, OutgoingRequest> = {
  type: "http",
  summary: "Makes an HTTP request, for instance to an API.",
  options: httpSinkOptions,
  validate,
  check: checkSink,
  reaches: ({ request: { url, method } }) => [{ to: "host", url, ...(method === "GET" ? {} : { method }) }],
  repeatable: isRepeatable,
  prepare: prepareRequest,
  create: (_, options, { http }) => ({
    async send({ kind: _kind, ...request }, signal) {
      const { timeoutMs, maxAnswerBytes } = options;
      try {
        const answer = await http.request({ ...request, signal, timeoutMs, bodyMs: timeoutMs });
        return await readAnswer(answer, request.method, maxAnswerBytes);
      } catch (error) {
        throw isRepeatable(options) ? error : orDone(error);
      }
    },
  }),
};

function isRepeatable({ request, idempotencyKey }: HttpSinkOptions): boolean {
  return idempotencyKey !== undefined || ["GET", "PUT", "DELETE"].includes(request.method);
}

/** Error codes of the system and of undici: the request was not sent. */
const notSent = new Set([
  "ENOTFOUND",
  "EAI_AGAIN",
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Without a response it is unknown whether the request was accepted: a retry may repeat its effect. */
function orDone(error: unknown): unknown {
  if (!(error instanceof ConnectorError) || error.code !== "E_HTTP_FAILED" || error.hint !== undefined)
    return error;
  if (codesOf(error).some((code) => notSent.has(code))) return error;
  return new ConnectorError(error.code, error.message, {
    retryable: error.retryable,
    cause: error.cause,
    hint: "it may have been done all the same: look before you call this again",
  });
}

function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const { code } = error as { code?: unknown };
  return [...(typeof code === "string" ? [code] : []), ...codesOf(error.cause)];
}
