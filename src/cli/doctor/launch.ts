// The line that starts Claude Code with this channel, and whether the program that it names would start.

import { basename } from "node:path";
import { shellWord } from "../../text/shell.ts";
import type { CheckInput, Finding } from "./check.ts";
import { findServers, type McpServer } from "./mcp-servers.ts";

export interface Launch {
  /** The name in .mcp.json; the config's own where no entry is found. */
  readonly server: string;
  /** `claude --dangerously-load-development-channels server:router` */
  readonly line: string;
  readonly finding: Finding;
}

const name = "launch line";

export async function checkLaunch(patient: Pick<CheckInput, "env" | "project" | "config">): Promise<Launch> {
  const configured = patient.config.proven?.loaded.values.server.name ?? "router";
  const servers = await findServers(patient);
  const chosen = servers.find((server) => server.name === configured) ?? servers[0];
  const server = chosen?.name ?? configured;
  // A project chooses the names of its servers, and the line is meant to be typed into a shell.
  const line = `claude --dangerously-load-development-channels ${shellWord(`server:${server}`)}`;
  return { server, line, finding: judge(chosen, configured, line) };
}

function judge(server: McpServer | undefined, configured: string, line: string): Finding {
  if (server === undefined) {
    return {
      name,
      state: "warn",
      detail: "neither .mcp.json here nor ~/.claude.json names channel-router (a plugin may)",
      todo: `channel-router init  writes the entry (or for every project: channel-router mcp-entry  prints the command); then  ${line}`,
    };
  }
  if (server.script !== undefined && !server.scriptExists) {
    return {
      name,
      state: "fail",
      detail: `${server.name} in ${server.file} starts ${server.script}, which does not exist`,
      todo: "build it (npm run build), or correct the path",
    };
  }
  // Without a version another one may start tomorrow, or none without a network.
  const isPinned = server.args.some((word) => /^channel-router@\d/.test(word));
  if (/^(npx|npm|pnpm|yarn|bunx|sh|bash)(\.exe|\.cmd)?$/.test(basename(server.command)) && !isPinned) {
    return {
      name,
      state: "warn",
      detail: `${server.name} in ${server.file} starts it through ${server.command}, which starts slowly and may outlive Claude`,
      todo: `"command": "node", "args": ["/path/to/channel-router/dist/channel-router.js"]; then  ${line}`,
    };
  }
  if (server.name !== configured) {
    return {
      name,
      state: "warn",
      detail: `${line}; the config calls the server ${configured}, ${server.file} calls it ${server.name}`,
      todo: `write  server: { name: ${server.name} }  into the config, so that its texts fit`,
    };
  }
  return { name, state: "ok", detail: line };
}
