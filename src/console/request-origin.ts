// Which page a request comes from, by what a browser says of it in headers that no script can set. The console is for
// its own pages only, by its own address or the one origin of the config: a page of another site, one by a rebound name
// and a request through a forgotten tunnel are all refused.

import type { IncomingMessage } from "node:http";
import { forwardingHeader } from "../http/forwarded.ts";

interface ConsoleNames {
  /** `http://127.0.0.1:8787` */
  readonly address: string;
  /** `console.origin`. */
  readonly origin: string | undefined;
}

/** `origin`: under which the browser keeps its key. `redirect`: to the same page by its own address. */
export type RequestOrigin =
  | { readonly origin: string }
  | { readonly redirect: string }
  | { readonly refused: string };

const fromPage = "requests of other sites are not accepted here";

export function originOfRequest(request: IncomingMessage, names: ConsoleNames): RequestOrigin {
  const { headers } = request;
  const host = soleHost(request);
  if (host === undefined) return { refused: "this host name is not accepted here" };
  const named = originOfHost(host, names);
  if (!("origin" in named)) return named;
  const { origin: page, "sec-fetch-site": site } = headers;
  if (page !== undefined && page !== named.origin) return { refused: fromPage };
  if (site !== undefined && site !== "same-origin" && site !== "none") return { refused: fromPage };
  if (named.origin !== names.origin && forwardingHeader(headers) !== undefined)
    return { refused: "forwarded requests are accepted only under console.origin" };
  return named;
}

/** Not an absolute target, which names a host of its own. */
function soleHost({ rawHeaders, headers, url = "" }: IncomingMessage): string | undefined {
  const count = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host").length;
  const host = headers.host?.trim().toLowerCase() ?? "";
  if (count !== 1 || !url.startsWith("/") || !/^[a-z0-9.:[\]_-]{1,261}$/.test(host)) return undefined;
  // One spelling: `127.0.0.1.` and `0x7f.1` are others.
  return URL.canParse(`http://${host}`) && new URL(`http://${host}`).host === host ? host : undefined;
}

function originOfHost(host: string, { address, origin }: ConsoleNames): RequestOrigin {
  const own = new URL(address);
  if (origin !== undefined) {
    const { protocol, host: named } = new URL(origin);
    if (new URL(`${protocol}//${host}`).host === named) return { origin };
  }
  const asked = new URL(`http://${host}`);
  if (asked.host === own.host) return { origin: own.origin };
  // Another program can serve `localhost` by its other address (::1), next to this one.
  if (asked.hostname === "localhost" && asked.port === own.port) return { redirect: own.origin };
  return {
    refused: `open it as ${origin ?? own.origin}, or name another origin in console.origin`,
  };
}
