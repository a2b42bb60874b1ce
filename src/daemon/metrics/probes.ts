// GET /healthz, /readyz and /metrics for programs on this machine: a supervisor, a scraper. They hold names and numbers,
// and no web page may read them.

import type { IncomingMessage, ServerResponse } from "node:http";
import { createGuard } from "../../http/guard.ts";
import type { DaemonState } from "../state.ts";
import { readinessProblems } from "./health.ts";

const refusePages = createGuard({ hosts: [] });
const loopback = /^(?:(?:::ffff:)?127\.|::1$)/;
const paths = ["/healthz", "/readyz", "/metrics"];

/** Answers the request if it is for one of the three paths; else false. */
export function answerProbe(state: DaemonState, request: IncomingMessage, response: ServerResponse): boolean {
  const path = (request.url ?? "/").split("?", 1)[0] as string;
  if (!paths.includes(path)) return false;
  const foreign = loopback.test(request.socket.remoteAddress ?? "")
    ? refusePages(request)
    : "only programs on this machine may ask";
  if (foreign !== undefined) answerJson(response, 403, { error: foreign });
  else if (request.method !== "GET" && request.method !== "HEAD")
    answerJson(response, 405, { error: "method not allowed" }, { allow: "GET, HEAD" });
  else if (path === "/healthz") answerJson(response, 200, { status: "ok" });
  else if (path === "/readyz") {
    const problems = readinessProblems(state);
    answerJson(response, problems.length === 0 ? 200 : 503, { ready: problems.length === 0, problems });
  } else {
    const page = state.metrics()?.page(request.headers.accept);
    if (page === undefined)
      answerJson(response, 404, { error: "metrics are off: set console: { metrics: true }" });
    else answer(response, 200, page.contentType, page.text, { vary: "accept" });
  }
  return true;
}

function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  answer(response, status, "application/json", `${JSON.stringify(body)}\n`, headers);
}

function answer(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(response.req.method === "HEAD" ? undefined : body);
}
