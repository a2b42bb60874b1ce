// Cache of the channels that messages come from: whether one is a direct chat, a channel or a thread, and the
// parent of a thread.

import type { APIChannel } from "@discordjs/core";
import type { ChannelInfo } from "./incoming.ts";

/** "Channel types" of docs/resources/channel. */
const direct = 1;
export const threadTypes: ReadonlySet<number> = new Set([10, 11, 12]);
const maxKnown = 1_000;

export interface ChannelCache {
  of(channelId: string): Promise<ChannelInfo>;
  isGroup(channelId: string): boolean;
  forget(channelId: string): void;
}

export function createChannelCache(fetch: (channelId: string) => Promise<APIChannel>): ChannelCache {
  const known = new Map<string, ChannelInfo>();
  return {
    async of(channelId) {
      const found = known.get(channelId) ?? channelInfoOf(await fetch(channelId));
      known.delete(channelId);
      known.set(channelId, found);
      if (known.size > maxKnown) known.delete(known.keys().next().value as string);
      return found;
    },
    isGroup: (channelId) => known.get(channelId)?.isDirect === false,
    forget: (channelId) => void known.delete(channelId),
  };
}

function channelInfoOf(channel: APIChannel): ChannelInfo {
  const { id, type } = channel;
  const parentId = "parent_id" in channel ? (channel.parent_id ?? undefined) : undefined;
  return {
    channelId: id,
    isDirect: type === direct,
    ...("name" in channel && channel.name ? { name: channel.name } : {}),
    ...(threadTypes.has(type) && parentId !== undefined ? { parentId } : {}),
  };
}
