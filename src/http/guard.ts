// Keeps web pages in the user's browser, rebound DNS names and forgotten tunnels away from sources without any other
// protection: all of them can reach a loopback port. Signed sources need none of this and skip it.
//
// What a browser sends about the page that a request comes from: `Origin` with each method except GET and HEAD, and
// `Sec-Fetch-Site` with every request to a loopback address or over https. So a GET to another name over plain http
// carries no evidence, and looks like that of a program.

import type { IncomingMessage } from "node:http";
import { forwardingHeader } from "./forwarded.ts";

export interface GuardRules {
  /** Further host names, without port or with one. */
  readonly hosts: readonly string[];
  /** `http://127.0.0.1:8788`; its host is accepted too. */
  readonly address?: string | undefined;
  /** True where a GET has an effect. */
  readonly makesEvents?: boolean;
  /** Whether a tunnel or proxy may forward requests. Default: no. */
  readonly forwarded?: boolean;
}

/** Why the request is refused, for its sender, or undefined. */
export type Guard = (request: IncomingMessage) => string | undefined;

const fromPage = "requests from web pages are not accepted here";

export function createGuard(rules: GuardRules): Guard {
  const known = new Set(rules.hosts.map((host) => host.toLowerCase()));
  const { address } = rules;
  if (address !== undefined && URL.canParse(address)) known.add(new URL(address).host.toLowerCase());

  return (request) => {
    const host = soleHost(request);
    if (host === undefined || !(isLoopbackName(host.name) || known.has(host.name) || known.has(host.text))) {
      return "this host name is not accepted here";
    }
    const { origin, referer, "sec-fetch-site": site } = request.headers;
    if (origin !== undefined && !isSameOrigin(origin, host)) return fromPage;
    if (site !== undefined && site !== "same-origin" && site !== "none") return fromPage;
    if (rules.makesEvents && isSafeMethod(request.method) && origin === undefined && site === undefined) {
      if (!isTrustworthyName(host.written))
        return "a GET by this name is accepted only from a sender that proves itself: give the source a verify, or use POST";
      if (referer !== undefined && !isSameOrigin(referer, host)) return fromPage;
    }
    return rules.forwarded === true || forwardingHeader(request.headers) === undefined
      ? undefined
      : "forwarded requests are not accepted here";
  };
}

/** The methods with which a browser sends no `Origin`. */
function isSafeMethod(method: string | undefined): boolean {
  return !["POST", "PUT", "PATCH", "DELETE"].includes(method ?? "GET");
}

interface Host {
  /** Lower case, no port, no brackets. */
  readonly written: string;
  /** The same without a trailing dot. */
  readonly name: string;
  readonly port: string;
  /** As in a URL: the name with its port. */
  readonly text: string;
}

/** The one Host header, which an absolute request target must not contradict. */
function soleHost(request: IncomingMessage): Host | undefined {
  let text: string | undefined;
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    if (request.rawHeaders[index]?.toLowerCase() !== "host") continue;
    if (text !== undefined) return undefined;
    text = request.rawHeaders[index + 1];
  }
  const host = parseHost(text ?? "");
  const target = request.url ?? "/";
  if (host === undefined || target.startsWith("/")) return host;
  const named = URL.canParse(target) ? parseHost(new URL(target).host) : undefined;
  return named?.name === host.name ? host : undefined;
}

const hostPattern = /^(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9._-]{1,253}))(?::(\d{1,5}))?$/;

function parseHost(text: string): Host | undefined {
  const match = hostPattern.exec(text.trim().toLowerCase());
  if (match === null) return undefined;
  const written = match[1] ?? match[2] ?? "";
  const name = written.replace(/\.$/, "");
  const port = match[3] ?? "";
  const shown = match[1] === undefined ? name : `[${name}]`;
  return name === "" ? undefined : { written, name, port, text: port === "" ? shown : `${shown}:${port}` };
}

function isLoopbackName(name: string): boolean {
  if (name === "localhost" || name === "::1" || name === "0:0:0:0:0:0:0:1") return true;
  const parts = /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(name);
  return parts?.slice(1).every((part) => Number(part) <= 255) ?? false;
}

/** Names for which every browser sends the origin of a request. `localhost.` is not one for all of them. */
function isTrustworthyName(written: string): boolean {
  return isLoopbackName(written) && !written.endsWith(".");
}

/** A page of our own: same name and port as the Host of the request. `null` and other schemes are foreign. */
function isSameOrigin(origin: string, host: Host): boolean {
  if (!/^https?:\/\//i.test(origin) || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  const page = parseHost(url.host);
  const standard = url.protocol === "https:" ? "443" : "80";
  return page?.name === host.name && (page.port || standard) === (host.port || standard);
}
