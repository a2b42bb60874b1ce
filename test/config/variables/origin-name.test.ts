import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { originName } from "../../../src/config/variables/origin-name.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "cr-origin-"));
  for (const name of ["home", "project"]) mkdirSync(join(root, name));
  writeFileSync(join(root, "home/credentials"), "x");
  writeFileSync(join(root, "project/token"), "x");
});
afterEach(() => rmSync(root, { recursive: true }));

function nameOf(path: string): string | undefined {
  const realPath = realpathSync(path);
  const place = { folder: join(root, "project"), home: join(root, "home") };
  return originName({ kind: "file", path, realPath, inProject: false }, place);
}

test("a file is named as its reader knows it", () => {
  expect(nameOf(join(root, "project/token"))).toBe("./token");
  expect(nameOf(join(root, "home/credentials"))).toBe("~/credentials");
});

test("a file of the project that is a link out of it is named with its target", () => {
  symlinkSync("../home/credentials", join(root, "project/innocent"));
  symlinkSync("../home", join(root, "project/folder"));
  symlinkSync("token", join(root, "project/inside"));
  expect(nameOf(join(root, "project/innocent"))).toBe("./innocent, a link to ~/credentials");
  expect(nameOf(join(root, "project/folder/credentials"))).toBe(
    "./folder/credentials, a link to ~/credentials",
  );
  expect(nameOf(join(root, "project/inside"))).toBe("./inside");
});
