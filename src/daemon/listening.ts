// Decides whether Claude sees what we push into this session. The protocol has no signal for it, so this
// weighs evidence that the client made, best first. Pure: client-log.ts, client-watch.ts and seen-ids.ts gather the evidence.

export interface Listening {
  readonly state: "yes" | "no" | "unknown";
  /** One clause for `status` and `doctor`. */
  readonly reason: string;
}

export interface ListeningEvidence {
  /** The id of an event that this session named, and can know only from the channel: see seen-ids.ts. */
  readonly namedEvent?: string;
  /** The id of an event that this client did not show, although it logs each that it shows. */
  readonly notShown?: string;
  /** The client sent a permission request. */
  readonly permissionRequest?: boolean;
  /** `clientInfo` of the client's `initialize`. */
  readonly client?: { readonly name: string; readonly version: string };
  /** The last entry of the client's MCP log for this session. */
  readonly log?: { readonly registered: true } | { readonly registered: false; readonly reason: string };
  /**
   * The command line of the Claude process among the ancestors; absent when there is none or it cannot be
   * read.
   */
  readonly claudeCommand?: readonly string[];
  /** The client's name for this server: the name in .mcp.json, or the plugin and the server in it. */
  readonly server: ServerIdentity;
}

export interface ServerIdentity {
  /** The name in .mcp.json: `server:<name>` on Claude's command line. */
  readonly name: string;
  /** Set when a plugin brought the server: `plugin:<plugin>@<marketplace>` on Claude's command line. */
  readonly plugin?: string;
}

/** The plugin of this package, and the server in it (.claude-plugin/plugin.json). */
export const pluginName = "router";
export const pluginServer = "router";

/** As the client names it in its log: `router`, or `plugin:<plugin>:<server>`. */
export function printServer({ name, plugin }: ServerIdentity): string {
  return plugin === undefined ? name : `plugin:${plugin}:${name}`;
}

/** The client's own name in `initialize`. */
const claudeCode = "claude-code";
/**
 * Before this version, permission requests went to every server that declared them, listening or not
 * (changelog 2.1.234).
 */
const firstPreciseVersion = [2, 1, 234] as const;

export function judgeListening(evidence: ListeningEvidence): Listening {
  const { namedEvent, log, client, claudeCommand, server } = evidence;
  if (evidence.notShown !== undefined && log?.registered !== false)
    return no(`the client did not show event ${evidence.notShown}; its log has each one that it shows`);
  if (log?.registered === true) return yes("the client's log shows that it registered the channel");
  if (log?.registered === false) return no(`the client's log says: ${log.reason}`);
  if (evidence.permissionRequest && isPrecise(client)) return yes("the client sent a permission request");
  if (claudeCommand !== undefined && claudeCommand.length > 0) return judgeCommand(claudeCommand, server);
  if (namedEvent !== undefined) return yes(`Claude named event ${namedEvent}`);
  if (client !== undefined && client.name !== claudeCode) {
    return unknown(`client "${client.name}" does not report channel registration`);
  }
  return unknown("there is no evidence");
}

function judgeCommand(command: readonly string[], server: ServerIdentity): Listening {
  const entries = channelEntries(command);
  const wanted = server.plugin === undefined ? `server:${server.name}` : `plugin:${server.plugin}`;
  const mine = entries.find(({ entry }) => entry === wanted || entry.startsWith(`${wanted}@`));
  if (mine !== undefined) return yes(`Claude was started with ${mine.option} ${mine.entry}`);
  if (entries.length === 0) return no("Claude was started without --channels");
  return no(`Claude was started with channels, but without ${wanted}`);
}

interface ChannelEntry {
  readonly option: string;
  readonly entry: string;
}

/** The entries of both options; each takes words until the next option, or one after `=`. */
function channelEntries(command: readonly string[]): ChannelEntry[] {
  const entries: ChannelEntry[] = [];
  let option: string | undefined;
  for (const word of command) {
    const [, name, value] =
      /^(--channels|--dangerously-load-development-channels)(?:=(.*))?$/s.exec(word) ?? [];
    if (name !== undefined) {
      option = name;
      for (const entry of (value ?? "").split(/[\s,]+/)) if (entry !== "") entries.push({ option, entry });
    } else if (word.startsWith("-")) {
      option = undefined;
    } else if (option !== undefined) {
      for (const entry of word.split(/[\s,]+/))
        if (/^(?:server|plugin):/.test(entry)) entries.push({ option, entry });
    }
  }
  return entries;
}

function isPrecise(client: ListeningEvidence["client"]): boolean {
  if (client?.name !== claudeCode) return false;
  const parts = client.version.split(".").map((part) => Number.parseInt(part, 10));
  for (const [index, least] of firstPreciseVersion.entries()) {
    const part = parts[index] ?? 0;
    if (Number.isNaN(part)) return false;
    if (part !== least) return part > least;
  }
  return true;
}

const yes = (reason: string): Listening => ({ state: "yes", reason });
const no = (reason: string): Listening => ({ state: "no", reason });
const unknown = (reason: string): Listening => ({ state: "unknown", reason });
