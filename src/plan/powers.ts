// What a config can do beyond shaping text. Lists what needs consent, never whether consent was given: that
// is daemon/trust/consent.ts. A power is bound to its effect: its hash covers everything that the component
// sends outside.

import type { ConfigValues, OutsideRecipe, ShownVariables } from "../config/values.ts";
import type { Outward } from "../config/variables/outward.ts";
import type { Power, PowerKind } from "../contract/power.ts";
import type { Claim, Json } from "../contract.ts";
import { oneLine } from "./describe-reach.ts";

/**
 * Makes a hash that nobody can compute without the key of the state root: an HMAC. The texts contain secrets,
 * so that a plain hash of a short one could be guessed.
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

type ServerValues = Pick<ConfigValues, "listenAddress" | "socketInside" | "publicUrl" | "outward">;

/**
 * An address beyond loopback, a socket file outside of the config's folder, and a public address with a
 * variable in it, because `status` shows it.
 */
export function listenPowers(
  { listenAddress, socketInside, publicUrl, outward = {} }: ServerValues,
  bind: Bind,
): readonly Power[] {
  const powers: Power[] = [];
  const add = (power: PowerKind, value: string, bound: Json) =>
    void powers.push(powerOf(bind, { power, value: oneLine(value), component: "listen", bound }));
  if (listenAddress !== undefined) {
    const value =
      outward.listen === undefined ? describeAddress(listenAddress) : hiddenValue(outward.listen, "listen");
    const isInside =
      "unix" in listenAddress
        ? socketInside === true && outward.listen === undefined
        : listenAddress.loopback;
    if (!isInside) add("listen", value, listenAddress as unknown as Json);
  }
  if (publicUrl !== undefined && outward.public_url !== undefined)
    add("show", hiddenValue(outward.public_url, "publicUrl"), publicUrl);
  return powers;
}

function hiddenValue({ shown, names }: Outward, key: string): string {
  return `${String(shown[key])} with ${names.join(" and ")}`;
}

function describeAddress(address: NonNullable<ServerValues["listenAddress"]>): string {
  if ("unix" in address) return `unix:${address.unix}`;
  return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Of everything that comes from a recipe outside of the config's folder: one for each use. */
export function outsidePowers(bind: Bind, recipe: OutsideRecipe | undefined): Power[] {
  if (recipe === undefined) return [];
  const { use, path } = recipe;
  return [powerOf(bind, { power: "read", value: oneLine(path), component: `use.${use}`, bound: "recipe" })];
}

/** The components that show variables to Claude. */
export function showPower(bind: Bind, { names, bound }: ShownVariables, component: string): Power {
  return powerOf(bind, { power: "show", value: oneLine(names.join(" and ")), component, bound });
}

/** Those of `powers` that a source with these claims requires to start. */
export function powersFor(claims: readonly Claim[], powers: readonly Power[]): Power[] {
  const usesListener = claims.some((claim) => claim.startsWith("route:"));
  return usesListener ? powers.filter(({ component }) => component === "listen") : [];
}

const words: Readonly<Record<PowerKind, string>> = {
  use: "use the config file",
  instruct: "give Claude instructions:",
  listen: "listen beyond this machine, on",
  approve: "let decide on permissions:",
  people: "let in",
  command: "run the command",
  read: "read files outside its folder, or credentials:",
  write: "write files in",
  move: "move files away:",
  connect: "connect to",
  share: "let files leave through chats:",
  secret: "send a secret to",
  show: "show Claude or senders of events",
  wake: "notify sessions that do not show channels of the number of waiting events, by",
};

/** As a consent question names it. */
export function describePower({ power, value, component, program }: Power): string {
  const does = `${words[power]} ${value}`;
  if (power === component) return does;
  if (program === undefined) return `${does} (${component})`;
  return `${does} (${component}; the program is ${program === null ? "not found" : oneLine(program)})`;
}
