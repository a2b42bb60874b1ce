// What one call of a command sink runs.

import type { OutgoingCommand, SinkCall } from "../../../contract/sink.ts";
import { UsageError } from "../../../errors.ts";
import { absolute } from "../../../files/pattern.ts";
import { isTemplate } from "../command-line.ts";
import type { CommandSinkOptions } from "./options.generated.ts";

export function prepareCommand(options: CommandSinkOptions, call: SinkCall): OutgoingCommand {
  const render = (path: string) => call.code.template(path)?.(call.roots) ?? "";
  const ends = options.command.indexOf("--");
  const command = options.command.map((template, index) => {
    if (!isTemplate(template)) return render(`command.${index}`);
    return argument(render(`command.${index}`), template, ends !== -1 && ends < index);
  });
  return {
    kind: "command",
    command,
    cwd: absolute(options.cwd ?? ".", call.place),
    env: Object.fromEntries(
      Object.keys(options.env ?? {}).map((name) => [name, withoutNul(render(`env.${name}`), name)]),
    ),
    ...(options.stdin === undefined ? {} : { stdin: render("stdin") }),
  };
}

/** `--title={{x}}` names its option itself: whatever stands behind the = is no other one. */
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
