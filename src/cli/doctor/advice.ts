// What to do about a session that does not show channels, by what the client says about it: the launch line helps only where the line
// was the reason.

/** `reason`: the client's own words, or the router's evidence. `launch`: the line that starts Claude Code with this channel. */
export function adviceFor(reason: string, launch: string): string {
  if (/did not show event/.test(reason))
    return "events wait for it, and pending fetches them; /mcp and Reconnect there, or close it and start it again";
  if (/polic(?:y|ies)|organi[sz]ation|managed|admin/i.test(reason))
    return "ask your administrator for channelsEnabled and allowedChannelPlugins; starting it again does not help";
  if (/bedrock|vertex|foundry|provider/i.test(reason))
    return "channels need a claude.ai login or a Console API key; starting it again does not help";
  if (/available|feature/i.test(reason))
    return "look at switches and organisation below, and at the login (/status in Claude Code); the launch line alone does not help";
  if (/protocol/i.test(reason)) return "start Claude Code without MCP_PROTOCOL_NEGOTIATION";
  return `close it and start: ${launch}`;
}
