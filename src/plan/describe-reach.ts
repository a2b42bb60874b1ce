// Describes in one line what a component reaches outside. Text from the config cannot break out of its line.

import type { Reach, ReachedProgram } from "../contract/power.ts";
import { restoreLiteral } from "../templates/literal.ts";
import { withoutHidden } from "../text/hidden.ts";
import { shellWord } from "../text/shell.ts";

/**
 * `shown`: the reach with its secrets hidden. `real`: the unmasked one, for a note on a hidden host.
 * `folder`: of the config.
 */
export function describeReach(shown: Reach, real: Reach, folder: string): string {
  return oneLine(phrase(shown, real, folder));
}

function phrase(shown: Reach, real: Reach, folder: string): string {
  switch (shown.to) {
    case "host":
      return `${shown.method === undefined ? "" : `${shown.method} `}${originOf(shown.url)}${real.to === "host" ? hostMark(real.url) : ""}`;
    case "program":
      return commandLine(shown, folder);
    case "move":
      return `${shown.path} to ${shown.target}`;
    case "people":
      return shown.who;
    case "callers":
      return `callers of ${shown.of}`;
    default:
      return shown.path;
  }
}

/**
 * On one line; invisible and control characters are shown as U+FFFD: two powers that differ must not look the
 * same.
 */
export function oneLine(text: string): string {
  return withoutHidden(restoreLiteral(text), "\uFFFD");
}

/** With the quoting of a shell. */
function commandLine({ command, cwd, env, stdin }: ReachedProgram, folder: string): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${word(value)}`);
  const input = stdin === undefined ? "" : ` <<< ${word(stdin)}`;
  return `${[...variables, ...command.map(word)].join(" ")}${input}${cwd === folder ? "" : ` (in ${cwd})`}`;
}

/**
 * `https://api.example:8443`, also of an address with a hidden part. Without a user, and without the default
 * port.
 */
function originOf(url: string): string {
  const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\\]*/i.exec(url)?.[0] ?? url;
  // A host with a hidden part is shown as it is written: an international name would be converted to
  // Punycode.
  if (!origin.includes("•") && URL.canParse(origin)) {
    const { origin: ofWeb } = new URL(origin);
    return ofWeb === "null" ? otherOrigin(origin) : ofWeb;
  }
  return origin.replace(/^([a-z][a-z0-9+.-]*:\/\/).*@/i, "$1");
}

/** Of a scheme that is not of the web, such as imaps, with its port: names are converted to Punycode all the same. */
function otherOrigin(origin: string): string {
  const [scheme = "", rest = ""] = origin.split(/(?<=:\/\/)/);
  if (!URL.canParse(`http://${rest}`)) return origin;
  const port = /:\d+$/.exec(rest)?.[0] ?? "";
  return `${scheme.toLowerCase()}${new URL(`http://${rest}`).hostname}${port}`;
}

/** ` (this machine)` and the like: for a request that unexpectedly stays in the local network. */
function hostMark(url: string): string {
  const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\\]*/i.exec(url)?.[0] ?? "";
  if (!URL.canParse(origin)) return "";
  const host = new URL(origin.replace(/^[^:]+/, "http")).hostname.replace(/^\[|\]$|\.$/g, "");
  const kind = host.includes(":") ? kindOfIpv6(host) : kindOfName(host);
  return kind === undefined ? "" : ` (${kind})`;
}

type HostKind = "this machine" | "link-local" | "private network";

function kindOfName(host: string): HostKind | undefined {
  if (host === "localhost" || host.endsWith(".localhost")) return "this machine";
  const [a = -1, b = -1] = /^\d+(\.\d+){3}$/.test(host) ? host.split(".").map(Number) : [];
  if (a === 127 || host === "0.0.0.0") return "this machine";
  if (a === 169 && b === 254) return "link-local";
  if (a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168)) return "private network";
  if (a === 100 && b >= 64 && b <= 127) return "private network";
  return a === -1 && (!host.includes(".") || /\.(local|lan|internal|home|corp|intranet)$/.test(host))
    ? "private network"
    : undefined;
}

function kindOfIpv6(host: string): HostKind | undefined {
  if (host === "::1" || host === "::") return "this machine";
  // `::ffff:7f00:1`, as a URL writes an IPv4 address in IPv6.
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host);
  if (mapped !== null) {
    const [high, low] = [Number.parseInt(mapped[1] ?? "", 16), Number.parseInt(mapped[2] ?? "", 16)];
    return kindOfName([high >> 8, high & 255, low >> 8, low & 255].join("."));
  }
  if (/^fe[89ab]/.test(host)) return "link-local";
  return /^f[cd]/.test(host) ? "private network" : undefined;
}

/** Braces and commas stay: a word with a template in it is shown, and not typed into a shell. */
function word(text: string): string {
  return shellWord(text, /^[\w@%+=:,./{}-]+$/);
}
