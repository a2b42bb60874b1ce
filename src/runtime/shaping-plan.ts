// What shaping takes from a plan.

import type { Plan } from "../plan/plan.ts";
import type { DigestStyle } from "../plan/render-digest.ts";
import type { ShaperOptions } from "../shaping/shaper.ts";

export function shaperOptions({ channels, hour }: Plan): ShaperOptions {
  return {
    channels: new Map(channels.map(({ name, shaping }) => [name, shaping.options])),
    ...(hour === undefined ? {} : { hour }),
  };
}

const usualBudget = 500;

/** For a channel that the plan no longer has, the usual text. */
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
