// A command of a config: how a person is asked about it, and the rule that no text from outside chooses the program or becomes code
// of an interpreter.

import { basename } from "node:path";
import type { PowerRequest } from "../../contract/power.ts";
import type { OptionIssue, Surroundings } from "../../contract.ts";
import { absolute } from "../../files/pattern.ts";

interface CommandOptions {
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** Programs whose argument after a code option is a script, or whose standard input is. */
const interpreters =
  /^(?:(?:ba|da|z|k|c|tc|fi|a)?sh|python[\d.]*|node|deno|bun|perl[\d.]*|ruby[\d.]*|php[\d.]*|lua[\d.]*|pwsh|osascript)$/i;
const codeOption = /^(?:-[A-Za-z]*[ceEr]|--eval|--command|--print|-p|-Command)$/;
/** They hand all their arguments to a shell on another machine. */
const remoteShells = /^(?:ssh|mosh|rsh)$/;

/** Is there a placeholder in it? */
export function isTemplate(text: string): boolean {
  return text.includes("{{");
}

export function checkCommand({ command, stdin = "" }: CommandOptions): OptionIssue[] {
  const [program = ""] = command;
  if (program.trim() === "") return [{ path: ["command", 0], message: "names no program" }];
  if (isTemplate(program)) {
    const hint = "write its name, and the values as arguments";
    return [{ path: ["command", 0], message: "the program must be literal", hint }];
  }
  const names = command.map((item) => basename(item));
  const remote = names.findIndex((name) => remoteShells.test(name));
  const at = names.findIndex((name) => interpreters.test(name));
  const code = command.findIndex(
    (item, index) =>
      isTemplate(item) &&
      ((remote !== -1 && index > remote) ||
        (at !== -1 && index > at && codeOption.test(command[index - 1] ?? ""))),
  );
  if (code !== -1)
    return [
      {
        path: ["command", code],
        message: `a value in a script of ${names[remote === -1 ? at : remote]} could become a command`,
        hint: `let the script read it: [sh, -c, 'echo "$TEXT"'] with env: { TEXT: ... }, or send it by stdin:`,
      },
    ];
  const readsScript = at !== -1 && command.slice(at + 1).every((item) => item.startsWith("-"));
  if (readsScript && isTemplate(stdin))
    return [
      {
        path: ["stdin"],
        message: `${names[at]} would read its script from this, and a value in it could become a command`,
        hint: "name a script as an argument",
      },
    ];
  return [];
}

/** The whole of it is one power: another argument, folder or variable is another one. */
export function commandPower(
  { command, cwd, env = {} }: CommandOptions,
  { folder, home, holdsSecret }: Surroundings,
): PowerRequest {
  const shown = (text: string) => (holdsSecret(text) ? "•••" : text);
  const variables = Object.entries(env).map(([name, value]) => `${name}=${quoted(shown(value))}`);
  const line = [...variables, ...command.map((item) => quoted(shown(item)))].join(" ");
  const where = cwd === undefined ? "" : ` (in ${absolute(cwd, { folder, home })})`;
  return { power: "command", value: `${line}${where}` };
}

/** As a shell would take it. */
function quoted(text: string): string {
  return /^[\w@%+=:,./{}-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
