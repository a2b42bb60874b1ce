// Runs a command line of the user, such as `gh`: without a shell, with its input on stdin, and never with a
// secret among its arguments, where other users of the machine could read it.

import { execFile } from "node:child_process";
import { ConnectorError } from "../../errors.ts";

export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Rejects with a ConnectorError (E_HOOK) when the program cannot be started, or takes too long. */
export type RunProgram = (program: string, args: readonly string[], input?: string) => Promise<ProgramResult>;

const withinMs = 60_000;
const maxBytes = 16 * 1024 * 1024;

/** `cwd`: outside any repository, whose settings some of these programs read. */
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
      // A program that fails before it reads leaves a closed pipe; its exit code says why.
      child.stdin?.on("error", () => {});
      child.stdin?.end(input);
    });
}

/** No questions, no pager, no colours: the output is read by a program. */
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

/** The values of several JSON texts one after the other; lists are joined, as a paged answer is meant. */
export function readAnswers(program: string, stdout: string): unknown[] {
  const values: unknown[] = [];
  for (const text of splitJson(stdout)) {
    try {
      const value: unknown = JSON.parse(text);
      values.push(...(Array.isArray(value) ? value : [value]));
    } catch {
      throw new ConnectorError("E_HOOK", `${program} did not print JSON`, {
        hint: `update ${program}, or register the webhook by hand`,
      });
    }
  }
  return values;
}

/** `[1][2]` are two texts: several versions of these programs print a page after the other. */
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
