// Which places the author of a repository could have filled.

import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openProject } from "../../src/config/project.ts";
import { temporaryFolder } from "./loading.ts";

/** A home with a clone in it, another clone beside that, and folders of the user. */
function bed() {
  const folder = temporaryFolder();
  const home = join(folder, "home");
  const clone = join(home, "src", "clone");
  for (const path of [
    join(clone, ".git"),
    join(clone, "packages", "app"),
    join(home, "src", "sibling", ".git"),
    join(home, "src", "own"),
    join(home, ".claude"),
    join(folder, "srv"),
  ])
    mkdirSync(path, { recursive: true });
  return { folder, home, clone };
}

test("the project is its folder, the repository around it, and what it is called by other names", () => {
  const { folder, home, clone } = bed();
  const cwd = join(clone, "packages", "app");
  symlinkSync(clone, join(folder, "alias"));
  const { contains } = openProject({}, cwd, { home });
  for (const path of [
    cwd,
    clone,
    "state",
    "../../state",
    join(clone, "not", "yet", "there"),
    join(folder, "alias", "state"),
    join(folder, "alias", "packages", "app", "x"),
  ])
    expect([path, contains(path)]).toEqual([path, true]);
  for (const path of [
    home,
    join(home, ".claude"),
    join(home, "src"),
    join(home, "src", "own", "x"),
    join(folder, "srv"),
    "/",
  ])
    expect([path, contains(path)]).toEqual([path, false]);
});

test("a link in the project belongs to it wherever it leads, and so does a link into it", () => {
  const { home, clone } = bed();
  symlinkSync(join(home, ".claude"), join(clone, "out"));
  symlinkSync(clone, join(home, ".claude", "in"));
  const { contains } = openProject({}, clone, { home });
  expect(contains(join(clone, "out", "state"))).toBe(true);
  expect(contains(join(home, ".claude", "in", "state"))).toBe(true);
});

test("another repository counts too: its author may be the same", () => {
  const { home, clone } = bed();
  const { contains } = openProject({}, clone, { home });
  expect(contains("../sibling/state")).toBe(true);
});

test("CLAUDE_PROJECT_DIR and what else is known of the project add to it, and take nothing away", () => {
  const { folder, home } = bed();
  const plain = join(home, "src", "own");
  const { contains } = openProject({ CLAUDE_PROJECT_DIR: join(folder, "srv") }, plain, {
    home,
    more: [join(home, ".claude")],
  });
  for (const path of [join(plain, "x"), join(folder, "srv", "x"), join(home, ".claude", "x")])
    expect(contains(path)).toBe(true);
});

test("the home folder is no project, nor is what it lies in, even if it is a repository", () => {
  const { folder, home } = bed();
  mkdirSync(join(home, ".git"));
  for (const cwd of [home, folder, "/"]) {
    const { contains } = openProject({ CLAUDE_PROJECT_DIR: home }, cwd, { home });
    expect(contains(join(home, ".claude", "channels"))).toBe(false);
    expect(contains(join(home, "src", "clone", "x"))).toBe(true);
  }
});

test("a worktree has a .git file, and is a repository", () => {
  const { folder, home, clone } = bed();
  const worktree = join(folder, "worktree");
  mkdirSync(worktree);
  writeFileSync(join(worktree, ".git"), `gitdir: ${clone}/.git/worktrees/x\n`);
  expect(openProject({}, clone, { home }).contains(join(worktree, "state"))).toBe(true);
});
