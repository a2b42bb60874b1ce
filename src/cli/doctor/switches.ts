// Settings outside the router that make Claude Code ignore channels: an administrator's settings, the
// environment.

import { join } from "node:path";
import { claudeConfigFolder } from "../../config/paths.ts";
import { readRegular } from "../../regular-file.ts";
import type { CheckInput, Finding } from "./check.ts";
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

interface Switch {
  readonly variable: string;
  readonly state: "warn" | "fail";
  blocks(value: string): boolean;
  readonly detail: string;
}

const isOn = (value: string) => !["", "0", "false", "no", "off"].includes(value.toLowerCase());
const noCloud = "channels need a claude.ai login or a Console API key";
const gated = "users report that channels are not available with it";

const switches: readonly Switch[] = [
  { variable: "CLAUDE_CODE_USE_BEDROCK", state: "fail", blocks: isOn, detail: noCloud },
  { variable: "CLAUDE_CODE_USE_VERTEX", state: "fail", blocks: isOn, detail: noCloud },
  { variable: "CLAUDE_CODE_USE_FOUNDRY", state: "fail", blocks: isOn, detail: noCloud },
  { variable: "DISABLE_TELEMETRY", state: "warn", blocks: isOn, detail: gated },
  { variable: "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", state: "warn", blocks: isOn, detail: gated },
  {
    variable: "MCP_PROTOCOL_NEGOTIATION",
    state: "warn",
    blocks: (value) => value === "auto",
    detail: "a newer protocol revision than channels can use may be negotiated",
  },
];

/** In this shell, and in the `env` of the client's settings files. */
export async function checkSwitches({
  env,
  project,
}: Pick<CheckInput, "env" | "project">): Promise<Finding[]> {
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
  const found = switches.flatMap(({ variable, state, blocks, detail }): Finding[] => {
    const where = settings.find(({ variables }) => {
      const value = variables[variable];
      return value !== undefined && blocks(String(value));
    });
    if (where === undefined) return [];
    return [
      {
        name: "switches",
        state,
        detail: `${variable}=${String(where.variables[variable])} in ${where.from}: ${detail}`,
        todo: `take it out there, or start Claude Code with  env -u ${variable} claude ...`,
      },
    ];
  });
  return found.length > 0
    ? found
    : [{ name: "switches", state: "ok", detail: "no variable that disables channels is set" }];
}
