// A source that no channel names feeds a channel of its own name: the payload as it came, and what its connector offers
// as meta.

import type { ChannelValues, ConfigValues } from "../config/values.ts";
import type { SourceType } from "../contract.ts";

export function defaultChannels(
  { sources, channels }: Pick<ConfigValues, "sources" | "channels">,
  types: ReadonlyMap<string, Pick<SourceType<never>, "meta">>,
): [name: string, channel: ChannelValues][] {
  const named = new Set(Object.values(channels).flatMap(({ from }) => from));
  return Object.entries(sources)
    .filter(([name]) => !named.has(name))
    .map(([name, { type }]) => [
      name,
      { from: [name], vars: {}, meta: types.get(type)?.meta ?? {}, continue: false, to: "one" },
    ]);
}
