// A request of a page that is not answered with 200: status, code and words.

import type { ServerResponse } from "node:http";
import { isRouterError, UsageError } from "../errors.ts";
import { type Refusal, refuse } from "../http/answer.ts";
import type { ConsoleFaultCode } from "./protocol.ts";

export class ConsoleFailure extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;

  constructor(status: number, code: ConsoleFaultCode | (string & {}), message: string, hint?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
  }
}

const statusOfCode: Readonly<Record<string, number>> = {
  E_EVENT_UNKNOWN: 404,
  E_CONSENT_REQUIRED: 403,
  E_CONSENT_INTERACTIVE: 403,
  E_RATE: 429,
  E_OUTSTANDING: 429,
};

/** Undefined for a bug: that is logged, and its words are not for a page. */
export function failureOf(error: unknown): ConsoleFailure | undefined {
  if (error instanceof ConsoleFailure) return error;
  if (!isRouterError(error)) return undefined;
  const status = statusOfCode[error.code] ?? (error instanceof UsageError ? 400 : 500);
  return new ConsoleFailure(status, error.code, error.message, error.hint);
}

/** Of a body that could not be read. */
export function failureOfBody({ status, error }: Refusal): ConsoleFailure {
  if (status === 413) return new ConsoleFailure(413, "too_large", error);
  return new ConsoleFailure(status, status === 503 ? "too_many" : "bad_request", error);
}

/** `mask` hides secrets. */
export function answerFailure(
  response: ServerResponse,
  { status, code, message, hint }: ConsoleFailure,
  mask: (text: string) => string,
  clock: Parameters<typeof refuse>[2],
): void {
  const error = { code, message: mask(message), ...(hint === undefined ? {} : { hint: mask(hint) }) };
  // As `refuse` sends it, which also reads the rest of a body.
  const refusal = { status, error, headers: status === 429 ? { "retry-after": "1" } : {}, isAbrupt: false };
  refuse(response, refusal as unknown as Refusal, clock);
}
