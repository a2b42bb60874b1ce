// Whether Claude Code starts this program as a plugin: then a project needs no entry, and its launch line is
// different. Best effort: the files belong to the client (2.1.332: plugins/installed_plugins.json version 2,
// enabledPlugins in settings.json).

import { existsSync } from "node:fs";
import { join } from "node:path";
import { claudeConfigFolder } from "../../config/paths.ts";
import { isObject } from "../../json.ts";
import { asObject, readObject } from "../doctor/mcp-servers.ts";

/** `router@<marketplace>`, if it is installed and not disabled for the user or in this project. */
export async function installedPlugin(env: NodeJS.ProcessEnv, project: string): Promise<string | undefined> {
  const folder = claudeConfigFolder(env);
  const { plugins } = await readObject(join(folder, "plugins", "installed_plugins.json"));
  const found = Object.entries(asObject(plugins)).filter(
    ([name, installed]) =>
      /^router@[\w.-]+$/.test(name) && Array.isArray(installed) && installed.some(isOurs),
  );
  if (found.length === 0) return undefined;
  const settings = await Promise.all(
    [
      join(folder, "settings.json"),
      join(project, ".claude", "settings.json"),
      join(project, ".claude", "settings.local.json"),
    ].map(readObject),
  );
  const enabled = Object.assign({}, ...settings.map(({ enabledPlugins }) => asObject(enabledPlugins)));
  return found.map(([name]) => name).find((name) => enabled[name] !== false);
}

function isOurs(installed: unknown): boolean {
  return (
    isObject(installed) &&
    typeof installed.installPath === "string" &&
    existsSync(join(installed.installPath, "dist", "channel-router.js"))
  );
}
