import { expect, test } from "vitest";
import { sse } from "../../src/connectors/sse/index.ts";
import { websocket } from "../../src/connectors/websocket/index.ts";
import { readAnswer } from "../../src/intake/answer.ts";
import { withTextOfBytes } from "../../src/intake/journal-export.ts";
import {
  stepsWithoutEscapes,
  withoutEscapes,
  withoutEscapesInside,
} from "../../src/intake/terminal-escapes.ts";

test.each([
  ["\x1b[31mERROR\x1b[0m disk \x1b[1;38;2;255;0;0mfull\x1b[0m", "ERROR disk full"],
  ["\x1b[38:5:196mred\x1b[m", "red"],
  ["\x9b31mred\x9b0m", "red"],
  ["\x1b]8;;https://a.example\x07link\x1b]8;;\x1b\\ end", "link end"],
  ["\x1b]0;title\x1b\\text", "text"],
  ["\x1bPdata\x1b\\text", "text"],
  ["\x1b[2K\x1b[1Gprogress \x1b[?25l100%\x1b[?25h", "progress 100%"],
  ["\x1b(Btext\x1b=\x1b>", "text\x1b>".replace("\x1b>", "")],
  [`\x1b]1337;File=inline=1:${"A".repeat(100_000)}\x07after a picture`, "after a picture"],
  [`\x1bPq${"#0;2;0".repeat(2_000)}\x1b\\after a picture`, "after a picture"],
  [`\x1b_Gf=100;${"A".repeat(9_000)}\x1b\\after a picture`, "after a picture"],
  [`\x1b]0;no end${"A".repeat(9_000)}\nkept\x07`, `\x1b]0;no end${"A".repeat(9_000)}\nkept\x07`],
  [
    "\xe2\x80\x9cquoted\xe2\x80\x9d and \xe2\x80\x9cquoted",
    "\xe2\x80\x9cquoted\xe2\x80\x9d and \xe2\x80\x9cquoted",
  ],
  ["no escapes [31m here", "no escapes [31m here"],
  ["cut \x1b[", "cut \x1b["],
])("%j is %j", (text, wanted) => {
  expect(withoutEscapes(text)).toBe(wanted);
});

test("a hostile text takes time in proportion to its length", () => {
  for (const piece of ["\x1b]", "\x1b[", "\x1b[0;", "\x1bP\x1b]", "\x1b]A", "\x1b]\n"]) {
    const begun = performance.now();
    withoutEscapes(piece.repeat(200_000));
    expect(performance.now() - begun).toBeLessThan(5_000);
  }
});

test("a long text is cleaned in steps, to the same result", () => {
  for (const piece of [
    "\x1b[31mred\x1b[0m ",
    "\x1b]8;;http://a\x07link",
    "\x1b[\x9b",
    "plain",
    "\x1bP\x1b\\",
  ]) {
    const text = piece.repeat(40_000);
    const steps = stepsWithoutEscapes(text);
    let count = 0;
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) count += 1;
    expect(step.value).toBe(withoutEscapes(text));
    if (piece.includes("red")) expect(count).toBeGreaterThan(5);
    expect(withoutEscapesInside({ a: [text] })).toEqual({ a: [withoutEscapes(text)] });
  }
});

test("every text of a value loses them, and nothing else changes", () => {
  expect(withoutEscapesInside({ a: ["\x1b[1mx", 1, null], b: { c: "y\x1b[0m" } })).toEqual({
    a: ["x", 1, null],
    b: { c: "y" },
  });
});

test("fields of the journal that are lists of bytes are text, and other lists stay", () => {
  const bytes = [...Buffer.from("\x1b[31mdisk full\x1b[0m é")];
  expect(withTextOfBytes({ _SYSTEMD_UNIT: "a", MESSAGE: bytes })).toEqual({
    _SYSTEMD_UNIT: "a",
    MESSAGE: "\x1b[31mdisk full\x1b[0m é",
  });
  const other = { level: "info", values: [1, 2, 3] };
  expect(withTextOfBytes(structuredClone(other))).toEqual(other);
  const entry = { __CURSOR: "x", lower: [1], LIST: ["a"], EMPTY: [] };
  expect(withTextOfBytes(structuredClone(entry))).toEqual(entry);
});

const coloured = "\x1b[31mERROR\x1b[0m full";
const written = JSON.stringify({ log: [coloured], id: 1 });

test.each<[string, (text: string) => unknown]>([
  ["an event of a stream", (text) => sse.sampleArrival?.({ url: "https://a" } as never, text, {})],
  ["a message of a WebSocket", (text) => websocket.sampleArrival?.({ url: "wss://a" } as never, text, {})],
  [
    "the answer to a poll",
    (text) =>
      readAnswer({ url: "https://a", headers: {}, text: () => Promise.resolve(text) } as never, 1_000),
  ],
])("%s has none, as text and inside JSON", async (_, read) => {
  expect(await read(coloured)).toMatchObject({ data: "ERROR full", text: "ERROR full" });
  expect(await read(written)).toMatchObject({ data: { log: ["ERROR full"], id: 1 }, text: written });
});
