import { expect, test } from "vitest";
import type { ChannelValues } from "../../../src/config/values.ts";
import { withDefaultChannels } from "../../../src/plan/compile/default-channels.ts";

const traits = {} as never;
const types = new Map([
  ["phone", { meta: { user: "{{sender.id}}" }, chat: traits }],
  ["room", { meta: { room: "{{data.room}}" }, chat: traits }],
  ["hook", { meta: { path: "{{path}}" } }],
]);
const sources = Object.fromEntries(
  ["phone", "room", "hook"].map((type) => [type, { type, enabled: true, options: {} }]),
);
const channel = (from: readonly string[], more: Partial<ChannelValues> = {}): ChannelValues => ({
  ...{ from, vars: {}, continue: false, to: "one" },
  ...more,
});
const metaOf = (written: ChannelValues) =>
  new Map(withDefaultChannels({ sources, channels: { written } }, types)).get("written")?.meta;

test("a channel of chats says who wrote, unless it has a meta of its own", () => {
  expect(metaOf(channel(["phone"]))).toEqual({ user: "{{sender.id}}" });
  expect(metaOf(channel(["phone", "room"]))).toEqual({ user: "{{sender.id}}", room: "{{data.room}}" });
  expect(metaOf(channel(["phone"], { meta: {} }))).toEqual({});
  expect(metaOf(channel(["phone"], { meta: { n: "1" } }))).toEqual({ n: "1" });
});

test("a channel that anything else feeds has the meta that was written, and no other", () => {
  expect(metaOf(channel(["hook"]))).toBeUndefined();
  expect(metaOf(channel(["phone", "hook"]))).toBeUndefined();
  expect(metaOf(channel(["nobody"]))).toBeUndefined();
});

test("written channels are tried before those that a source has by default", () => {
  const channels = { written: channel(["phone"]) };
  expect(withDefaultChannels({ sources, channels }, types).map(([name]) => name)).toEqual([
    "written",
    "room",
    "hook",
  ]);
});
