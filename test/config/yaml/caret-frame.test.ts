import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { load } from "../loading.ts";

const frames = async (text: string) => {
  const loaded = await load(text);
  return loaded.issues.map((issue) => loaded.frame(issue));
};

/** What stands above the caret. */
function pointedAt(frame: string): string {
  const lines = frame.split("\n");
  const caret = lines.findIndex((line) => /^ *\| +\^$/.test(line));
  return lines[caret - 1]!.slice(lines[caret]!.indexOf("^"));
}

describe("a frame", () => {
  test("names the place, shows two lines above, points, and says what to type", async () => {
    expect(
      await frames("sources:\n  a: { type: probe }\nchannels:\n  a:\n    content: x\n    wehn: data.x\n"),
    ).toEqual([
      `channels.yaml:6:5 channels.a.wehn: unknown key "wehn" (E_CONFIG_UNKNOWN_KEY)
  4 |   a:
  5 |     content: x
  6 |     wehn: data.x
    |     ^
  hint: did you mean "when"?`,
    ]);
  });

  test("is short on the first line", async () => {
    expect(await frames("sorces: {}\n")).toEqual([
      `channels.yaml:1:1 sorces: unknown key "sorces" (E_CONFIG_UNKNOWN_KEY)
  1 | sorces: {}
    | ^
  hint: did you mean "sources"?`,
    ]);
  });

  test("shows tabs as spaces and still points right", async () => {
    const [frame] = await frames("sources: {a:\t{ type: probe,\tevry: x } }\n");
    expect(pointedAt(frame!)).toBe("evry: x } }");
    expect(frame).not.toContain("\t");
  });

  test("cuts a very long line around the caret", async () => {
    const [frame] = await frames(
      `sources: { a: { type: probe, url: "${"x".repeat(5000)}", evry: x, text: "${"y".repeat(5000)}" } }\n`,
    );
    expect(pointedAt(frame!)).toMatch(/^evry: x, text: "y+…$/);
    for (const line of frame!.split("\n")) expect(line.length).toBeLessThan(130);
  });

  test("counts wide characters as two columns and combining marks as none", async () => {
    const [frame] = await frames('sources: { a: { type: probe, url: "日本e\u0301🎉", evry: x } }\n');
    const [, line, caret] = frame!.split("\n");
    const before = line!.slice(0, line!.indexOf("evry"));
    // Three wide characters (one of them two units long) and one mark without a width.
    expect(caret!.indexOf("^")).toBe(before.length + 2 - 1);
  });

  test("lets nothing in the file act on the terminal", async () => {
    const all = await frames('sources: { a: { type: probe, "ev\\e[31mry\u202e": "\u001b[2J" } }\n');
    expect(all.join("")).not.toMatch(/[\u001b\u202e]/);
  });
});

test("a config that is a link out of its folder is not quoted, and one that is a link inside is", async () => {
  const root = mkdtempSync(join(tmpdir(), "cr-frame-"));
  try {
    mkdirSync(join(root, "project"));
    writeFileSync(join(root, "credentials"), "aws_secret_access_key = AKIAEXAMPLE\nfoo: [\n");
    symlinkSync("../credentials", join(root, "project/channels.yaml"));
    const shown = async () => {
      const loaded = await loadConfig(join(root, "project/channels.yaml"), {
        env: { HOME: root },
        registry: [],
        escapeForTemplate: (text) => text,
        loadPatterns: async () => {
          throw new Error("no patterns here");
        },
      });
      return loaded.issues.map((issue) => loaded.frame(issue)).join("\n");
    };
    expect(await shown()).toContain("channels.yaml:1:1");
    expect(await shown()).not.toContain("AKIA");
    rmSync(join(root, "project/channels.yaml"));
    writeFileSync(join(root, "project/real.yaml"), "sources: [\n");
    symlinkSync("real.yaml", join(root, "project/channels.yaml"));
    expect(await shown()).toContain("1 | sources: [");
  } finally {
    rmSync(root, { recursive: true });
  }
});
