// The settings of an administrator, at all places where Claude Code reads them (its documentation on managed settings, and
// version 2.1.332): files, the client's copy of the settings that its server sent, the managed preferences of macOS and the
// registry of Windows. Inside WSL, those of Windows count if an administrator wants so.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { systemProgram } from "../../files/system-program.ts";
import { asObject } from "../../json.ts";
import { readRegular } from "../../regular-file.ts";

/** What one place has; missing ones are left out. `fault`: why it cannot be read. */
export type ManagedSettings =
  | { readonly from: string; readonly settings: Record<string, unknown>; readonly fault?: undefined }
  | { readonly from: string; readonly settings?: undefined; readonly fault: string };

/** What the operating system answers; replaced in tests. */
export interface SystemReader {
  readonly platform: NodeJS.Platform;
  readonly user: string;
  isWsl(): Promise<boolean>;
  exists(path: string): boolean;
  /** Rejects if the program cannot be started, or does not end in time. */
  run(program: string, args: readonly string[]): Promise<ProgramResult>;
}

interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ManagedSettingsOptions {
  /** Of the client: it has a copy of what its server sent. */
  readonly configFolder: string;
  /** The main one. Default: where this system has it. */
  readonly file?: string;
  readonly system?: SystemReader;
}

/** Where the client reads an administrator's settings. */
export function managedSettingsPath(platform: NodeJS.Platform): string {
  if (platform === "darwin") return "/Library/Application Support/ClaudeCode/managed-settings.json";
  if (platform === "win32") return "C:\\Program Files\\ClaudeCode\\managed-settings.json";
  return "/etc/claude-code/managed-settings.json";
}

/** The client takes the first place that has any, unless it is set to merge them; a no at any place is respected here. Never rejects. */
export async function readManagedSettings({
  configFolder,
  system = thisSystem,
  file = managedSettingsPath(system.platform),
}: ManagedSettingsOptions): Promise<ManagedSettings[]> {
  return [
    ...(await inFiles(file)),
    ...(await inFile(join(configFolder, "remote-settings.json"))),
    ...(await inSystem(system)),
  ];
}

async function inFiles(main: string): Promise<ManagedSettings[]> {
  const folder = main.replace(/\.json$/, ".d");
  return [...(await inFile(main)), ...(await inFolder(folder))];
}

async function inFolder(folder: string): Promise<ManagedSettings[]> {
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
    return (await Promise.all(names.map((name) => inFile(join(folder, name))))).flat();
  } catch (error) {
    return unlessMissing(folder, error);
  }
}

async function inFile(file: string): Promise<ManagedSettings[]> {
  try {
    return [parsed(file, (await readRegular(file)).toString("utf8"))];
  } catch (error) {
    return unlessMissing(file, error);
  }
}

async function inSystem(system: SystemReader): Promise<ManagedSettings[]> {
  if (system.platform === "darwin") return inPreferences(system);
  if (system.platform === "win32") return inRegistry(system, "C:\\Windows\\System32\\reg.exe");
  return system.exists(windowsInWsl) && (await system.isWsl()) ? inWindowsOfWsl(system) : [];
}

async function inPreferences({ user, exists, run }: SystemReader): Promise<ManagedSettings[]> {
  const folder = "/Library/Managed Preferences";
  const name = "com.anthropic.claudecode.plist";
  const files = [join(folder, user, name), join(folder, name)].filter(exists);
  return Promise.all(
    files.map(async (from) => {
      const result = await run(systemProgram("plutil"), ["-convert", "json", "-o", "-", "--", from]).catch(
        () => undefined,
      );
      if (result === undefined) return { from, fault: "plutil cannot be run" };
      return result.code === 0 ? parsed(from, result.stdout) : { from, fault: `plutil: exit ${result.code}` };
    }),
  );
}

async function inRegistry({ run }: SystemReader, reg: string): Promise<ManagedSettings[]> {
  const keys = ["HKLM", "HKCU"].map((hive) => `${hive}\\SOFTWARE\\Policies\\ClaudeCode`);
  const found = await Promise.all(
    keys.map(async (from): Promise<ManagedSettings[]> => {
      const result = await run(reg, ["query", from, "/v", "Settings"]).catch(() => undefined);
      if (result === undefined) return [{ from, fault: "reg.exe cannot be run" }];
      // It ends with 1 for a missing key or value too, with a text in the user's language.
      if (result.code !== 0)
        return /denied/i.test(result.stderr) ? [{ from, fault: "access is denied" }] : [];
      const [, text] = /^\s+Settings\s+REG_(?:EXPAND_)?SZ\s+([\s\S]*)$/m.exec(result.stdout) ?? [];
      return [text === undefined ? { from, fault: "not a text" } : parsed(from, text)];
    }),
  );
  return found.flat();
}

const windowsInWsl = "/mnt/c/Windows/System32/reg.exe";

/** Windows without such a policy decides nothing inside WSL. */
async function inWindowsOfWsl(system: SystemReader): Promise<ManagedSettings[]> {
  const found = [
    ...(await inFiles("/mnt/c/Program Files/ClaudeCode/managed-settings.json")),
    ...(await inRegistry(system, windowsInWsl)),
  ];
  const isInherited = found.some(
    ({ settings }) => ![undefined, null, false].includes(settings?.wslInheritsWindowsSettings as undefined),
  );
  return isInherited ? found : [];
}

function parsed(from: string, text: string): ManagedSettings {
  try {
    return { from, settings: asObject(JSON.parse(text) as never) };
  } catch {
    return { from, fault: "not JSON" };
  }
}

function unlessMissing(from: string, error: unknown): ManagedSettings[] {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR" ? [] : [{ from, fault: code ?? "unknown error" }];
}

const thisSystem: SystemReader = {
  platform: process.platform,
  get user() {
    return userInfo().username;
  },
  exists: existsSync,
  async isWsl() {
    return /microsoft/i.test(await readFile("/proc/version", "utf8").catch(() => ""));
  },
  run: (program, args) =>
    new Promise((resolve, reject) => {
      execFile(program, args, { timeout: 5_000, windowsHide: true }, (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        if (typeof code === "number") resolve({ code, stdout, stderr });
        else reject(error);
      });
    }),
};
