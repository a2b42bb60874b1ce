// Who sent a request: the peer of its connection, or, where that is a proxy named in `proxies`, the address
// that the proxy reports. Each proxy appends the address that it sees to X-Forwarded-For, so the list is read
// from its end: everything before the first address that is not a proxy was written by the sender, who can
// write anything.

import type { IncomingMessage } from "node:http";
import { compileRanges, plainAddress } from "../../addresses.ts";
import type { Remote } from "../../contract.ts";

/** Undefined for a request over a unix socket, which has no address, and where a proxy reports something that is not an address. */
export type RemoteReader = (request: Pick<IncomingMessage, "socket" | "headers">) => Remote | undefined;

/** `proxies`: validated ranges. */
export function createRemoteReader(proxies: readonly string[] = []): RemoteReader {
  const compiled = compileRanges(proxies);
  const isProxy = "contains" in compiled && proxies.length > 0 ? compiled.contains : () => false;
  return ({ socket, headers }) => {
    const peer = plainAddress(socket.remoteAddress ?? "");
    if (peer === undefined) return undefined;
    if (!isProxy(peer)) return { address: peer };
    const forwarded = headers["x-forwarded-for"];
    let address = peer;
    for (const written of forwarded === undefined ? [] : listOf(forwarded).reverse()) {
      const next = addressIn(written);
      // This peer is unknown and is not the proxy: a rule for addresses of our own network must not match.
      if (next === undefined) return undefined;
      address = next;
      if (!isProxy(next)) break;
    }
    return address === peer ? { address } : { address, proxy: peer };
  };
}

/** Maximum of hops; the header is controlled by the sender. */
const maxHops = 32;

function listOf(header: string | readonly string[]): string[] {
  const text = typeof header === "string" ? header : header.join(",");
  return text
    .split(",")
    .filter((one) => one.trim() !== "")
    .slice(-maxHops);
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function addressIn(written: string): string | undefined {
  const text = written.trim();
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  return plainAddress(bare);
}
