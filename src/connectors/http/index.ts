// The `http` source type: webhooks of every kind on the one listener.

import type { SourceType } from "../../contract.ts";
import { checkOptions } from "./check.ts";
import { imagineArrival, trustOf } from "./event.ts";
import { routedMethods } from "./first-call.ts";
import { type HttpOptions, httpOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { canonicalPath } from "./path.ts";
import { createHttpSource } from "./source.ts";

export const http: SourceType<HttpOptions> = {
  type: "http",
  summary: "Receives webhooks: each request that proves its sender becomes one event.",
  options: httpOptions,
  validate,
  meta: { path: "{{path}}", method: "{{method}}" },
  claims: (options) =>
    routedMethods(options).map((method) => `route:${method} ${canonicalPath(options.path)}`),
  trust: trustOf,
  answers: ({ respond }) => respond?.waitMs !== undefined,
  check: checkOptions,
  reaches: ({ respond, methods, path }) =>
    respond?.body === undefined ? [] : [{ to: "callers", of: `${methods.join(", ")} ${path}` }],
  imagine: imagineArrival,
  create: createHttpSource,
};
