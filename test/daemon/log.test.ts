import fc from "fast-check";
import { expect, it } from "vitest";
import { createLog } from "../../src/daemon/log.ts";
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
