// What a config can do beyond shaping text, read from its values alone. Says what waits for a person, never whether a
// person has agreed: that is runtime/consent.ts. A power that changes in any way is another power.

import { createHash } from "node:crypto";
import type { ConfigValues } from "../config/values.ts";
import type { AccessOptions } from "../contract/chat.ts";
import type { Claim, PowerRequest } from "../contract.ts";

/** It waits for a person; what needs it is not started before. */
export interface Power {
  readonly power: "listen" | "approve" | PowerRequest["power"];
  /** What exactly: the address as `host:port`, the command line, the folder, the host, the ids. */
  readonly value: string;
  /** The place in the config that asks for it, for instance `listen` or `sources.ci`. */
  readonly component: string;
  /** Stands for the three above: consent is remembered by it. */
  readonly hash: string;
}

export function powersOf({ listenAddress }: Pick<ConfigValues, "listenAddress">): Power[] {
  if (listenAddress === undefined || listenAddress.loopback) return [];
  const { host, port } = listenAddress;
  return [powerOf("listen", `${host.includes(":") ? `[${host}]` : host}:${port}`, "listen")];
}

/** Those of `powers` that a source with these claims cannot start without. */
export function powersFor(claims: readonly Claim[], powers: readonly Power[]): Power[] {
  const usesListener = claims.some((claim) => claim.startsWith("route:"));
  return usesListener ? powers.filter(({ power }) => power === "listen") : [];
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

const words: Record<Exclude<Power["power"], "listen">, string> = {
  approve: "let decide on permissions:",
  command: "run the command",
  file: "touch files outside its folder:",
  secret: "send a secret to",
  people: "let in",
};

/** As a person is asked about it. */
export function describePower({ power, value, component }: Power): string {
  if (power === "listen") return `listen beyond this machine, on ${value}`;
  return `${words[power]} ${value} (${component})`;
}

export function powerOf(power: Power["power"], value: string, component: string): Power {
  const hash = createHash("sha256")
    .update(JSON.stringify([power, value, component]))
    .digest("hex");
  return { power, value, component, hash };
}
