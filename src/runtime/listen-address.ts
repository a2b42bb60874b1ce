// Where the one listener listens: what `listen` says, or the default port, else the next free one.

import { isIP } from "node:net";

export type ListenAddress = { readonly host: string; readonly port: number } | { readonly unix: string };

/** The value of `listen`, whose form the config room has checked. */
export function parseListen(text: string): ListenAddress {
  if (text.startsWith("unix:")) return { unix: text.slice("unix:".length) };
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, "$1");
  return { host: host === "" ? "127.0.0.1" : host, port: Number(text.slice(colon + 1)) };
}

/** True when only this machine can reach the address. */
export function isLoopback(address: ListenAddress): boolean {
  if ("unix" in address) return true;
  const host = address.host.toLowerCase();
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}

/** `http://127.0.0.1:8788`, `http://[::1]:80`, `unix:/path`. */
export function printAddress(address: ListenAddress): string {
  if ("unix" in address) return `unix:${address.unix}`;
  return `http://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}
