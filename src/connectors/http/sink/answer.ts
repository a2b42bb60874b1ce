// Converts the response of an http sink. A request that the server accepted is not reported as failed because
// its response was too long.

import { createByteBuffer } from "../../../byte-buffer.ts";
import { charsetOf, decodeDeclared } from "../../../charset.ts";
import type { HttpAnswer } from "../../../contract/host.ts";
import type { SinkAnswer } from "../../../contract/sink.ts";
import type { Json } from "../../../contract.ts";
import { ConnectorError, isRouterError } from "../../../errors.ts";
import { findJson } from "../../../json.ts";
import { line } from "../../../text.ts";

/** Kept of the body of a failure, in UTF-16 units: enough for the error message of an API. */
const shownOfFailure = 600;
const readOfFailureBytes = 64 * 1024;

/** Throws a ConnectorError when the status is not a success. */
export async function readAnswer(answer: HttpAnswer, method: string, maxBytes: number): Promise<SinkAnswer> {
  const failure = answer.failure();
  const { text, isWhole } = await readStart(answer, failure === undefined ? maxBytes : readOfFailureBytes);
  if (failure !== undefined) throw withBody(failure, text);
  const data = isWhole ? dataOf(answer.headers["content-type"], text) : undefined;
  const answered = line`answered ${answer.status}`;
  return {
    // The result of a writing request is its status; the result of a reading one is its body.
    text: method === "GET" ? `answered ${answer.status}${isWhole ? "" : ", cut off"}\n${text}` : answered,
    ...(method === "GET" ? {} : { own: answered }),
    response: {
      status: answer.status,
      headers: { ...answer.headers },
      text,
      ...(data === undefined ? {} : { data }),
    },
  };
}

async function readStart(
  answer: HttpAnswer,
  maxBytes: number,
): Promise<{ readonly text: string; readonly isWhole: boolean }> {
  const gathered = createByteBuffer({ maxBytes });
  let isWhole = true;
  try {
    for await (const piece of answer.body()) {
      if (gathered.append(piece) === "kept") continue;
      gathered.append(piece.subarray(0, maxBytes - gathered.length));
      isWhole = false;
      break;
    }
  } catch (error) {
    // The head has arrived, so the request was accepted; only the response is incomplete.
    if (!isRouterError(error)) throw error;
    isWhole = false;
  }
  if (!isWhole) answer.discard();
  return {
    text: decodeDeclared(gathered.take(), [charsetOf(answer.headers["content-type"])]),
    isWhole,
  };
}

function dataOf(contentType: string | undefined, text: string): Json | undefined {
  // Some servers send JSON as text/plain or text/html: an object or a list is data whatever its content-type.
  return /[/+]json\b/i.test(contentType ?? "") || /^\s*[[{]/.test(text) ? findJson(text) : undefined;
}

function withBody(failure: Error, body: string): Error {
  if (!(failure instanceof ConnectorError)) return failure;
  const said = body.replaceAll(/\s+/g, " ").trim().slice(0, shownOfFailure).toWellFormed();
  const { retryable, retryAfterMs } = failure;
  const hints = [
    ...(retryAfterMs === undefined ? [] : [`it asks to wait for ${Math.ceil(retryAfterMs / 1_000)} s`]),
    ...(said === "" ? [] : [`response: ${said}`]),
  ];
  return new ConnectorError(failure.code, failure.message, {
    retryable,
    retryAfterMs,
    ...(hints.length === 0 ? {} : { hint: hints.join("; ") }),
  });
}
