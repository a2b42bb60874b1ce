// OpenTelemetry's own SDK, set up from its standard variables: sampler, batches, headers, timeout, resource. Its queue is
// bounded; a collector that is away costs the spans and nothing else.

import { createHash } from "node:crypto";
import type { Context, Link, Span, SpanKind, SpanOptions } from "@opentelemetry/api";
import { librariesFolder } from "../../config/paths.ts";
import type { Log } from "../../contract.ts";
import { loadLibraries } from "../../host/libraries.ts";
import { line } from "../../text.ts";
import { version } from "../../version.ts";
import { libraries } from "./packages.ts";

type Modules = [
  typeof import("@opentelemetry/api"),
  typeof import("@opentelemetry/core"),
  typeof import("@opentelemetry/resources"),
  typeof import("@opentelemetry/sdk-trace-base"),
  typeof import("@opentelemetry/exporter-trace-otlp-http"),
];

/** The ids of the first span of an event's trace. */
export interface RootIds {
  readonly traceId: string;
  readonly spanId: string;
}

export interface SpanExporter {
  /** The first span of a trace; with the headers of a sender that has a trace of its own, a span of that one. */
  startRoot(
    name: string,
    ids: RootIds,
    options: SpanOptions,
    headers: Readonly<Record<string, string>> | undefined,
  ): Span;
  startChild(name: string, parent: Span, options: SpanOptions): Span;
  linkTo(span: Span): Link;
  readonly kinds: typeof SpanKind;
  markFailed(span: Span): void;
  /** Sends what is queued. Never rejects. */
  flush(): Promise<void>;
  /** Sends nothing more. */
  close(): void;
}

/** Failures of the exporter that follow each other are logged once in this time. */
const logEveryMs = 600_000;

/** Rejects with E_LIBRARY where the packages are missing. */
export async function openExporter(env: NodeJS.ProcessEnv, log: Log): Promise<SpanExporter> {
  const modules = (await loadLibraries(libraries, librariesFolder(env))) as Modules;
  const [api, core, resources, sdk, otlp] = modules;
  let next: RootIds | undefined;
  const random = new sdk.RandomIdGenerator();
  const exporter = new otlp.OTLPTraceExporter();
  let loggedMs = Number.NEGATIVE_INFINITY;
  const exportSpans: typeof exporter.export = (spans, done) =>
    exporter.export(spans, (result) => {
      const isLate = performance.now() - loggedMs > logEveryMs;
      if (result.code !== core.ExportResultCode.SUCCESS && isLate) {
        loggedMs = performance.now();
        log.warn(
          line`traces could not be sent, these spans are lost: ${result.error?.message ?? "no reason given"}`,
        );
      }
      done(result);
    });
  const provider = new sdk.BasicTracerProvider({
    resource: resources
      .defaultResource()
      .merge(
        resources.resourceFromAttributes({ "service.name": "channel-router", "service.version": version }),
      )
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    idGenerator: {
      generateTraceId: () => next?.traceId ?? random.generateTraceId(),
      generateSpanId: () => next?.spanId ?? random.generateSpanId(),
    },
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        export: exportSpans,
        shutdown: () => exporter.shutdown(),
        forceFlush: () => exporter.forceFlush(),
      }),
    ],
  });
  const tracer = provider.getTracer("channel-router", version);
  const propagator = new core.W3CTraceContextPropagator();
  const contextOf = (headers: Readonly<Record<string, string>> | undefined): Context =>
    headers?.traceparent === undefined
      ? api.ROOT_CONTEXT
      : propagator.extract(api.ROOT_CONTEXT, headers, api.defaultTextMapGetter);
  return {
    kinds: api.SpanKind,
    startRoot(name, ids, options, headers) {
      next = ids;
      try {
        return tracer.startSpan(name, options, contextOf(headers));
      } finally {
        next = undefined;
      }
    },
    startChild: (name, parent, options) =>
      tracer.startSpan(name, options, api.trace.setSpan(api.ROOT_CONTEXT, parent)),
    linkTo: (span) => ({ context: span.spanContext() }),
    markFailed: (span) => void span.setStatus({ code: api.SpanStatusCode.ERROR }),
    flush: () => provider.forceFlush().catch(() => undefined), // Logged above.
    close: () => void provider.shutdown().catch(() => undefined),
  };
}

/** The same in each process: what a later leader adds belongs to the trace that an earlier one began. */
export function rootIdsOf(folder: string, eventId: string): RootIds {
  const hash = createHash("sha256").update(`trace\n${folder}\n${eventId}`).digest("hex");
  return { traceId: hash.slice(0, 32), spanId: hash.slice(32, 48) };
}
