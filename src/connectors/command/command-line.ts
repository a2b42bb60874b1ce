// The command of a config: how it is described in a consent prompt, and the rule that no external text
// chooses the program or becomes code of an interpreter.

import type { Reach } from "../../contract/power.ts";
import type { OptionIssue, Surroundings } from "../../contract.ts";
import { isInterpreted } from "../../interpreting-variables.ts";
import { absolute } from "../../within.ts";
import { type Fault, findFault, type Word } from "./program-text.ts";

export interface CommandOptions {
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** Does it contain a placeholder? */
export function isTemplate(text: string): boolean {
  return text.includes("{{");
}

/** `namesOf`: see findFault. */
export function checkCommand(
  { command, env = {}, stdin = "" }: CommandOptions,
  namesOf?: (program: string) => readonly string[],
): OptionIssue[] {
  const [program = ""] = command;
  if (program.trim() === "") return [{ path: ["command", 0], message: "names no program" }];
  const variables = Object.keys(env).filter((name) => isTemplate(env[name] ?? ""));
  const interpreted = variables.filter(isInterpreted).map(
    (name): OptionIssue => ({
      path: ["env", name],
      message: `an external value in ${name} could become code: programs interpret this variable`,
      hint: "write it out, or use a variable with a name of your own",
    }),
  );
  const words = command.map(
    (text): Word => ({ text, hasValue: isTemplate(text), before: text.split("{{", 1)[0] as string }),
  );
  const values = { stdin: isTemplate(stdin), variables: new Set(variables) };
  const fault = findFault(words, values, namesOf);
  return fault === undefined ? interpreted : [issueOf(fault), ...interpreted];
}

const byVariable =
  "pass the value through env: or stdin:, for example [sh, -c, 'echo \"$TEXT\"'] with env: { TEXT: ... }";

function issueOf({ at, why, name }: Fault): OptionIssue {
  const path = at === "stdin" ? ["stdin"] : ["command", at];
  const of = at === "stdin" ? "on the standard input" : "in the arguments";
  switch (why) {
    case "program":
      return {
        path,
        message: "the program must be literal",
        hint: "write its name, and the values as arguments",
      };
    case "interpreter":
      return at === "stdin"
        ? {
            path,
            message: `${name} would read its program from stdin, and a value in it could become a command`,
            hint: "name a script in command:, so that stdin is data",
          }
        : {
            path,
            message: `${name} runs text as a program: a value in its arguments could become a command`,
            hint: `${byVariable}; or run an executable script by its own name`,
          };
    case "hidden":
      return {
        path,
        message: `a value ${of} of ${name} could become a command: what ${name} runs with it cannot be seen`,
        hint: `name the program itself in command:, without ${name}, or ${byVariable}`,
      };
    case "arguments":
      return {
        path,
        message: `${name} takes names or options from this, and a value in it could become one`,
        hint: 'write the value into command: as "{{...}}"',
      };
    case "option":
      return {
        path,
        message: `${name} runs what this option names: its value must be literal`,
        hint: byVariable,
      };
    case "glued":
      return {
        path,
        message: `a value cannot be in one argument with an option of ${name}: it could choose what ${name} does`,
        hint: "write it as an argument of its own, or as --option={{...}}; after -- nothing is an option",
      };
    case "variable":
      return {
        path,
        message: "this variable is read as more than text: its value must be literal",
        hint: "use a variable name of your own",
      };
    case "script":
      return {
        path,
        message: "this script runs one of its values as a command",
        hint: 'use the value as quoted text only: grep -F -- "$TEXT" file',
      };
  }
}

/** Everything that a command is started with. */
export function programReach(
  { command, cwd = ".", env = {}, stdin }: CommandOptions,
  folders: Pick<Surroundings, "folder" | "home">,
): Reach {
  return {
    to: "program",
    command,
    cwd: absolute(cwd, folders),
    env,
    ...(stdin === undefined ? {} : { stdin }),
  };
}
