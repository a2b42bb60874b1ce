import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLog, logSettings } from "../../src/daemon/log.ts";
import { block, line, text } from "../../src/text.ts";
import { forbiddenCharacter, hostileText } from "../support/hostile-text.ts";

function logTo(lines: string[]) {
  return createLog({
    secrets: () => ["s3cret-token", "two\nlines of it"],
    write: (text) => lines.push(text),
  });
}

it("writes no line that what came from outside could pass for one of ours with, nor moves a terminal's cursor", () => {
  const lines: string[] = [];
  const log = logTo(lines);
  const hostile =
    "\u001b[2J\u001b]0;title\u0007 s3cret-token\u202E\r\u0000\nchannel-router: error: all is lost\n\tat here";
  log.warn(line`source x: ${hostile}`);
  log.error(text`source x: ${block(hostile)}\n  hint: no`);
  expect(lines).toEqual([
    "channel-router: warning: source x: [2J]0;title ••• channel-router: error: all is lost at here\n",
    "channel-router: error: source x: [2J]0;title •••\n  channel-router: error: all is lost\n  \tat here\n  hint: no\n",
  ]);
});

it("hides a secret of several lines where they became one", () => {
  const lines: string[] = [];
  logTo(lines).warn(line`it said: ${"two\nlines of it"}`);
  expect(lines[0]).toBe("channel-router: warning: it said: •••\n");
});

it("one entry is one line that begins like an entry, whatever it quotes", () => {
  fc.assert(
    fc.property(hostileText, (raw) => {
      const lines: string[] = [];
      logTo(lines).info(line`source x: ${`${raw}\nchannel-router: forged\r${raw}`}`);
      logTo(lines).info(text`source x: ${block(`${raw}\u2028channel-router: forged\u0085${raw}`)}`);
      for (const entry of lines) {
        expect(entry.endsWith("\n")).toBe(true);
        expect(entry.match(/^channel-router:/gm)).toHaveLength(1);
        expect(forbiddenCharacter(entry)).toBeUndefined();
      }
    }),
  );
});

describe("a log with times", () => {
  const now = () => Date.UTC(2026, 10, 30, 1, 2, 3);

  it("begins each entry with the time, and indents what belongs to it", () => {
    const lines: string[] = [];
    const log = createLog({ secrets: () => [], write: (text) => lines.push(text), now });
    log.info(line`listening on 127.0.0.1:8788`);
    log.error(text`source x: ${block("one\ntwo")}`);
    expect(lines).toEqual([
      "2026-11-30T01:02:03.000Z listening on 127.0.0.1:8788\n",
      "2026-11-30T01:02:03.000Z error: source x: one\n  two\n",
    ]);
  });

  it("as JSON, each entry is one line with time, level and message, without secrets", () => {
    const lines: string[] = [];
    const log = createLog({
      secrets: () => ["s3cret"],
      write: (text) => lines.push(text),
      now,
      format: "json",
    });
    log.warn(text`source x: ${block('s3cret "two"\nlines')}`);
    expect(lines.map((entry) => JSON.parse(entry))).toEqual([
      { time: "2026-11-30T01:02:03.000Z", level: "warn", message: 'source x: ••• "two"\n  lines' },
    ]);
    expect(lines[0]?.indexOf("\n")).toBe((lines[0]?.length ?? 0) - 1);
  });

  it.each([
    ["info", ["info", "warn", "error"]],
    ["warn", ["warn", "error"]],
    ["error", ["error"]],
  ] as const)("of level %s, contains %j", (level, expected) => {
    const lines: string[] = [];
    const log = createLog({ secrets: () => [], write: (text) => lines.push(text), level, format: "json" });
    for (const each of ["info", "warn", "error"] as const) log[each](line`said`);
    expect(lines.map((entry) => JSON.parse(entry).level)).toEqual(expected);
  });
});

describe("the settings of the log", () => {
  it.each([
    [{}, {}, { level: "info" }],
    [{ CHANNEL_ROUTER_LOG: "warn" }, {}, { level: "warn" }],
    [{ CHANNEL_ROUTER_LOG: "json" }, {}, { level: "info", format: "json" }],
    [{ CHANNEL_ROUTER_LOG: "error, json" }, {}, { level: "error", format: "json" }],
    [
      { CHANNEL_ROUTER_LOG: "error,json" },
      { logLevel: "warn", logFormat: "text" },
      { level: "warn", format: "text" },
    ],
  ])("of %j and the options %j are %j", (env, options, expected) => {
    expect(logSettings(env, options)).toEqual(expected);
  });

  it.each([
    [{ CHANNEL_ROUTER_LOG: "loud" }, {}, 'CHANNEL_ROUTER_LOG: unknown value "loud"'],
    [{}, { logLevel: "json" }, '--log-level: unknown value "json"'],
    [{}, { logFormat: "xml" }, '--log-format: unknown value "xml"'],
  ])("of %j and the options %j are refused", (env, options, message) => {
    expect(() => logSettings(env, options)).toThrow(message);
  });
});

it("a server ignores an unknown word in the variable, and says so", () => {
  const problems: string[] = [];
  const settings = logSettings({ CHANNEL_ROUTER_LOG: "loud,json" }, {}, (problem) => problems.push(problem));
  expect(settings).toEqual({ level: "info", format: "json" });
  expect(problems).toEqual([
    'CHANNEL_ROUTER_LOG: unknown value "loud", which is ignored; one of: info, warn, error, text, json',
  ]);
});
