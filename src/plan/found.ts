// The plan of a config file that was found, not chosen: everything in it waits until the user consents to use
// the file at all. What Claude reads of it without any event (instructions, descriptions of channels and
// tools) is a separate power, so that a later edit of it asks again.

import type { FoundFile } from "../config/config-location.ts";
import type { Power } from "../contract/power.ts";
import type { Json } from "../contract.ts";
import { oneLine } from "./describe-reach.ts";
import type { FoundPlan, Plan, PlannedSink } from "./plan.ts";
import { type Bind, powerOf } from "./powers.ts";

/**
 * Also bound to the folder: relative paths and `.env` begin there, so that a link elsewhere to an allowed
 * file is a different power.
 */
export function usePower(bind: Bind, { path, folder }: FoundFile): Power {
  return powerOf(bind, { power: "use", value: path, component: "use", bound: folder });
}

/** `instructions`: the text of the config for Claude. */
export function planOfFound(plan: Plan, bind: Bind, file: FoundFile, instructions: string | undefined): Plan {
  const use = usePower(bind, file);
  const found: FoundPlan = { use, instruct: instructPowers(plan, bind, instructions) };
  const waiting = <T extends { readonly powers: readonly Power[] }>(one: T): T => ({
    ...one,
    powers: [use, ...one.powers],
  });
  const sinks = plan.sinks.map((sink): PlannedSink => {
    const described = describedPower(sink, bind);
    return { ...waiting(sink), powers: [use, described, ...sink.powers], described };
  });
  return {
    ...plan,
    found,
    sources: plan.sources.map(waiting),
    sinks,
    listen: waiting(plan.listen),
    console: waiting(plan.console),
    ...(plan.permissions === undefined ? {} : { permissions: waiting(plan.permissions) }),
    powers: [
      use,
      ...found.instruct,
      ...sinks.flatMap(({ described }) => (described === undefined ? [] : [described])),
      ...plan.powers,
    ],
  };
}

/** One power fits a page of a form: see daemon/trust/consent-question.ts. */
const maxTextLength = 1_500;

/** For the instructions, and for what channels say of themselves, which is a part of the instructions that Claude gets. */
function instructPowers({ channels }: Plan, bind: Bind, instructions = ""): Power[] {
  const power = (text: string, component: string) =>
    powerOf(bind, { power: "instruct", value: oneLine(text), component, bound: text });
  const parts: string[] = [];
  for (const { name, description = "" } of channels) {
    if (description.trim() === "") continue;
    const text = `${name}: ${description}`;
    const last = parts.at(-1);
    if (last === undefined || last.length + text.length > maxTextLength) parts.push(text);
    else parts[parts.length - 1] = `${last}; ${text}`;
  }
  return [
    ...(instructions.trim() === "" ? [] : [power(instructions, "server.instructions")]),
    ...parts.map((text) => power(text, "channels")),
  ];
}

/** Keys of JSON Schema whose texts are none that a model reads as words. */
const plainKeys: ReadonlySet<string> = new Set(["type", "format", "pattern", "required"]);

/** For what a tool says of itself and of its arguments. */
function describedPower({ name, description, input }: PlannedSink, bind: Bind): Power {
  const texts = [description, ...textsIn(input.properties as Json)];
  return powerOf(bind, {
    power: "instruct",
    value: oneLine([...new Set(texts)].filter((text) => text.trim() !== "").join("; ")),
    component: `sinks.${name}`,
    bound: [description, input as Json],
  });
}

/** Every text below the declared arguments. */
function textsIn(value: Json | undefined): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (plainKeys.has(key) ? [] : textsIn(inner)));
}
