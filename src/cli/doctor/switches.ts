// Settings outside the router that make Claude Code ignore channels: an administrator's settings, the
// environment.

import { join } from "node:path";
import { claudeConfigFolder } from "../../config/paths.ts";
import type { StatusReport } from "../../control/protocol.ts";
import { activeSwitches, clientSwitches, type SwitchVariable } from "../../daemon/client-switches.ts";
import { readRegular } from "../../regular-file.ts";
import { answered, type CheckInput, type Finding } from "./check.ts";
import { asObject, readObject } from "./mcp-servers.ts";

export async function checkOrganisation({
  managedSettings,
}: Pick<CheckInput, "managedSettings">): Promise<Finding> {
  const name = "organisation";
  let settings: Record<string, unknown>;
  try {
    settings = asObject(JSON.parse((await readRegular(managedSettings)).toString("utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return {
        name,
        state: "ok",
        detail:
          "no managed settings here (on Team and Enterprise an administrator must still allow channels)",
      };
    }
    return {
      name,
      state: "unknown",
      detail: `${managedSettings} cannot be read: ${(error as Error).message}`,
      todo: "ask your administrator whether channelsEnabled is true",
    };
  }
  const { channelsEnabled, allowedChannelPlugins } = settings;
  if (channelsEnabled !== true) {
    return {
      name,
      state: channelsEnabled === false ? "fail" : "warn",
      detail: `channelsEnabled is ${channelsEnabled === undefined ? "not set" : JSON.stringify(channelsEnabled)} in ${managedSettings}${channelsEnabled === false ? ": tools work, events do not arrive" : ""}`,
      todo: 'ask your administrator for  "channelsEnabled": true',
    };
  }
  if (Array.isArray(allowedChannelPlugins)) {
    return {
      name,
      state: "warn",
      detail: `channelsEnabled is true; allowedChannelPlugins lists ${allowedChannelPlugins.length} plugins that --channels takes`,
      todo: "one that is not listed needs --dangerously-load-development-channels",
    };
  }
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
