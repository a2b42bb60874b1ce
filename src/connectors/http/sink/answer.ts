// What an http sink makes of the answer. A call that the far side has taken is not told as failed because its answer was long.

import { createByteBuffer } from "../../../byte-buffer.ts";
import { charsetOf, decodeText } from "../../../charset.ts";
import type { HttpAnswer } from "../../../contract/host.ts";
import type { SinkAnswer } from "../../../contract/sink.ts";
import type { Json } from "../../../contract.ts";
import { ConnectorError, isRouterError } from "../../../errors.ts";
import { findJson } from "../../../json.ts";
import { line } from "../../../text.ts";

/** Of the body of a failure, in UTF-16 units: enough for the message of an API. */
const shownOfFailure = 600;
const readOfFailureBytes = 64 * 1024;

/** Throws a ConnectorError when the status is no success. */
export async function readAnswer(answer: HttpAnswer, method: string, maxBytes: number): Promise<SinkAnswer> {
  const failure = answer.failure();
  const { text, isWhole } = await readStart(answer, failure === undefined ? maxBytes : readOfFailureBytes);
  if (failure !== undefined) throw withBody(failure, text);
  const data = isWhole ? dataOf(answer.headers["content-type"], text) : undefined;
  const answered = line`answered ${answer.status}`;
  return {
    // What a request changed is said by its status; what one reads is why it was made.
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
    // The head is there, so the request was taken; what is missing is only what it said.
    if (!isRouterError(error)) throw error;
    isWhole = false;
  }
  if (!isWhole) answer.discard();
  return {
    text: decodeText(gathered.take(), charsetOf(answer.headers["content-type"])),
    isWhole,
  };
}

function dataOf(contentType: string | undefined, text: string): Json | undefined {
  // Some servers send JSON as text/plain or text/html: an object or a list is data whatever it is called.
  return /[/+]json\b/i.test(contentType ?? "") || /^\s*[[{]/.test(text) ? findJson(text) : undefined;
}

function withBody(failure: Error, body: string): Error {
  if (!(failure instanceof ConnectorError)) return failure;
  const said = body.replaceAll(/\s+/g, " ").trim().slice(0, shownOfFailure).toWellFormed();
  const { retryable, retryAfterMs } = failure;
  const hints = [
    ...(retryAfterMs === undefined ? [] : [`it asks to wait for ${Math.ceil(retryAfterMs / 1_000)} s`]),
    ...(said === "" ? [] : [`it said: ${said}`]),
  ];
  return new ConnectorError(failure.code, failure.message, {
    retryable,
    retryAfterMs,
    ...(hints.length === 0 ? {} : { hint: hints.join("; ") }),
  });
}
