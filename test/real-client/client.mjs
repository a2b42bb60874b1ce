// The real client in a home folder of its own.
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const program = process.env.CLAUDE ?? "claude";

/** Ends the process where there is no client. */
export function openClient() {
  const top = mkdtempSync(join(tmpdir(), "cr-client-"));
  const env = {
    ...process.env,
    HOME: top,
    CLAUDE_CONFIG_DIR: join(top, ".claude"),
    DISABLE_AUTOUPDATER: "1",
  };
  for (const name of Object.keys(env))
    if (/^(CLAUDECODE|CLAUDE_CODE_|ANTHROPIC_)/.test(name)) delete env[name];
  let version;
  try {
    version = execFileSync(program, ["--version"], { env, encoding: "utf8" }).trim();
  } catch {
    process.stdout.write(`not run: no Claude Code here (${program}); set CLAUDE to its path\n`);
    process.exit(0);
  }
  process.stdout.write(`Claude Code: ${version}\n`);
  process.on("exit", () => rmSync(top, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }));
  return {
    home: top,
    env,
    /** Settles with what it printed; rejects when it fails or takes longer than a minute. */
    async run(args, { cwd = top, more = {} } = {}) {
      const options = { cwd, env: { ...env, ...more }, timeout: 60_000 };
      const { stdout, stderr } = await promisify(execFile)(program, args, options);
      return `${stdout}${stderr}`;
    },
  };
}
