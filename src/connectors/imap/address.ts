// The address of the mail server in the options.

import type { ImapOptions } from "./options.ts";

const securePort = 993;
const plainPort = 143;

export function portOf({ port, tls }: Pick<ImapOptions, "port" | "tls">): number {
  return port ?? (tls === "implicit" ? securePort : plainPort);
}

/** `imaps://imap.example.com:993`; `imap:` for a connection that begins without encryption. */
export function urlOf(options: Pick<ImapOptions, "host" | "port" | "tls">): string {
  const { host, tls } = options;
  return `${tls === "implicit" ? "imaps" : "imap"}://${host.includes(":") ? `[${host}]` : host}:${portOf(options)}`;
}

/** Whether a host name can only mean this machine. */
export function isThisMachine(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host);
}
