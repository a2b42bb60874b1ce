// The parts of a plan that shaping needs.

import { isUnproven } from "../../key-parts.ts";
import type { Plan } from "../../plan/plan.ts";
import type { DigestStyle } from "../../plan/render-digest.ts";
import type { ShaperOptions } from "../../shaping/shaper.ts";

export function shaperOptions({ channels, hour, sources }: Plan): ShaperOptions {
  const unproven = new Map(
    sources
      .filter(({ enabled }) => enabled)
      .map(({ name, type, options }) => [name, isUnproven(type.trust?.(options))]),
  );
  const isMixed = (names: Iterable<string>) =>
    new Set([...names].flatMap((name) => unproven.get(name) ?? [])).size === 2;
  return {
    channels: new Map(channels.map(({ name, shaping }) => [name, shaping.options])),
    ...(hour === undefined ? {} : { hour }),
    isMixed: isMixed(unproven.keys()),
    mixed: new Set(channels.filter(({ from }) => isMixed(from)).map(({ name }) => name)),
  };
}

const usualBudget = 500;

/** For a channel that the plan no longer has, the default text. */
export function styleOf({ channels }: Pick<Plan, "channels">, channel: string): DigestStyle {
  return (
    channels.find(({ name }) => name === channel)?.shaping ?? {
      options: { supersedes: false, quiet: [], budget: usualBudget },
      content: undefined,
      inputs: {},
      mask: (text) => text,
    }
  );
}
