// Parses `console:`; opens nothing.

import type { Json, JsonObject } from "../contract.ts";
import { isObject } from "../json.ts";
import { parseListenAddress } from "./listen-address.ts";
import type { EnvironmentVariables } from "./paths.ts";
import type { ConsoleValues, ListenAddress } from "./values.ts";

interface From {
  readonly folder: string;
  readonly env: EnvironmentVariables;
}

/** A problem with one option of it; `key` is absent for `console: ADDRESS`. */
export interface ConsoleProblem {
  readonly key?: "listen" | "origin";
  readonly problem: string;
  readonly hint: string;
}

/** Without a `console:`. */
export const usualConsole: ConsoleValues = {
  enabled: true,
  isRemote: false,
  readOnly: false,
  metrics: false,
};

/** `written`: as the schema allows it. */
export function consoleValues(written: Json | undefined, from: From): ConsoleValues | ConsoleProblem {
  if (written === undefined || written === true) return usualConsole;
  if (written === false) return { ...usualConsole, enabled: false };
  const options: JsonObject = isObject(written) ? written : { listen: written };
  const at = isObject(written) ? ({ key: "listen" } as const) : {};
  const { listen, origin } = options;
  const address = typeof listen === "string" ? addressOf(listen, from) : undefined;
  if (address !== undefined && "problem" in address) return { ...at, ...address };
  const named = typeof origin === "string" ? originOf(origin) : undefined;
  if (named !== undefined && typeof named !== "string") return { key: "origin", ...named };
  if (address !== undefined && !address.loopback && named === undefined)
    return {
      ...at,
      problem: "listens beyond this machine and has no origin",
      hint: "put a reverse proxy with TLS in front of it, and name its address in console.origin",
    };
  return {
    enabled: true,
    ...(address === undefined ? {} : { address }),
    ...(named === undefined ? {} : { origin: named }),
    isRemote: address?.loopback === false || (named !== undefined && !isThisMachine(new URL(named).hostname)),
    readOnly: options.read_only === true,
    metrics: options.metrics === true,
  };
}

type TcpAddress = Extract<ListenAddress, { readonly host: string }>;

function addressOf(text: string, from: From): TcpAddress | Omit<ConsoleProblem, "key"> {
  const address = parseListenAddress(text, from);
  if ("problem" in address || !("unix" in address)) return address;
  return { problem: "a browser cannot open a socket file", hint: 'write an address: "127.0.0.1:8787"' };
}

/** Browsers make keys only for https, and for this machine. */
function originOf(text: string): string | Omit<ConsoleProblem, "key"> {
  const hint = "for example https://console.example.com";
  if (!URL.canParse(text)) return { problem: "is not an origin", hint };
  const { origin, protocol, hostname } = new URL(text);
  if (protocol === "https:" || isThisMachine(hostname)) return origin;
  return { problem: "needs https: browsers make no keys for http, except on this machine", hint };
}

/** Whether a browser takes this name of a URL for this machine. */
function isThisMachine(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
