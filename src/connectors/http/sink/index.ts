// The `http` sink type: a request to an API.

import type { OutgoingRequest, SinkType } from "../../../contract/sink.ts";
import { readAnswer } from "./answer.ts";
import { checkSink, powersOfSink } from "./check.ts";
import type { HttpSinkOptions } from "./options.generated.ts";
import { httpSinkOptions } from "./options.ts";
import { prepareRequest } from "./request.ts";
import { validate } from "./validate.generated.js";

export const httpSink: SinkType<HttpSinkOptions, OutgoingRequest> = {
  type: "http",
  summary: "Makes an HTTP request, for instance to an API.",
  options: httpSinkOptions,
  validate,
  check: checkSink,
  powers: powersOfSink,
  repeatable: ({ request, idempotencyKey }) =>
    idempotencyKey !== undefined || ["GET", "PUT", "DELETE"].includes(request.method),
  prepare: prepareRequest,
  create: (_, { timeoutMs, maxAnswerBytes }, { http }) => ({
    async send({ kind: _kind, ...request }, signal) {
      const answer = await http.request({ ...request, signal, timeoutMs, bodyMs: timeoutMs });
      return readAnswer(answer, request.method, maxAnswerBytes);
    },
  }),
};
