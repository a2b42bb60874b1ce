// Save: the text of the editor becomes the file, if the file is still the one that was edited.

import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ChangedConfigError, type SaveContext, saveConfig } from "../../src/console/try/save-config.ts";
import { loadPlan } from "../../src/daemon/start/load-plan.ts";
import { type Disk, realDisk } from "../../src/files/disk.ts";
import { replaceFile } from "../../src/files/replace-file.ts";
import { createMask } from "../../src/host/secret-mask.ts";
import { unifiedDiff } from "../../src/text/unified-diff.ts";

const config = `# Which builds matter.
sources:
  ci: { type: http, path: /ci } # one sender
channels:
  failed:   { from: ci, match: { data.state: failed } }
`;
const edited = config.replace("state: failed", "state: broken");
const sha = (text: string) => createHash("sha256").update(text).digest("hex");

let top: string;
let file: string;
let reloads: number;
beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), "cr-save-")));
  mkdirSync(join(top, "project"));
  file = join(top, "project", "channels.yaml");
  writeFileSync(file, config, { mode: 0o640 });
  chmodSync(file, 0o640);
  reloads = 0;
});
afterEach(() => rmSync(top, { recursive: true, force: true }));

async function contextOf(path = file): Promise<SaveContext> {
  const { loaded } = await loadPlan(path, { HOME: top });
  const verdict = { time: "", ok: true, text: "reloaded", problems: [], notes: [] };
  return {
    active: { loaded, chosen: true, consent: undefined, mask: createMask([]) },
    env: { HOME: top },
    async reload() {
      reloads += 1;
      return verdict;
    },
  };
}

test("a dry run shows the difference and writes nothing", async () => {
  const answer = await saveConfig({ text: edited, sha256: sha(config), dry_run: true }, await contextOf());
  expect(answer.diff).toContain(
    "-  failed:   { from: ci, match: { data.state: failed } }\n+  failed:   { from: ci, match: { data.state: broken } }",
  );
  expect(answer.diff).toMatch(/^--- channels\.yaml\n\+\+\+ channels\.yaml\n@@ -2,4 \+2,4 @@\n/);
  expect(answer).not.toHaveProperty("verdict");
  expect(readFileSync(file, "utf8")).toBe(config);
  expect(reloads).toBe(0);
});

test("the file is the text, comments and mode included, and is reloaded", async () => {
  const answer = await saveConfig({ text: edited, sha256: sha(config) }, await contextOf());
  expect(answer).toMatchObject({ verdict: { ok: true, text: "reloaded" }, sha256: sha(edited) });
  expect(readFileSync(file, "utf8")).toBe(edited);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  expect(readdirSync(join(top, "project"))).toEqual(["channels.yaml"]);
  expect(reloads).toBe(1);
});

describe("the file stays as it is", () => {
  const stays = async (request: Parameters<typeof saveConfig>[0], context: SaveContext, before = config) => {
    const result = await saveConfig(request, context).catch((error: Error) => error);
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(reloads).toBe(0);
    return result;
  };

  test("when others wrote it meanwhile", async () => {
    const context = await contextOf();
    writeFileSync(file, `${config}# mine\n`);
    for (const dry_run of [true, false])
      expect(
        await stays({ text: edited, sha256: sha(config), dry_run }, context, `${config}# mine\n`),
      ).toBeInstanceOf(ChangedConfigError);
  });

  test("when it may not be edited here", async () => {
    const context = { ...(await contextOf()), refused: "this console is read-only" };
    expect(await stays({ text: edited, sha256: sha(config) }, context)).toMatchObject({
      message: "this console is read-only",
    });
  });

  test("when the text has problems", async () => {
    const text = edited.replace("from: ci", "from: cj");
    expect(await stays({ text, sha256: sha(config) }, await contextOf())).toMatchObject({
      issues: [{ line: 5, length: 2, frame: expect.stringContaining("^") }],
    });
  });

  test("when a secret of it is hidden in the text", async () => {
    const text = edited.replace("/ci", "/•••");
    expect(await stays({ text, sha256: sha(config) }, await contextOf())).toMatchObject({
      message: expect.stringContaining("hides a secret"),
    });
  });

  test("when it is a link that leads out of the project", async () => {
    const elsewhere = join(top, "elsewhere.yaml");
    writeFileSync(elsewhere, config);
    rmSync(file);
    symlinkSync(elsewhere, file);
    expect(await stays({ text: edited, sha256: sha(config) }, await contextOf())).toMatchObject({
      message: expect.stringContaining("leads out of the project"),
    });
    expect(readFileSync(elsewhere, "utf8")).toBe(config);
  });
});

test("what settles is on the disk under its name, and what fails leaves nothing", async () => {
  const steps: string[] = [];
  const noted: Disk = {
    ...realDisk,
    async create(path) {
      const made = await realDisk.create(path);
      return { ...made, sync: async () => void steps.push("sync") };
    },
    rename: (from, to) => realDisk.rename(from, to).then(() => void steps.push("rename")),
    syncFolder: async () => void steps.push("sync folder"),
  };
  const options = { sha256: sha(config), within: top };
  await replaceFile(file, edited, options, noted);
  expect(steps).toEqual(["sync", "rename", "sync folder"]);
  const full = { ...noted, rename: async () => Promise.reject(new Error("ENOSPC")) };
  await expect(replaceFile(file, config, { ...options, sha256: sha(edited) }, full)).rejects.toThrow(
    "ENOSPC",
  );
  expect(readdirSync(join(top, "project"))).toEqual(["channels.yaml"]);
  expect(readFileSync(file, "utf8")).toBe(edited);
});

test("a link within the project stays a link", async () => {
  const target = join(top, "project", "real.yaml");
  writeFileSync(target, config);
  rmSync(file);
  symlinkSync("real.yaml", file);
  await saveConfig({ text: edited, sha256: sha(config) }, await contextOf());
  expect(readFileSync(target, "utf8")).toBe(edited);
  expect(statSync(file).isFile()).toBe(true);
});

describe("the difference", () => {
  test("of equal texts is empty", () => {
    expect(unifiedDiff("a", config, config)).toBe("");
  });

  test("makes one text of the other, whatever they are", () => {
    const text = fc
      .array(fc.constantFrom("a\n", "b\n", "\n", "c"), { maxLength: 40 })
      .map((all) => all.join(""));
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(applied(before, unifiedDiff("f", before, after))).toBe(after);
      }),
    );
  });

  test("of two long texts without a common line is fast", () => {
    const lines = (word: string) => Array.from({ length: 20_000 }, (_, n) => `${word}${n}\n`).join("");
    const startMs = performance.now();
    expect(unifiedDiff("f", lines("a"), lines("b")).length).toBeGreaterThan(40_000);
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });
});

/** What `patch` would make of it. */
function applied(before: string, diff: string): string {
  if (diff === "") return before;
  const old = before.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const out: string[] = [];
  let at = 0;
  const lines = diff.split("\n").slice(2, -1);
  for (const [index, line] of lines.entries()) {
    const end = lines[index + 1]?.startsWith("\\") ? "" : "\n";
    const hunk = /^@@ -(\d+)(?:,(\d+))? /.exec(line);
    if (hunk !== null) {
      const start = Number(hunk[1]) - (hunk[2] === "0" ? 0 : 1);
      while (at < start) out.push(old[at++] as string);
    } else if (line.startsWith("+")) out.push(line.slice(1) + end);
    else if (line.startsWith("-")) {
      expect(old[at++]).toBe(line.slice(1) + end);
    } else if (line.startsWith(" ")) out.push(old[at++] as string);
  }
  return [...out, ...old.slice(at)].join("");
}
