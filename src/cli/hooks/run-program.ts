// Runs one of the user's command line tools, such as `gh`: without a shell, with input on stdin, and never with a
// secret in its arguments, where other users of the machine could read it.

import { execFile } from "node:child_process";
import { ConnectorError } from "../../errors.ts";

export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Rejects with a ConnectorError (E_HOOK) if the program cannot be started or times out. */
export type RunProgram = (program: string, args: readonly string[], input?: string) => Promise<ProgramResult>;

const withinMs = 60_000;
const maxBytes = 16 * 1024 * 1024;

/** `cwd` must be outside any repository, because some of these programs read its settings. */
export function programRunner(env: NodeJS.ProcessEnv, cwd: string): RunProgram {
  return (program, args, input = "") =>
    new Promise((resolve, reject) => {
      const child = execFile(
        program,
        args,
        {
          cwd,
          env: { ...env, ...quiet },
          timeout: withinMs,
          maxBuffer: maxBytes,
          shell: false,
          windowsHide: true,
        },
        (error, stdout, stderr) => {
          if (error === null) return resolve({ code: 0, stdout, stderr });
          const { code, killed } = error;
          if (typeof code === "number" && !killed) return resolve({ code, stdout, stderr });
          reject(notRun(program, code, killed === true));
        },
      );
      // A program that exits before it reads closes the pipe; its exit code is reported instead.
      child.stdin?.on("error", () => {});
      child.stdin?.end(input);
    });
}

/** Disables prompts, pagers and colors, because the output is parsed. */
const quiet = {
  NO_COLOR: "1",
  NO_PROMPT: "1",
  GH_PROMPT_DISABLED: "1",
  GH_NO_UPDATE_NOTIFIER: "1",
  GH_FORCE_TTY: undefined,
  CLICOLOR_FORCE: undefined,
  GLAB_CHECK_UPDATE: "false",
  GLAB_SEND_TELEMETRY: "false",
};

function notRun(program: string, code: unknown, isLate: boolean): ConnectorError {
  if (code === "ENOENT") return new ConnectorError("E_HOOK", `${program} is not installed, or not in PATH`);
  if (isLate) return new ConnectorError("E_HOOK", `${program} did not exit within ${withinMs / 1_000} s`);
  return new ConnectorError("E_HOOK", `${program} could not be run: ${String(code)}`);
}

/** Parses consecutive JSON texts, and joins lists: a paged response is printed as one list per page. */
export function readAnswers(program: string, stdout: string): unknown[] {
  const values: unknown[] = [];
  for (const text of splitJson(stdout)) {
    try {
      const value: unknown = JSON.parse(text);
      values.push(...(Array.isArray(value) ? value : [value]));
    } catch {
      throw new ConnectorError("E_HOOK", `${program} did not print JSON`, {
        hint: `update ${program}, or register the webhook manually`,
      });
    }
  }
  return values;
}

/** Splits `[1][2]`: some versions of these programs print pages without a separator. */
function splitJson(stdout: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let isText = false;
  let start = 0;
  for (let at = 0; at < stdout.length; at++) {
    const letter = stdout[at];
    if (isText) {
      if (letter === "\\") at++;
      else if (letter === '"') isText = false;
    } else if (letter === '"') isText = true;
    else if (letter === "[" || letter === "{") depth++;
    else if (letter === "]" || letter === "}") {
      depth--;
      if (depth === 0) {
        found.push(stdout.slice(start, at + 1));
        start = at + 1;
      }
    }
  }
  const rest = stdout.slice(start).trim();
  return rest === "" ? found : [...found, rest];
}
