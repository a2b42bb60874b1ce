// What to do about a session that does not show channels, by the reason that the client reports: the launch line
// helps only if it was the cause.

/** `reason`: the client's own words, or the router's evidence. `launch`: the line that starts Claude Code with this channel. */
export function adviceFor(reason: string, launch: string): string {
  if (/did not show event/.test(reason))
    return "events wait for it, and pending fetches them; type /mcp there and reconnect the server, or restart the session";
  if (/polic(?:y|ies)|organi[sz]ation|managed|admin/i.test(reason))
    return "ask your administrator for channelsEnabled and allowedChannelPlugins; a restart does not help";
  if (/bedrock|vertex|foundry|provider/i.test(reason))
    return "channels need a claude.ai login or a Console API key; a restart does not help";
  if (/available|feature/i.test(reason))
    return "see switches and organisation below, and the login (/status in Claude Code); the launch line alone does not help";
  if (/protocol/i.test(reason)) return "start Claude Code without MCP_PROTOCOL_NEGOTIATION";
  return `close it and start: ${launch}`;
}
