// The question about what a config asks for, the same in a form, in `trust` and in `dev`: one line for each power, cut to a width,
// and where the whole file waits, what it brings that needs no power of its own.

import type { Plan } from "../plan/plan.ts";
import { describePower, type Power } from "../plan/powers.ts";
import { cut, shownEnds } from "../text/clip.ts";
import { line, lines, type SafeLine, type SafeText } from "../text.ts";

/** What a form can show. */
const maxListed = 20;
const maxLineLength = 200;

/** What of a plan a question names. */
export type Asking = Pick<Plan, "listen" | "sources" | "channels" | "sinks">;

/** `waiting`: in the order of the plan, `use` first. A longer list is cut, and the cut says how many are missing. */
export function consentQuestion(config: string, waiting: readonly Power[], plan: Asking): SafeText {
  const listed = waiting.slice(0, maxListed);
  const left = waiting.length - listed.length;
  return lines([
    line`${config} asks to`,
    ...listed.flatMap((power) => [
      line`  ${describedPower(power, maxLineLength)}`,
      ...(power.power === "use" ? describeContents(plan) : []),
    ]),
    ...(left === 0 ? [] : [line`  and ${left} more: channel-router trust shows all`]),
  ]);
}

/**
 * One line. Not masked: what came in is hidden in it already, and a config that calls a text a secret would hide it from whoever is to
 * decide on it.
 */
export function describedPower(power: Power, maxLength = 3_000): SafeLine {
  return shownEnds(describePower(power), maxLength);
}

/** What comes with the file once it is used, and is not asked about each for itself. */
export function describeContents({ listen, sources, channels, sinks }: Asking): SafeLine[] {
  const on = sources.filter(({ enabled }) => enabled);
  const parts = [
    ["sources", on.map(({ name, type }) => `${name} (${type.type})`)],
    ["channels", channels.map(({ name }) => name)],
    ["tools for Claude", sinks.map(({ name }) => name)],
    ["listens on this machine", on.some(isServed) && isLocal(listen) ? [describeListen(listen)] : []],
  ] as const;
  return parts.flatMap(([what, names]) =>
    names.length === 0 ? [] : [cut(line`    ${what}: ${names.join(", ")}`, maxLineLength)],
  );
}

function isServed({ claims }: Plan["sources"][number]): boolean {
  return claims.some((claim) => claim.startsWith("route:"));
}

/** Another address is a power, and has a line of its own. */
function isLocal({ address }: Plan["listen"]): boolean {
  return address === undefined || "unix" in address || address.loopback;
}

function describeListen({ address }: Plan["listen"]): string {
  if (address === undefined) return "127.0.0.1, port 8788 or the next free one";
  return "unix" in address ? address.unix : `${address.host}:${address.port}`;
}
