// What `permissions.files` opens, wherever links of the project lead.

import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openFolders } from "../../../src/daemon/chat/chat-tools.ts";
import { temporaryFolder } from "../../config/loading.ts";

test("a shared folder of the project that a link leads out of it is not open, before and after consent", () => {
  const top = temporaryFolder();
  const project = join(top, "project");
  for (const folder of ["project/out", "project/real", "home/documents"])
    mkdirSync(join(top, folder), { recursive: true });
  const power = { power: "share", value: "", component: "permissions.files", hash: "" } as const;
  const isOpen = (base: string, isAllowed = true) =>
    openFolders([{ base, fits: () => true, power }], { project, allows: () => isAllowed }).length === 1;
  const out = join(project, "out");
  expect([isOpen(out), isOpen(out, false), isOpen(join(top, "home/documents"))]).toEqual([true, false, true]);
  rmSync(out, { recursive: true });
  symlinkSync("../home/documents", out);
  expect([isOpen(out), isOpen(join(out, "below"))]).toEqual([false, false]);
  rmSync(out);
  symlinkSync("real", out);
  expect(isOpen(out)).toBe(true);
});
