// The `http` source type: webhooks of every kind on one shared listener.

import type { SourceType } from "../../contract.ts";
import { checkOptions } from "./check.ts";
import { sampleArrival, trustOf } from "./event.ts";
import { routedMethods } from "./first-call.ts";
import { type HttpOptions, httpOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { canonicalPath } from "./path.ts";
import { createHttpSource } from "./source.ts";
import { confirmsSubscription, keyAddresses } from "./verify/scheme.ts";

export const http: SourceType<HttpOptions> = {
  type: "http",
  summary: "Receives webhooks: each request that proves its sender becomes one event.",
  options: httpOptions,
  validate,
  meta: { path: "{{path}}", method: "{{method}}" },
  claims: (options) =>
    routedMethods(options).map((method) => `route:${method} ${canonicalPath(options.path)}`),
  storeKey: ({ path, verify }) => [path, verify?.scheme ?? null],
  trust: trustOf,
  answers: ({ respond }) => respond?.waitMs !== undefined,
  check: checkOptions,
  reaches: ({ respond, methods, path, verify }) => [
    ...(respond?.body === undefined ? [] : [{ to: "callers" as const, of: `${methods.join(", ")} ${path}` }]),
    ...keyAddresses(verify).map((url) => ({
      to: "host" as const,
      url,
      ...(confirmsSubscription(verify) ? { method: "ConfirmSubscription at" } : {}),
    })),
  ],
  sampleArrival,
  create: createHttpSource,
};
