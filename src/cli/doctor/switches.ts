// Settings outside the router that make Claude Code ignore channels: an administrator's settings, the
// environment.

import { join } from "node:path";
import { claudeConfigFolder } from "../../config/paths.ts";
import type { StatusReport } from "../../control/protocol.ts";
import { activeSwitches, clientSwitches, type SwitchVariable } from "../../daemon/client-switches.ts";
import { readManagedSettings } from "../../daemon/wake/managed-settings.ts";
import { answered, type CheckInput, type Finding } from "./check.ts";
import { asObject, readObject } from "./mcp-servers.ts";

export async function checkOrganisation({
  env,
  managedSettings,
}: Pick<CheckInput, "env" | "managedSettings">): Promise<Finding> {
  const name = "organisation";
  const found = await readManagedSettings({ configFolder: claudeConfigFolder(env), file: managedSettings });
  const unreadable = found.find(({ fault }) => fault !== undefined);
  const decided = found.map(({ from, settings }) => ({ from, enabled: settings?.channelsEnabled }));
  const refusing = decided.find(({ enabled }) => enabled === false);
  const allowing = decided.some(({ enabled }) => enabled === true);
  if (unreadable !== undefined && refusing === undefined)
    return {
      name,
      state: "unknown",
      detail: `${unreadable.from} cannot be read (${unreadable.fault})`,
      todo: "ask your administrator whether channelsEnabled is true",
    };
  const [first] = decided;
  if (first === undefined)
    return {
      name,
      state: "ok",
      detail: "no managed settings here (on Team and Enterprise an administrator must still allow channels)",
    };
  if (refusing !== undefined || !allowing) {
    const { from, enabled } = refusing ?? decided.find((one) => one.enabled !== undefined) ?? first;
    const what = enabled === undefined ? "not set" : JSON.stringify(enabled);
    return {
      name,
      state: enabled === false ? "fail" : "warn",
      detail: `channelsEnabled is ${what} in ${from}${enabled === false ? ": tools work, events do not arrive" : ""}`,
      todo: 'ask your administrator for  "channelsEnabled": true',
    };
  }
  const lists = found.map(({ settings }) => settings?.allowedChannelPlugins).filter(Array.isArray);
  if (lists[0] !== undefined)
    return {
      name,
      state: "warn",
      detail: `channelsEnabled is true; allowedChannelPlugins lists ${lists[0].length} plugins that --channels takes`,
      todo: "one that is not listed needs --dangerously-load-development-channels",
    };
  return { name, state: "ok", detail: "channelsEnabled is true" };
}

/** In this shell, in the `env` of the client's settings files, and where the router and its sessions run. */
export async function checkSwitches({
  env,
  project,
  status,
}: Pick<CheckInput, "env" | "project" | "status">): Promise<Finding[]> {
  const files = [
    join(claudeConfigFolder(env), "settings.json"),
    join(project, ".claude", "settings.json"),
    join(project, ".claude", "settings.local.json"),
  ];
  const settings: { readonly from: string; readonly variables: Record<string, unknown> }[] = [
    { from: "this shell's environment", variables: env },
    ...(await Promise.all(
      files.map(async (file) => ({ from: file, variables: asObject((await readObject(file)).env) })),
    )),
  ];
  const found = clientSwitches.flatMap((one): Finding[] => {
    const where = settings.find(({ variables }) => activeSwitches(variables).includes(one.variable));
    return where === undefined
      ? []
      : [finding(one, `${one.variable}=${String(where.variables[one.variable])} in ${where.from}`)];
  });
  found.push(
    ...ofRunning(answered(status), new Set(found.map(({ detail }) => detail.split("=", 1)[0] ?? ""))),
  );
  return found.length > 0
    ? found
    : [{ name: "switches", state: "ok", detail: "no variable that disables channels is set" }];
}

function finding({ variable, state, detail }: SwitchVariable, where: string): Finding {
  return {
    name: "switches",
    state,
    detail: `${where}: ${detail}`,
    todo: `remove it there, or start Claude Code with  env -u ${variable} claude ...`,
  };
}

/** The environments of other processes: they report the names of what is set. `known`: reported already. */
function ofRunning(status: StatusReport | undefined, known: ReadonlySet<string>): Finding[] {
  if (status === undefined) return [];
  const sessions = [
    { where: `the running router (pid ${status.pid})`, switches: status.switches ?? [] },
    ...status.sessions.map(({ id, switches = [] }) => ({ where: `session ${id}`, switches })),
  ];
  return clientSwitches.flatMap((one): Finding[] => {
    const found = sessions
      .filter(({ switches }) => switches.includes(one.variable))
      .map(({ where }) => where);
    return found.length === 0 || known.has(one.variable)
      ? []
      : [finding(one, `${one.variable} is set in the environment of ${found.join(", ")}`)];
  });
}
