// A listen address in readable form.

import type { ListenAddress } from "../contract.ts";

/** `http://127.0.0.1:8788`, `http://[::1]:80`, `unix:/path`. */
export function printAddress(address: ListenAddress): string {
  if ("unix" in address) return `unix:${address.unix}`;
  return `http://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}
