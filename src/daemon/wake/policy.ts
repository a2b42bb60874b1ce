// Whether an organisation has decided against channels for a session: `wake` does not get around that. The evidence
// is the client's: its log names a policy, or managed settings contain one. Settings that cannot be read count as
// a no.

import { asObject } from "../../json.ts";
import type { Registration } from "../client-log.ts";
import { pluginName, type ServerIdentity } from "../listening.ts";
import { type ManagedSettingsOptions, readManagedSettings } from "./managed-settings.ts";

/** `marketplace.json` of this package. */
const ownMarketplace = "channel-router";

/** Who decided, as one clause; undefined when nobody did. */
export function policyIn(word: Registration | undefined): string | undefined {
  if (word === undefined || word.registered) return undefined;
  return /\bpolic(?:y|ies)\b|\borgani[sz]ation|\borg(?:'s)?\b|\badmin|managed settings/i.test(word.reason)
    ? `Claude Code's log says: ${word.reason}`
    : undefined;
}

/** The same from an administrator's settings. `server`: has the name of the plugin, if this is one. Never rejects. */
export async function policyOfSettings(
  server: ServerIdentity,
  places: ManagedSettingsOptions,
): Promise<string | undefined> {
  for (const { from, settings, fault } of await readManagedSettings(places)) {
    if (fault !== undefined) return `${from} cannot be read (${fault})`;
    const { channelsEnabled, allowedChannelPlugins } = settings;
    if (channelsEnabled === false) return `channelsEnabled is false in ${from}`;
    if (Array.isArray(allowedChannelPlugins) && !lists(allowedChannelPlugins, server))
      return `allowedChannelPlugins in ${from} does not list ${pluginName}@${ownMarketplace}`;
  }
  return undefined;
}

function lists(allowed: readonly unknown[], { plugin }: ServerIdentity): boolean {
  if (plugin === undefined) return false;
  return allowed.map(asObject).some((one) => one.plugin === pluginName && one.marketplace === ownMarketplace);
}
