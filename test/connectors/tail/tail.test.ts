import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { tail } from "../../../src/connectors/tail/index.ts";
import type { TailOptions } from "../../../src/connectors/tail/options.ts";
import { codeOf, surroundings } from "../../support/host.ts";
import { testSource, type World } from "../conformance.ts";

const folder = mkdtempSync(join(tmpdir(), "channel-router-tail-"));
const file = join(folder, "app.log");
writeFileSync(file, "history\n");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options: TailOptions = {
  files: `${basename(folder)}/*.log`,
  from: "end",
  format: "plain",
  maxLineBytes: 65_536,
  container: "auto",
  partialMs: 10_000,
  encoding: "utf-8",
};

/** Safe when the place that is written down lies behind the line. */
async function arrive({ host }: World): Promise<boolean> {
  appendFileSync(file, "a line\n");
  const { size } = statSync(file);
  for (let look = 0; look < 40; look++) {
    await host.clock.advance(3_000);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const isSafe = host.store.entries().some(([, value]) => (value as { offset?: number }).offset === size);
    if (isSafe) return true;
  }
  return false;
}

testSource({ type: tail, written: { files: `${basename(folder)}/*.log` }, options, arrive });

describe("the options of a tail", () => {
  const check = (more: Partial<TailOptions>) => tail.check?.({ ...options, ...more }, surroundings) ?? [];

  it.each<[string, Partial<TailOptions>, string]>([
    ["format", { format: "regex" }, "needs a pattern"],
    ["pattern", { pattern: "(?P<a>.)" }, "has no effect with format: plain"],
    ["pattern", { format: "regex", pattern: "a" }, "no named group"],
    ["multiline", { multiline: { maxLines: 5, flushMs: 1 } }, "needs either start, or indent"],
    ["multiline", { multiline: { start: "a", indent: true, maxLines: 5, flushMs: 1 } }, "needs either start"],
    ["max_line", { maxLineBytes: 10 }, "must be from 256B to 1MiB"],
    ["files", { files: "logs/" }, "names a folder"],
  ])("are told at %s: %o", (place, more, message) => {
    expect(check(more)).toMatchObject([{ path: [place], message: expect.stringContaining(message) }]);
  });

  it("say what is read, and what of it lies outside of the config's folder", () => {
    expect(tail.reaches?.({ ...options, files: ["a.log", "/var/log/*.log"] }, surroundings)).toEqual([
      { to: "read", path: "/project/a.log", outside: false },
      { to: "read", path: "/var/log/*.log", outside: true },
    ]);
  });

  it("make of a payload the event that a line would be", async () => {
    const written = { files: "app.log", format: "regex", pattern: "^(?P<level>[A-Z]+) " };
    const code = await codeOf(tail.options, written);
    const regex = { ...options, files: "app.log", format: "regex", pattern: written.pattern } as const;
    expect(tail.sampleArrival(regex, "ERROR down\n", {}, code)).toEqual({
      data: { line: "ERROR down", file: "app.log", level: "ERROR" },
      text: "ERROR down",
      trust: "local",
    });
  });
});
