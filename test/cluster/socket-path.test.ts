import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { socketPath } from "../../src/cluster/socket-path.ts";

let temporary: string;
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), "cr-sp-"));
});
afterEach(() => rmSync(temporary, { recursive: true, force: true }));

const long = `/${"x".repeat(120)}`;
const privateName = `channel-router-${process.getuid?.()}`;

test("a short path stays in the state folder", async () => {
  expect(await socketPath("/state", 12, temporary)).toBe("/state/o12.sock");
});

test("a long one goes to a private folder, a different one for each state folder", async () => {
  const path = await socketPath(long, 1, temporary);
  expect(path.startsWith(join(temporary, privateName))).toBe(true);
  expect(statSync(join(temporary, privateName)).mode & 0o777).toBe(0o700);
  expect(await socketPath(`${long}y`, 1, temporary)).not.toBe(path);
  expect(await socketPath(long, 1, temporary)).toBe(path);
});

test("a folder that is open to others, or a link to one, is refused", async () => {
  mkdirSync(join(temporary, privateName));
  chmodSync(join(temporary, privateName), 0o755);
  await expect(socketPath(long, 1, temporary)).rejects.toThrow(/belongs to this user alone/);
  rmSync(join(temporary, privateName), { recursive: true });
  mkdirSync(join(temporary, "elsewhere"), { mode: 0o700 });
  symlinkSync(join(temporary, "elsewhere"), join(temporary, privateName));
  await expect(socketPath(long, 1, temporary)).rejects.toThrow(/belongs to this user alone/);
});

test("a temporary folder that is too long itself is told", async () => {
  const deep = join(temporary, "t".repeat(100));
  mkdirSync(deep);
  await expect(socketPath(long, 1, deep)).rejects.toThrow(/no socket path is short enough/);
});
