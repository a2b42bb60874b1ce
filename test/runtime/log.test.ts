import { expect, it } from "vitest";
import { createLog } from "../../src/runtime/log.ts";

it("writes no line that what came from outside could pass for one of ours with, nor moves a terminal's cursor", () => {
  const lines: string[] = [];
  const log = createLog({ secrets: () => ["s3cret-token"], write: (text) => lines.push(text) });
  log.warn(
    "source x: \u001b[2J\u001b]0;title\u0007 s3cret-token\u202E\r\nchannel-router: error: all is lost\n\tat here",
  );
  expect(lines).toEqual([
    "channel-router: warning: source x: [2J]0;title •••\n  channel-router: error: all is lost\n\tat here\n",
  ]);
});
