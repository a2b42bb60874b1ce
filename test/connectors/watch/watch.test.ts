import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { watch } from "../../../src/connectors/watch/index.ts";
import type { WatchOptions } from "../../../src/connectors/watch/options.ts";
import { surroundings } from "../../support/host.ts";
import { testSource, type World } from "../conformance.ts";

const folder = mkdtempSync(join(tmpdir(), "channel-router-watch-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

const options: WatchOptions = {
  files: `${basename(folder)}/*.txt`,
  events: ["created", "changed"],
  maxTextBytes: 65_536,
  settleMs: 1_000,
};

/** Safe when the file is among what is known. */
async function arrive({ host }: World): Promise<boolean> {
  const path = join(folder, `${++count}.txt`);
  writeFileSync(path, "text");
  for (let look = 0; look < 40; look++) {
    await host.clock.advance(1_500);
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (host.store.get(`file:${path}`) !== undefined) return true;
  }
  return false;
}

testSource({ type: watch, written: { files: `${basename(folder)}/*.txt` }, options, arrive });

describe("the options of a watch", () => {
  const check = (more: Partial<WatchOptions>) => watch.check?.({ ...options, ...more }, surroundings) ?? [];

  it.each<[string, Partial<WatchOptions>, string]>([
    ["events", { events: ["removed"], moveTo: "done" }, "may not contain removed"],
    ["move_to", { moveTo: " " }, "is empty"],
    ["move_to", { moveTo: ".git/hooks" }, "cannot be moved there: programs act on"],
    ["move_to", { moveTo: "/project/.claude/commands" }, "cannot be moved there"],
    ["move_to", { moveTo: "~/.ssh" }, "cannot be moved there"],
    ["move_to", { moveTo: "/etc/cron.d" }, "cannot be moved there"],
    ["max_text", { maxTextBytes: 2 ** 21 }, "at most 1MiB"],
    ["settle", { settleMs: 5 }, "at least 100ms"],
  ])("are told at %s: %o", (place, more, message) => {
    expect(check(more)).toMatchObject([{ path: [place], message: expect.stringContaining(message) }]);
  });

  it("say what is read, and what is moved where", () => {
    expect(watch.reaches?.({ ...options, files: "~/drop/*", moveTo: "/srv/done" }, surroundings)).toEqual([
      { to: "read", path: "/home/person/drop/*", outside: true },
      { to: "move", path: "/home/person/drop/*", target: "/srv/done" },
    ]);
    expect(watch.reaches?.({ ...options, files: "a/*" }, surroundings)).toEqual([
      { to: "read", path: "/project/a/*", outside: false },
    ]);
  });

  it("make of a payload the event that a file would be", () => {
    expect(watch.sampleArrival({ ...options, files: "drop/*", moveTo: "done" }, "do this", {})).toEqual({
      data: { file: "drop/*", event: "created", text: "do this" },
      text: "do this",
      trust: "local",
    });
  });
});
