// The question about what a config asks for, the same in a form, in `trust` and in `dev`: one line for each
// power, and where the whole file waits, its contents that need no power of their own. A yes allows only what
// was shown in full, so a form has pages.

import type { Power } from "../../contract/power.ts";
import type { Plan } from "../../plan/plan.ts";
import { describePower } from "../../plan/powers.ts";
import { shownEnds } from "../../text/clip.ts";
import { line, lines, type SafeLine, type SafeText, safeLine } from "../../text.ts";

/** The size of one page of a form. */
const page = { powers: 20, characters: 4_000, longest: 2_400 };
const maxContentsLength = 400;

/** The parts of a plan that a question names. */
export type ConsentScope = Pick<Plan, "listen" | "sources" | "channels" | "sinks">;

export interface ConsentQuestion {
  readonly message: SafeText;
  /** Those that it shows in full, in plan order: a yes allows these. Not empty. */
  readonly shown: readonly Power[];
}

/** The full question, for a terminal. */
export function wholeQuestion(config: string, waiting: readonly Power[], plan: ConsentScope): SafeText {
  return lines([line`${config} asks to`, ...waiting.flatMap((power) => entryOf(power, plan))]);
}

function entryOf(power: Power, plan: ConsentScope): SafeLine[] {
  const described = line`  ${{ painted: describedPower(power) }}`;
  return power.power === "use" ? [described, ...describeContents(plan)] : [described];
}

/**
 * `waiting`: in plan order, `use` first. What does not fit is left for the next question, and the message
 * gives the number. Undefined when none of them can be shown in full in a form.
 */
export function consentQuestion(
  config: string,
  waiting: readonly Power[],
  plan: ConsentScope,
): ConsentQuestion | undefined {
  const fitting = waiting.filter((power) => describedPower(power).length <= page.longest);
  const shown: Power[] = [];
  const entries: SafeLine[] = [];
  let length = 0;
  for (const power of fitting) {
    const entry = entryOf(power, plan);
    length += lines(entry).length + 1;
    if (shown.length === page.powers || (length > page.characters && shown.length > 0)) break;
    shown.push(power);
    entries.push(...entry);
  }
  if (shown.length === 0) return undefined;
  const [later, tooLong] = [fitting.length - shown.length, waiting.length - fitting.length];
  return {
    shown,
    message: lines([
      line`${config} asks to`,
      ...entries,
      ...(later === 0 ? [] : [line`  and ${later} more, which the next question is about`]),
      ...(tooLong === 0 ? [] : [line`  and ${tooLong} more, too long for a form: channel-router trust`]),
    ]),
  };
}

/**
 * One line. Not masked: inserted values are hidden in it already, and a config that declares a text a secret
 * would hide it from the user who has to decide.
 */
export function describedPower(power: Power): SafeLine {
  return shownEnds(describePower(power), Number.POSITIVE_INFINITY);
}

/** Contents of the file that are used with it, without a question of their own. */
export function describeContents({ listen, sources, channels, sinks }: ConsentScope): SafeLine[] {
  const on = sources.filter(({ enabled }) => enabled);
  const parts = [
    ["sources", on.map(({ name, type }) => `${name} (${type.type})`)],
    ["channels", channels.map(({ name }) => name)],
    ["tools for Claude", sinks.map(({ name }) => name)],
    ["listens on this machine", on.some(isServed) && isLocal(listen) ? [describeListen(listen)] : []],
  ] as const;
  return parts.flatMap(([what, names]) => (names.length === 0 ? [] : [line`    ${what}: ${listed(names)}`]));
}

/** Omitted names are counted. */
function listed(names: readonly string[]): SafeLine {
  let shown = "";
  for (const [index, name] of names.entries()) {
    const next = index === 0 ? name : `${shown}, ${name}`;
    if (next.length > maxContentsLength && index > 0) return line`${shown} and ${names.length - index} more`;
    shown = next;
  }
  return safeLine(shown);
}

function isServed({ claims }: Plan["sources"][number]): boolean {
  return claims.some((claim) => claim.startsWith("route:"));
}

/** Any other address is a power, and has a line of its own. */
function isLocal({ address }: Plan["listen"]): boolean {
  return address === undefined || "unix" in address || address.loopback;
}

function describeListen({ address }: Plan["listen"]): string {
  if (address === undefined) return "127.0.0.1, port 8788 or the next free one";
  return "unix" in address ? address.unix : `${address.host}:${address.port}`;
}
