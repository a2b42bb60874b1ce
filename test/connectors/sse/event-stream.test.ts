// Server-sent events from bytes, however they are cut into pieces.

import fc from "fast-check";
import { expect, test } from "vitest";
import { createEventStream } from "../../../src/connectors/sse/event-stream.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function eventsOf(pieces: readonly Uint8Array[], maxLength = 1_000) {
  const stream = createEventStream(maxLength);
  const events = pieces.flatMap((piece) => [...stream.read(piece)]);
  return { events, lastId: stream.lastId(), retryMs: stream.retryMs() };
}

const brief = (text: string, maxLength?: number) =>
  eventsOf([bytes(text)], maxLength).events.map(({ name, data, id }) => [name, data, id].join("|"));

test.each<[string, string, string[]]>([
  ["one line", "data: hello\n\n", ["message|hello|"]],
  ["lines ended by CRLF", "event: a\r\ndata: x\r\nid: 7\r\n\r\n", ["a|x|7"]],
  ["lines ended by CR", "event: a\rdata: x\r\r", ["a|x|"]],
  ["several lines of data", "data: a\ndata\ndata:b\ndata:  c\n\n", ["message|a\n\nb\n c|"]],
  ["comments", ": hi\n\n:\ndata: x\n: in between\ndata: y\n\n", ["message|x\ny|"]],
  ["fields that nobody knows", "foo: 1\ndata: x\nbar\n\n", ["message|x|"]],
  ["an event without data", "event: a\nid: 3\n\ndata: x\n\n", ["message|x|3"]],
  [
    "an id that stays",
    "id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n",
    ["message|a|1", "message|b|1", "message|c|"],
  ],
  ["an id with a NUL", "id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n", ["message|a|1", "message|b|1"]],
  ["an event that has not ended", "data: a\n\ndata: b\n", ["message|a|"]],
  ["a byte order mark", "\uFEFFdata: a\n\n", ["message|a|"]],
])("reads %s", (_, text, events) => {
  expect(brief(text)).toEqual(events);
});

test("reads the same from whatever pieces", () => {
  const text =
    '\uFEFFretry: 50\r\nid: ü\r\nevent: grüße\ndata: {"a":"😀"}\r\rdata: \r\n\n: ping\n\ndata:x\r\n\r\ndata: 漢字\n\n';
  const whole = eventsOf([bytes(text)]);
  expect(whole.events).toHaveLength(4);
  expect([whole.lastId, whole.retryMs]).toEqual(["ü", 50]);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes(text).length), { maxLength: 40 }), (cuts) => {
      const places = [0, ...cuts, bytes(text).length].sort((a, b) => a - b);
      const pieces = places.slice(1).map((to, index) => bytes(text).subarray(places[index], to));
      expect(eventsOf(pieces)).toEqual(whole);
    }),
  );
});

test("leaves out the data of an event that is too large, and goes on with the next", () => {
  const big = `id: 1\ndata: ${"x".repeat(600)}\ndata: ${"y".repeat(600)}\n\n`;
  const stream = createEventStream(1_000);
  const events = [...stream.read(bytes(`${big}data: small\n\n`))];
  expect(events.map(({ isTooLarge, data, id }) => [isTooLarge, data, id])).toEqual([
    [true, "", "1"],
    [false, "small", "1"],
  ]);
  expect(brief(`data: ${"x".repeat(10_000)}`.repeat(3), 1_000)).toEqual([]);
});

test("takes a long line in small pieces in time, and comments without end", () => {
  const stream = createEventStream(20_000_000);
  const piece = bytes("x".repeat(1_000));
  for (let n = 0; n < 10_000; n++) for (const _ of stream.read(piece)) throw new Error("no event yet");
  for (const _ of stream.read(bytes("\n\n"))) throw new Error("no data");
  const comments = createEventStream(1_000);
  const ping = bytes(": a comment to keep it alive\n");
  for (let n = 0; n < 1_000; n++) expect([...comments.read(ping)]).toEqual([]);
  expect([...comments.read(bytes("data: x\n\n"))].map(({ data }) => data)).toEqual(["x"]);
});
