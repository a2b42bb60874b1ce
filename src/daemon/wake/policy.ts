// Whether an organisation has decided against channels for a session: `wake` does not get around that. The evidence
// is the client's: its log names a policy, or managed settings contain one. Settings that cannot be read count as
// a no.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { asObject } from "../../json.ts";
import { readRegular } from "../../regular-file.ts";
import type { Registration } from "../client-log.ts";
import { pluginName, type ServerIdentity } from "../listening.ts";

/** Where the client reads an administrator's settings. */
export function managedSettingsPath(platform: NodeJS.Platform): string {
  if (platform === "darwin") return "/Library/Application Support/ClaudeCode/managed-settings.json";
  if (platform === "win32") return "C:\\Program Files\\ClaudeCode\\managed-settings.json";
  return "/etc/claude-code/managed-settings.json";
}

/** `marketplace.json` of this package. */
const ownMarketplace = "channel-router";

/** Who decided, as one clause; undefined when nobody did. */
export function policyIn(word: Registration | undefined): string | undefined {
  if (word === undefined || word.registered) return undefined;
  return /\bpolic(?:y|ies)\b|\borgani[sz]ation|\borg(?:'s)?\b|\badmin|managed settings/i.test(word.reason)
    ? `Claude Code's log says: ${word.reason}`
    : undefined;
}

/**
 * The same from an administrator's files. `server`: has the name of the plugin, if this is one. `configFolder`: of the client.
 * Never rejects.
 */
export async function policyOfSettings(
  server: ServerIdentity,
  configFolder: string,
  managedSettings = managedSettingsPath(process.platform),
): Promise<string | undefined> {
  const dropInFolder = managedSettings.replace(/\.json$/, ".d");
  const dropIns = await unlessMissing(readdir(dropInFolder), []);
  if (typeof dropIns === "string") return `${dropInFolder} cannot be read (${dropIns})`;
  const files = [
    managedSettings,
    ...dropIns
      .filter((name) => name.endsWith(".json"))
      .sort()
      .map((name) => join(dropInFolder, name)),
    // The client's copy of the settings that its server sent.
    join(configFolder, "remote-settings.json"),
  ];
  for (const file of files) {
    const settings = await unlessMissing(readSettings(file), {});
    if (typeof settings === "string") return `${file} cannot be read (${settings})`;
    const { channelsEnabled, allowedChannelPlugins } = settings;
    if (channelsEnabled === false) return `channelsEnabled is false in ${file}`;
    if (Array.isArray(allowedChannelPlugins) && !lists(allowedChannelPlugins, server))
      return `allowedChannelPlugins in ${file} does not list ${pluginName}@${ownMarketplace}`;
  }
  return undefined;
}

function lists(allowed: readonly unknown[], { plugin }: ServerIdentity): boolean {
  if (plugin === undefined) return false;
  return allowed.map(asObject).some((one) => one.plugin === pluginName && one.marketplace === ownMarketplace);
}

async function readSettings(file: string): Promise<Record<string, unknown>> {
  return asObject(JSON.parse((await readRegular(file)).toString("utf8")) as never);
}

/** The error code if it cannot be read. What is missing counts as empty. */
async function unlessMissing<T>(reading: Promise<T>, empty: T): Promise<T | string> {
  try {
    return await reading;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return empty;
    return code ?? "not JSON";
  }
}
