// Outgoing requests: with time-outs, without redirects to other hosts, and with error messages that contain
// no secret. undici is loaded with the first request.

import { publicLookup } from "../addresses.ts";
import { createByteBuffer } from "../byte-buffer.ts";
import { charsetOf, decodeDeclared } from "../charset.ts";
import type { HttpAnswer, HttpClient, HttpRequest } from "../contract/host.ts";
import { ConnectorError } from "../errors.ts";
import { connectMs, describeUrl, failure, reasonOf, statusFailure } from "./http-failure.ts";

type Undici = typeof import("undici");
type Response = Awaited<ReturnType<Undici["fetch"]>>;

const defaults = { timeoutMs: 30_000, idleMs: 30_000 };
const maxRedirects = 5;

interface ClientOptions {
  /** The `user-agent` header. */
  readonly userAgent: string;
  readonly clock: { now(): number };
}

export function createHttpClient({ userAgent, clock }: ClientOptions): HttpClient {
  let loading: Promise<{ undici: Undici; dispatcherOf: ReturnType<typeof createDispatchers> }> | undefined;

  async function load() {
    loading ??= import("undici").then((module) => {
      // A CommonJS package: in the bundle its names are on the default export only, whose type lacks some.
      const undici = module.default as unknown as Undici;
      return { undici, dispatcherOf: createDispatchers(undici) };
    });
    return loading;
  }

  async function request(options: HttpRequest): Promise<HttpAnswer> {
    const { undici, dispatcherOf } = await load();
    const { method = "GET", timeoutMs = defaults.timeoutMs, idleMs = defaults.idleMs } = options;
    const late = new AbortController();
    const signal = AbortSignal.any([options.signal, late.signal]);
    const timer = setTimeout(() => late.abort(), timeoutMs);
    let url = parseUrl(options.url);
    try {
      for (let redirects = 0; ; redirects++) {
        options.mayReach?.(url.href);
        const response = await undici.fetch(url.href, {
          method,
          headers: { "user-agent": userAgent, ...options.headers },
          ...(options.body === undefined ? {} : { body: options.body, duplex: "half" as const }),
          redirect: "manual",
          signal,
          dispatcher: dispatcherOf(idleMs, options.publicOnly === true),
        });
        const next = options.redirects === false ? undefined : redirectOf(response, url, method);
        if (next === undefined) return answerOf(response, url, clock, { ms: options.bodyMs, cut: late });
        await response.body?.cancel().catch(() => undefined);
        if (redirects === maxRedirects) throw failure(url, `more than ${maxRedirects} redirects`);
        url = next;
      }
    } catch (error) {
      if (error instanceof ConnectorError) throw error;
      if (options.signal.aborted) throw failure(url, "it was cancelled");
      if (late.signal.aborted) throw failure(url, `no answer within ${timeoutMs / 1_000} s`);
      throw failure(url, reasonOf(error), error);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    request,
    async webSocket(options) {
      const { openWebSocket } = await import("./websocket.ts");
      return openWebSocket(options, { userAgent, clock });
    },
  };
}

/** One pool of connections for each limit: with the proxy of the environment where one is set. */
function createDispatchers({ Agent, EnvHttpProxyAgent }: Undici) {
  const pools = new Map<string, InstanceType<Undici["Agent"]> | InstanceType<Undici["EnvHttpProxyAgent"]>>();
  return (idleMs: number, publicOnly: boolean) => {
    const name = `${idleMs} ${publicOnly}`;
    const known = pools.get(name);
    if (known !== undefined) return known;
    const settings = { connect: { timeout: connectMs }, headersTimeout: 0, bodyTimeout: idleMs };
    const hasProxy = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"].some(
      (name) => process.env[name],
    );
    const connect = publicOnly ? { ...settings.connect, lookup: publicLookup } : settings.connect;
    const pool = hasProxy ? new EnvHttpProxyAgent(settings) : new Agent({ ...settings, connect });
    pools.set(name, pool);
    return pool;
  };
}

/** Undefined when the answer is not a redirect that may be followed; throws when it leads to another host. */
function redirectOf(response: Response, from: URL, method: string): URL | undefined {
  const location = response.headers.get("location");
  if (location === null || ![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  if (method !== "GET" && method !== "HEAD") return undefined;
  return redirectTarget(location, from);
}

/** The target of a `location`. Throws a ConnectorError unless it is the same host, with the same security. */
export function redirectTarget(location: string, from: URL): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to === undefined) throw failure(from, "it redirects to an invalid URL");
  if (to.username !== "" || to.password !== "")
    throw failure(from, "it redirects to an address with a user name in it");
  const isSafer = from.protocol === "http:" && to.protocol === "https:" && to.hostname === from.hostname;
  if (to.origin === from.origin || isSafer) return to;
  if (from.protocol === "https:" && to.protocol === "http:" && to.hostname === from.hostname)
    throw new ConnectorError("E_HTTP_FAILED", `${describeUrl(from)} redirects to http://, without TLS`, {
      hint: "requests to it could be read in transit: write the final address",
    });
  throw new ConnectorError("E_HTTP_FAILED", `${describeUrl(from)} redirects to another host, ${to.host}`, {
    hint: "redirects to another host are not followed: write the final address",
  });
}

interface Limit {
  readonly ms: number | undefined;
  /** Of the request. */
  readonly cut: AbortController;
}

function answerOf(response: Response, url: URL, clock: { now(): number }, limit: Limit): HttpAnswer {
  const headers = Object.fromEntries(response.headers);
  const { status } = response;
  const timer = limit.ms === undefined ? undefined : setTimeout(() => limit.cut.abort(), limit.ms).unref();

  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      if (response.body === null) return;
      for await (const piece of response.body) yield piece as Uint8Array;
    } catch (error) {
      const why = limit.cut.signal.aborted
        ? `it did not finish within ${(limit.ms ?? 0) / 1_000} s`
        : reasonOf(error);
      throw new ConnectorError("E_HTTP_FAILED", `the answer of ${describeUrl(url)} broke off: ${why}`, {
        retryable: true,
        cause: error,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  async function bytes(maxBytes: number): Promise<Uint8Array> {
    const gathered = createByteBuffer({ maxBytes });
    for await (const piece of body()) {
      if (gathered.append(piece) === "too-long")
        throw new ConnectorError(
          "E_HTTP_SIZE",
          `the answer of ${describeUrl(url)} is longer than ${maxBytes} bytes`,
        );
    }
    return gathered.take();
  }

  return {
    status,
    headers,
    url: url.href,
    bytes,
    body,
    async text(maxBytes) {
      const content = await bytes(maxBytes);
      return decodeDeclared(content, [charsetOf(headers["content-type"])]);
    },
    failure() {
      if (status >= 200 && status < 300) return undefined;
      return statusFailure(url, status, headers, clock.now());
    },
    discard() {
      clearTimeout(timer);
      response.body?.cancel().catch(() => undefined);
    },
  };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw new ConnectorError("E_HTTP_FAILED", "the address is not an http or https URL");
}
