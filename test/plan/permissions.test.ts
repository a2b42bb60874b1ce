import { describe, expect, it } from "vitest";
import type { IssueDraft, PermissionsValues } from "../../src/config/values.ts";
import type { ChatTraits } from "../../src/contract/chat.ts";
import { planPermissions } from "../../src/plan/permissions.ts";

const chat: ChatTraits = { can: ["ask", "send"], maxFiles: 1, maxFileBytes: 1 };
const sources = {
  phone: { type: "testchat", enabled: true, options: {} },
  hook: { type: "http", enabled: true, options: {} },
};

const bind = (text: string) => text;

function plan(more: Partial<PermissionsValues>) {
  const issues: IssueDraft[] = [];
  const values = { relay: ["phone"], approvers: { phone: ["41"] }, expireMs: 600_000, ...more };
  const planned = planPermissions(values, sources, (type) => (type === "testchat" ? { chat } : {}), {
    bind,
    issues,
    surroundings: { folder: "/project", home: "/home/person" },
  });
  return {
    planned,
    issues: issues.map(({ path, message, hint }) => `${path.join(".")}: ${message} (${hint})`),
  };
}

describe("permissions", () => {
  it("name approvers, whose ids are a power", () => {
    const { planned, issues } = plan({ approvers: { phone: [42, "41"] } });
    expect(issues).toEqual([]);
    expect([...(planned.approvers.get("phone") ?? [])]).toEqual(["42", "41"]);
    expect(planned.powers).toMatchObject([
      { power: "approve", value: "41, 42", component: "permissions.approvers.phone" },
    ]);
    expect(plan({ approvers: { phone: ["43"] } }).planned.powers[0]?.hash).not.toBe(planned.powers[0]?.hash);
  });

  it("relay nothing where nobody can be asked", () => {
    expect(plan({ relay: ["phon"], approvers: {} }).issues).toEqual([
      'permissions.relay.0: no source named phon (did you mean "phone"?)',
    ]);
    expect(plan({ relay: ["hook"], approvers: { hook: ["1"] } }).issues).toEqual([
      "permissions.relay.0: hook is not a chat source, so it cannot get permission prompts (name a source of a chat type)",
    ]);
    expect(plan({ approvers: {} }).issues[0]).toContain("no approver is listed for phone");
    expect(plan({ approvers: { phone: ["1"], hook: ["1"] } }).issues[0]).toContain("hook is not in relay");
  });

  it("that let nobody answer and no file leave are a problem that says what is missing", () => {
    for (const nothing of [
      {},
      { quiet: [{ from: "23:00", to: "07:00", tz: "UTC" }] },
      { tools: { deny: ["*"] } },
    ])
      expect(plan({ relay: [], approvers: {}, ...nothing }).issues).toEqual([
        expect.stringMatching(/^permissions: allows nobody to answer .* \(add relay: .*files.*\)$/),
      ]);
    expect(plan({ relay: [], approvers: {}, files: ["/home/person/reports/*"] }).issues).toEqual([]);
  });

  it("name people by ids: no name, and nothing that would ask a whole group", () => {
    const withIds = { ...chat, personId: { pattern: "^[1-9]\\d*$", example: "412587349" } };
    const issues: IssueDraft[] = [];
    const approvers = { phone: ["@ann", "-1001", 42, "٤٢", " 42"] };
    const values = { relay: ["phone"], approvers, expireMs: 600_000 };
    planPermissions(values, sources, () => ({ chat: withIds }), {
      bind,
      issues,
      surroundings: { folder: "/project", home: "/home/person" },
    });
    expect(issues.map(({ path }) => path.join("."))).toEqual(
      [0, 1, 3, 4].map((index) => `permissions.approvers.phone.${index}`),
    );
    expect(issues[0]?.message).toBe("is not a user id on testchat, which looks like 412587349");
  });

  it("have times within bounds", () => {
    expect(plan({ expireMs: 9_999 }).issues[0]).toContain("must be from 10s to 24h");
    expect(plan({ quiet: [{ from: "23:00", to: "07:00", tz: "Europe/Berln" }] }).issues[0]).toContain(
      "unknown time zone",
    );
  });

  it("are silent in quiet time", () => {
    const { planned } = plan({ quiet: [{ from: "23:00", to: "07:00", tz: "UTC" }] });
    expect(planned.isQuiet(Date.UTC(2026, 0, 5, 23, 30))).toBe(true);
    expect(planned.isQuiet(Date.UTC(2026, 0, 5, 12))).toBe(false);
    expect(plan({}).planned.isQuiet(0)).toBe(false);
  });

  it.each([
    [{}, "Bash", true],
    [{ allow: ["Bash"] }, "Bash", true],
    [{ allow: ["Bash"] }, "BashOutput", false],
    [{ allow: ["mcp__*"] }, "mcp__github__merge", true],
    [{ allow: ["mcp__*__merge"] }, "mcp__github__merge", true],
    [{ allow: ["mcp__*__merge"] }, "mcp____merge", true],
    [{ allow: ["a*a"] }, "a", false],
    [{ deny: ["mcp__prod__*"] }, "mcp__prod__drop", false],
    [{ allow: ["*"], deny: ["Bash"] }, "Bash", false],
  ])("of tools %j let %s be asked about: %s", (tools, tool, may) => {
    expect(plan({ tools }).planned.mayRelay(tool)).toBe(may);
  });

  it("share folders, files and globs, each with a power of its own", () => {
    const { planned, issues } = plan({ files: ["~/reports", "out/*.pdf", "/data/{a,b}/**", "notes.txt"] });
    expect(issues).toEqual([]);
    expect(planned.files.map(({ base, power }) => [base, power.power, power.value])).toEqual([
      ["/home/person/reports", "share", "/home/person/reports"],
      ["/project/out", "share", "/project/out/*.pdf"],
      ["/data", "share", "/data/{a,b}/**"],
      ["/project/notes.txt", "share", "/project/notes.txt"],
    ]);
    const fits = (index: number, below: string) => planned.files[index]?.fits(below);
    expect([fits(0, "deep/er/x.txt"), fits(1, "a.pdf"), fits(1, "sub/a.pdf"), fits(1, "a.txt")]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect([fits(2, "a/x/y"), fits(2, "c/x")]).toEqual([true, false]);
    expect(planned.powers).toHaveLength(1);
    const { planned: other } = plan({ files: ["~/other"] });
    expect(other.fingerprint).not.toBe(planned.fingerprint);
    expect(other.files[0]?.power.hash).not.toBe(planned.files[0]?.power.hash);
  });

  it.each([
    ["/", "would share the whole disk"],
    ["/**", "would share the whole disk"],
    ["../../..", "would share the whole disk"],
    ["  ", "is empty"],
    ["a/*/../../b", 'may not have ".." after a wildcard'],
    ["a/[", "the glob"],
  ])("do not share %s", (entry, message) => {
    expect(plan({ files: [entry] }).issues[0]).toContain(message);
  });
});
