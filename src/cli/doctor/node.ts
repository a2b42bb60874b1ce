// The version of Node that runs this process; Claude Code may start another one.

import type { Finding, Patient } from "./check.ts";

const least = [20, 19] as const;

export function checkNode({ nodeVersion }: Pick<Patient, "nodeVersion">): Finding {
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, "").split(".").map(Number);
  const enough = major > least[0] || (major === least[0] && minor >= least[1]);
  return enough
    ? { name: "node", state: "ok", detail: nodeVersion }
    : {
        name: "node",
        state: "fail",
        detail: `${nodeVersion} is too old`,
        todo: `install Node ${least.join(".")} or later, and name it in .mcp.json: "command": "/path/to/node"`,
      };
}
