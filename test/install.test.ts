// The packed package, installed in the ways that need no registry. The script runs all of them: test/real-client/README.md.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("real-client/install.mjs", import.meta.url));

test("npx, npm install -g and npm install start it, and write an entry that starts it again", () => {
  const { CLAUDECODE: _, ...env } = process.env;
  const output = execFileSync(process.execPath, [script, "--offline"], { encoding: "utf8", env });
  for (const way of ["npx", "npm install -g", "npm install in the project"])
    expect(output).toContain(`ok   ${way}: answers MCP`);
});
