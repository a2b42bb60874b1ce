// The variables that make channels unavailable in Claude Code. A client passes its environment on to its servers, so a
// router knows whether they are set where it runs; it reports their names, never their values.

/** One of them, and why it matters. */
export interface SwitchVariable {
  readonly variable: string;
  readonly state: "warn" | "fail";
  blocks(value: string): boolean;
  readonly detail: string;
}

const isOn = (value: string) => !["", "0", "false", "no", "off"].includes(value.toLowerCase());
const noCloud = "channels need a claude.ai login or a Console API key";
const gated = "users report that channels are not available with it";

export const clientSwitches: readonly SwitchVariable[] = [
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

/** The names of those that are on. */
export function activeSwitches(env: Readonly<Record<string, unknown>>): string[] {
  return clientSwitches.flatMap(({ variable, blocks }) => {
    const value = env[variable];
    return value !== undefined && blocks(String(value)) ? [variable] : [];
  });
}
