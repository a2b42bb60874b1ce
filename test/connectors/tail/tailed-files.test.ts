// What is known of files that are not followed.

import { expect, test } from "vitest";
import { createCursors } from "../../../src/connectors/tail/cursors.ts";
import type { FollowerOptions } from "../../../src/connectors/tail/follower.ts";
import { TailedFiles } from "../../../src/connectors/tail/tailed-files.ts";
import type { Findings, FoundFile } from "../../../src/files/search.ts";
import { createMemoryCursors, createStore } from "../../../src/host/store.ts";
import { manualClock } from "../../support/manual-clock.ts";

const found = (path: string, id: string): FoundFile => ({
  path,
  shown: path,
  real: path,
  id,
  size: 500,
  modifiedMs: 0,
  touchedMs: 0,
  pattern: 0,
});
const findings = (...beyond: FoundFile[]): Findings => ({
  files: new Map(),
  refused: new Map(),
  elsewhere: new Map(),
  beyond,
  folders: [],
});

test("where a file ends that is one too many at the very first look is where it is read from once it is followed", async () => {
  const clock = manualClock();
  const cursors = createCursors(createStore(createMemoryCursors(), "tested", "options"));
  const following = {} as FollowerOptions;
  const search = { look: async () => findings(), renamed: async () => undefined };
  const tailedFiles = new TailedFiles({ clock, cursors, search, following, patterns: ["/*"], from: "end" });
  await tailedFiles.update(findings(found("/old.log", "1:1"), found("/old.gz", "1:2")));
  await tailedFiles.update(findings(found("/late.log", "1:3")));
  expect(cursors.get("1:1")?.offset).toBe(500);
  expect([cursors.get("1:2"), cursors.get("1:3")]).toEqual([undefined, undefined]);
});
