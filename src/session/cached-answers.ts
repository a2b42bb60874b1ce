// The answers that open a conversation, for a process that has no session yet: the refused probe and
// `initialize`. A request that it cannot answer exactly as the session would is left to the session.

import {
  answerInitialize,
  type InitializeResult,
  initializeProblem,
  refuseMethod,
} from "./initialize-result.ts";
import { isRequest, readMessage, toLine } from "./json-rpc.ts";

/**
 * The answer to a line of the client, both without a line end; undefined for a line that only a session can
 * answer.
 */
export type CachedAnswers = (line: string) => string | undefined;

export function cachedAnswers(result: InitializeResult): CachedAnswers {
  return (line) => {
    const read = readMessage(line);
    if (!("message" in read) || !isRequest(read.message)) return undefined;
    const request = read.message;
    if (request.method === "server/discover") return toLine(refuseMethod(request));
    if (request.method !== "initialize" || initializeProblem(request) !== undefined) return undefined;
    return toLine(answerInitialize(request, result));
  };
}
