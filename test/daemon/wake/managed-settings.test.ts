// Where an administrator's settings are read: files, macOS's managed preferences, Windows's registry, and both inside WSL.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readManagedSettings, type SystemReader } from "../../../src/daemon/wake/managed-settings.ts";
import { policyOfSettings } from "../../../src/daemon/wake/policy.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cr-managed-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Answers = Record<string, { code?: number; stdout?: string; stderr?: string } | "fails">;

/** `answers`: by the part of a command line that names what is asked for. */
function read(system: Partial<SystemReader>, answers: Answers = {}) {
  const ran: string[][] = [];
  const reader: SystemReader = {
    platform: "linux",
    user: "ann",
    exists: () => false,
    isWsl: async () => false,
    async run(program, args) {
      ran.push([program, ...args]);
      const key = Object.keys(answers).find((part) => args.includes(part));
      const answer = key === undefined ? { code: 1, stderr: "ERROR: not found" } : answers[key];
      if (answer === "fails" || answer === undefined) throw new Error("spawn EACCES");
      return { code: 0, stdout: "", stderr: "", ...answer };
    },
    ...system,
  };
  const places = { configFolder: folder, file: join(folder, "managed-settings.json"), system: reader };
  return {
    ran,
    settings: () => readManagedSettings(places),
    policy: () => policyOfSettings({ name: "router", plugin: "router" }, places),
  };
}

const device = "/Library/Managed Preferences/com.anthropic.claudecode.plist";
const own = "/Library/Managed Preferences/ann/com.anthropic.claudecode.plist";
const machine = "HKLM\\SOFTWARE\\Policies\\ClaudeCode";
const user = "HKCU\\SOFTWARE\\Policies\\ClaudeCode";
const value = (settings: object | string, type = "REG_SZ") => ({
  stdout: `\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\ClaudeCode\r\n    Settings    ${type}    ${typeof settings === "string" ? settings : JSON.stringify(settings)}\r\n\r\n`,
});
const off = { channelsEnabled: false };

test("Linux asks no program", async () => {
  const { ran, settings } = read({ exists: () => true });
  expect([await settings(), ran]).toEqual([[], []]);
});

test("macOS: the managed preferences of the user and of the device, by plutil, where they exist", async () => {
  const none = read({ platform: "darwin" });
  expect([await none.settings(), none.ran]).toEqual([[], []]);
  const both = read(
    { platform: "darwin", exists: () => true },
    { [own]: { stdout: "{}" }, [device]: { stdout: JSON.stringify(off) } },
  );
  expect(await both.policy()).toBe(`channelsEnabled is false in ${device}`);
  for (const [program, ...args] of both.ran) {
    expect(program).toMatch(/^\/(usr\/)?s?bin\/plutil$/);
    expect(args.slice(0, -1)).toEqual(["-convert", "json", "-o", "-", "--"]);
  }
  const first = read({ platform: "darwin", exists: (path) => path === own }, { [own]: { stdout: "{}" } });
  expect(await first.settings()).toEqual([{ from: own, settings: {} }]);
});

test("macOS: preferences that plutil cannot read are a no", async () => {
  for (const [answer, fault] of [
    [{ code: 1 }, "plutil: exit 1"],
    [{ stdout: "<plist" }, "not JSON"],
    ["fails", "plutil cannot be run"],
  ] as const) {
    const { policy } = read({ platform: "darwin", exists: (path) => path === device }, { [device]: answer });
    expect(await policy()).toBe(`${device} cannot be read (${fault})`);
  }
});

test("Windows: the value Settings of both keys", async () => {
  const windows = { platform: "win32" } as const;
  expect(await read(windows).settings()).toEqual([]);
  for (const key of [machine, user])
    for (const type of ["REG_SZ", "REG_EXPAND_SZ"]) {
      const { policy, ran } = read(windows, { [key]: value(off, type) });
      expect(await policy()).toBe(`channelsEnabled is false in ${key}`);
      expect(ran[0]).toEqual(["C:\\Windows\\System32\\reg.exe", "query", machine, "/v", "Settings"]);
    }
  const several = '{\r\n  "channelsEnabled": false\r\n}';
  expect(await read(windows, { [machine]: value(several) }).policy()).toContain("channelsEnabled is false");
});

test("Windows: a value that cannot be read is a no", async () => {
  for (const [answer, fault] of [
    [value("{"), "not JSON"],
    [value("0x1", "REG_DWORD"), "not a text"],
    [{ code: 1, stderr: "ERROR: Access is denied." }, "access is denied"],
    ["fails", "reg.exe cannot be run"],
  ] as const)
    expect(await read({ platform: "win32" }, { [machine]: answer }).policy()).toBe(
      `${machine} cannot be read (${fault})`,
    );
});

test("WSL: Windows's settings count if one of them says so", async () => {
  const wsl = { exists: (path: string) => path.startsWith("/mnt/c/"), isWsl: async () => true };
  const inherit = { ...off, wslInheritsWindowsSettings: true };
  expect(await read(wsl, { [machine]: value(off) }).policy()).toBeUndefined();
  expect(await read(wsl, { [machine]: "fails", [user]: "fails" }).policy()).toBeUndefined();
  const { policy, ran } = read(wsl, { [machine]: value(inherit) });
  expect(await policy()).toBe(`channelsEnabled is false in ${machine}`);
  expect(ran[0]?.[0]).toBe("/mnt/c/Windows/System32/reg.exe");
  // A container that shares the kernel of WSL, and a Linux with such a folder.
  expect(await read({ isWsl: wsl.isWsl }, { [machine]: value(inherit) }).policy()).toBeUndefined();
  expect(await read({ exists: wsl.exists }, { [machine]: value(inherit) }).policy()).toBeUndefined();
});
