// `mcp-entry`: prints the entry of this program for .mcp.json, and the command that adds it for the user.

import { resolve } from "node:path";
import { setVariable } from "../../config/paths.ts";
import { line, safeJson } from "../../text.ts";
import { colors } from "../colors.ts";
import { entryHere } from "../commands/init.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { printed } from "../print.ts";
import { addCommand } from "./mcp-entry.ts";

export async function printMcpEntry(
  { name = "router", json }: { readonly name?: string; readonly json?: boolean },
  { env, cwd, print }: Pick<CommandContext, "env" | "cwd" | "print">,
): Promise<ExitCode> {
  const entry = entryHere(resolve(cwd, setVariable(env, "CLAUDE_PROJECT_DIR") ?? "."), env);
  print(printed(safeJson({ mcpServers: { [name]: entry } }, 2)));
  if (!json)
    print(
      printed(
        line`${colors.dim("for .mcp.json of a project; for yourself, in every project:")}`,
        line`${addCommand(name, entry)}`,
      ),
    );
  return 0;
}
