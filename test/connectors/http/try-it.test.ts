// The command line that status shows for a try: a person or Claude types it into a shell, and a config that somebody else wrote must not
// have that shell do anything but send one request.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { describeEndpoint } from "../../../src/connectors/http/endpoint-info.ts";
import type { HttpOptions } from "../../../src/connectors/http/options.ts";

const hostile = [
  "$(touch /tmp/cr-pwned)",
  "`touch /tmp/cr-pwned`",
  "$HOME",
  '"; touch /tmp/cr-pwned; "',
  "'; id; '",
  "\\",
  "!!",
  "a\nid",
];
const text = fc
  .oneof(fc.constantFrom(...hostile), fc.string({ maxLength: 20 }), fc.constant("x-token"))
  .filter(
    // What no header and no argument can hold.
    (value) => !value.includes("\0"),
  );

/** The words that curl would get. */
function wordsOf(line: string): string[] {
  const script = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }\n${line}`;
  const out = execFileSync("/bin/sh", ["-c", script], {
    env: { SECRET: "s3cret", HOME: "/home-of-the-user" },
  });
  return out.toString().split("\0").slice(0, -1);
}

const base = { methods: ["POST"], path: "/hook", maxBodyBytes: 1_000 };
const lineOf = (verify: unknown, path = "/hook") =>
  describeEndpoint({ ...base, path, verify } as unknown as HttpOptions, { address: "http://127.0.0.1:1" })
    .example as string;

test.runIf(process.platform !== "win32")("nothing of it is run, whatever the config says", () => {
  fc.assert(
    fc.property(text, text, (one, other) => {
      expect(wordsOf(lineOf({ scheme: "token", secret: "x", header: one, prefix: other }))).toContain(
        `${one}: ${other}s3cret`,
      );
      expect(wordsOf(lineOf({ scheme: "token", secret: "x", query: one }, "/a/$HOME"))).toContain(
        `http://127.0.0.1:1/a/$HOME?${one}=s3cret`,
      );
      expect(wordsOf(lineOf({ scheme: "basic", secret: "x", username: one }))).toContain(`${one}:s3cret`);
      expect(existsSync("/tmp/cr-pwned")).toBe(false);
    }),
    { numRuns: 40 },
  );
});
