// Prepares one call of a command sink.

import type { OutgoingCommand, SinkCall } from "../../../contract/sink.ts";
import { UsageError } from "../../../errors.ts";
import { absolute } from "../../../within.ts";
import { isTemplate } from "../command-line.ts";
import { namesOf } from "../program-name.ts";
import { innermostAt } from "../program-text.ts";
import { withoutEnd } from "../tools.ts";
import type { CommandSinkOptions } from "./options.ts";

export function prepareCommand(options: CommandSinkOptions, call: SinkCall): OutgoingCommand {
  const render = (path: string) => call.code.template(path)?.(call.roots) ?? "";
  const start = innermostAt(options.command);
  const program = namesOf(options.command[start] ?? "");
  const ends = program.some((name) => withoutEnd.has(name)) ? -1 : options.command.indexOf("--", start);
  const command = options.command.map((template, index) => {
    if (!isTemplate(template)) return render(`command.${index}`);
    const text = argument(render(`command.${index}`), template, ends !== -1 && ends < index);
    if (program.some((name) => readsNamedFiles.has(name)) && /(?:^|=)[@<]/.test(text))
      throw new UsageError("E_SINK_REFUSED", `${program[0]} would read the file that this argument names`, {
        hint: "begin the text with something other than @ or <",
      });
    return text;
  });
  return {
    kind: "command",
    command,
    cwd: absolute(options.cwd ?? ".", call.folders),
    env: Object.fromEntries(
      Object.keys(options.env ?? {}).map((name) => [name, withoutNul(render(`env.${name}`), name)]),
    ),
    ...(options.stdin === undefined ? {} : { stdin: render("stdin") }),
  };
}

/** These expand `@FILE` in an argument to the contents of the file, and send it. */
const readsNamedFiles = new Set(["curl", "curlie", "http", "https", "xh", "xhs"]);

/** `--title={{x}}` names its option itself: the text after = cannot become another option. */
const namesItsOption = /^--?[A-Za-z][\w-]*=/;

function argument(text: string, template: string, isAfterEnd: boolean): string {
  if (text.startsWith("-") && !isAfterEnd && !namesItsOption.test(template))
    throw new UsageError(
      "E_SINK_REFUSED",
      "an argument of the command would begin with -, which makes it an option",
      {
        hint: "begin the text with something else",
      },
    );
  return withoutNul(text, "an argument");
}

function withoutNul(text: string, what: string): string {
  if (!text.includes("\0")) return text;
  throw new UsageError("E_SINK_REFUSED", `${what} of the command cannot hold the character NUL`);
}
