// Parses `listen:`; opens nothing. A form without a host means loopback, never all interfaces: listening
// beyond this machine must be explicit.

import { isIP } from "node:net";
import { resolve } from "node:path";
import { type EnvironmentVariables, expandHome } from "./paths.ts";
import type { ListenAddress } from "./values.ts";

/** Linux has 108 bytes for a socket path with its final NUL, macOS 104. */
const maxSocketPathBytes = 103;

/**
 * `127.0.0.1:8788`, `[::1]:8788`, `localhost:8788`, `0.0.0.0:80`, `:8788` (loopback), `:0` (a free port), `unix:/path`
 * (relative to `folder`, `~` works).
 */
export function parseListenAddress(
  text: string,
  from: { readonly folder: string; readonly env: EnvironmentVariables },
): ListenAddress | { readonly problem: string; readonly hint: string } {
  if (text.startsWith("unix:")) return socketPath(text.slice("unix:".length), from);
  const hint = 'write "127.0.0.1:8788", "[::1]:8788", ":0" for a free port, or "unix:/path/to/socket"';
  if (/^\d+$/.test(text)) return { problem: "needs a host and a port", hint: `write "127.0.0.1:${text}"` };
  const match = /^(\[[^\]]*\]|[^:]*):(\d*)$/.exec(text);
  if (match === null) {
    return isIP(text) === 6
      ? { problem: "an IPv6 address needs brackets and a port", hint: `write "[${text}]:8788"` }
      : { problem: "must be an address with a port", hint };
  }
  const [, written, digits] = match as unknown as [string, string, string];
  if (digits === "") return { problem: "has no port after the colon", hint };
  const port = Number(digits);
  if (port > 65_535)
    return { problem: `port ${digits.slice(0, 12)} is out of range`, hint: "a port is 0 to 65535" };
  if (written === "") return { host: "127.0.0.1", port, loopback: true };
  if (written === "*") {
    return { problem: '"*" is not a host', hint: `write "0.0.0.0:${port}" to listen on every interface` };
  }
  if (written.startsWith("[")) {
    const host = written.slice(1, -1);
    return isIP(host) === 6
      ? { host, port, loopback: isLoopback(host) }
      : { problem: "the brackets must hold an IPv6 address", hint };
  }
  // Digits and dots only, but not an address: a typing error that a resolver would interpret in surprising
  // ways.
  if (/^[\d.]+$/.test(written) && isIP(written) !== 4) {
    return { problem: "the host is not an IPv4 address", hint };
  }
  if (!/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(written)) {
    return { problem: "the host is not a name or an address", hint };
  }
  return { host: written, port, loopback: isLoopback(written) };
}

/** A name other than `localhost` is treated as reachable from other machines: it is not resolved. */
function isLoopback(host: string): boolean {
  return (
    host.toLowerCase() === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))
  );
}

function socketPath(
  written: string,
  from: { readonly folder: string; readonly env: EnvironmentVariables },
): ListenAddress | { readonly problem: string; readonly hint: string } {
  if (written === "" || written.includes("\0")) {
    return { problem: "has no path after unix:", hint: 'write "unix:/path/to/socket"' };
  }
  const unix = resolve(from.folder, expandHome(written, from.env));
  return Buffer.byteLength(unix) > maxSocketPathBytes
    ? { problem: "the socket path is too long for the system", hint: `at most ${maxSocketPathBytes} bytes` }
    : { unix, loopback: true };
}
