// The channels of a config with implicit defaults: a source that no channel names gets a channel of its own
// name, with the unchanged payload and the default meta of its connector; and a channel of chats shows the
// author unless it has a meta of its own.

import type { ChannelValues, ConfigValues } from "../../config/values.ts";
import type { SourceType } from "../../contract.ts";

type Types = ReadonlyMap<string, Pick<SourceType<never>, "meta" | "chat">>;

/** The explicit ones first, in their order. */
export function withDefaultChannels(
  { sources, channels }: Pick<ConfigValues, "sources" | "channels">,
  types: Types,
): [name: string, channel: ChannelValues][] {
  const typeOf = (source: string) => types.get(sources[source]?.type ?? "");
  const named = new Set(Object.values(channels).flatMap(({ from }) => from));
  return [
    ...Object.entries(channels).map(([name, channel]): [string, ChannelValues] => [
      name,
      channel.meta === undefined ? { ...channel, ...chatMeta(channel.from.map(typeOf)) } : channel,
    ]),
    ...Object.keys(sources)
      .filter((name) => !named.has(name))
      .map((name): [string, ChannelValues] => [
        name,
        { from: [name], vars: {}, meta: typeOf(name)?.meta ?? {}, continue: false, to: "one" },
      ]),
  ];
}

/** Nothing when it also reads sources that are not chats: the chat fields would be empty there. */
function chatMeta(types: readonly (Pick<SourceType<never>, "meta" | "chat"> | undefined)[]): {
  meta?: Readonly<Record<string, string>>;
} {
  if (!types.every((type) => type?.chat !== undefined)) return {};
  return { meta: Object.assign({}, ...types.map((type) => type?.meta)) };
}
