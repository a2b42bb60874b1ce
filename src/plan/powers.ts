// What a config can do beyond shaping text. Says what waits for consent, never whether consent was given: that is
// runtime/consent.ts. A power is bound to what will happen: its hash covers everything that the component sends outside.

import type { ConfigValues } from "../config/values.ts";
import type { AccessOptions } from "../contract/chat.ts";
import type { PowerKind, PowerRequest } from "../contract/power.ts";
import type { Claim, Json } from "../contract.ts";

/** It waits for consent; what needs it is not started before. */
export interface Power {
  readonly power: PowerKind;
  /** What exactly, as it is shown: the command line, the folder, the host, the ids. Secrets in it are hidden. */
  readonly value: string;
  /** The place in the config that asks for it, for instance `listen` or `sources.ci`. */
  readonly component: string;
  /** Stands for what will happen, secrets included: consent is remembered by it. */
  readonly hash: string;
}

/**
 * Makes a hash that nobody can compute without the key of the state root: an HMAC. The texts hold secrets, so that a plain hash
 * of a short one could be guessed.
 */
export type Bind = (text: string) => string;

interface Bound extends Pick<Power, "power" | "value" | "component"> {
  /** Everything that will happen and is not shown. */
  readonly bound?: Json;
}

/** `bound`, kind, component and value together are the power: if one of them changes, it is another power. */
export function powerOf(bind: Bind, { power, value, component, bound = null }: Bound): Power {
  return { power, value, component, hash: bind(JSON.stringify([power, component, value, bound])) };
}

export function listenPowers(
  { listenAddress }: Pick<ConfigValues, "listenAddress">,
  bind: Bind,
): readonly Power[] {
  if (listenAddress === undefined || listenAddress.loopback) return [];
  const { host, port } = listenAddress;
  const value = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return [powerOf(bind, { power: "listen", value, component: "listen" })];
}

/** Those of `powers` that a source with these claims cannot start without. */
export function powersFor(claims: readonly Claim[], powers: readonly Power[]): Power[] {
  const usesListener = claims.some((claim) => claim.startsWith("route:"));
  return usesListener ? powers.filter(({ component }) => component === "listen") : [];
}

/** The people whom the `access` of a chat lets in: asked for whatever its type says, so that none can forget it. */
export function peoplePowers({ allow, groups, bots }: AccessOptions): PowerRequest[] {
  const ids = (list: readonly (string | number)[]) => list.map(String).sort().join(", ");
  return [
    ...(allow.length === 0 ? [] : [ids(allow)]),
    ...(bots.length === 0 ? [] : [`bots ${ids(bots)}`]),
    ...Object.entries(groups).flatMap(([chat, group]) =>
      group.allow.length === 0 ? [] : [`${ids(group.allow)} in group ${chat}`],
    ),
  ].map((value) => ({ power: "people", value }));
}

const words: Readonly<Record<PowerKind, string>> = {
  use: "use the config file",
  instruct: "give Claude instructions:",
  listen: "listen beyond this machine, on",
  approve: "let decide on permissions:",
  people: "let in",
  command: "run the command",
  read: "read files outside its folder:",
  write: "write files in",
  move: "move files away:",
  connect: "connect to",
  secret: "send a secret to",
  show: "show Claude",
};

/** As a question about it names it. */
export function describePower({ power, value, component }: Power): string {
  return power === component ? `${words[power]} ${value}` : `${words[power]} ${value} (${component})`;
}
