// Scripts that complete the command line in bash, zsh and fish. The words come from the program itself, so a
// new command or option is completed without further work.

import type { Command } from "commander";
import { UsageError } from "../errors.ts";

export const shells = ["bash", "zsh", "fish"] as const;

/** One command: what may follow it. */
interface Level {
  /** `access list`; empty for the program itself. */
  readonly path: string;
  readonly words: readonly Word[];
  readonly options: readonly Word[];
}

interface Word {
  readonly word: string;
  readonly description: string;
}

/** Values of first arguments, by command. */
export type ArgumentWords = Readonly<Record<string, readonly string[]>>;

/** Throws a UsageError for another shell. */
export function completionScript(shell: string, program: Command, values: ArgumentWords): string {
  const levels = levelsOf(program, values);
  if (shell === "bash") return bash(levels);
  if (shell === "zsh")
    return `#compdef channel-router\nautoload -U +X bashcompinit && bashcompinit\n${bash(levels)}`;
  if (shell === "fish") return fish(levels);
  throw new UsageError("E_USAGE", `unknown shell ${shell}`, { hint: `one of ${shells.join(", ")}` });
}

function levelsOf(command: Command, values: ArgumentWords, path = ""): Level[] {
  const visible = command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== "help" || path === "");
  const words = [
    ...visible.map((one) => ({ word: one.name(), description: one.description() })),
    ...(values[path] ?? []).map((word) => ({ word, description: "" })),
  ];
  const options = command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, description }) => (long == null ? [] : [{ word: long, description }]));
  const inner = visible
    .filter((one) => command.commands.includes(one))
    .flatMap((one) => levelsOf(one, values, path === "" ? one.name() : `${path} ${one.name()}`));
  return [{ path, words, options }, ...inner];
}

/** Files where no word fits, as after --config. */
function bash(levels: readonly Level[]): string {
  const cases = levels.map(
    ({ path, words, options }) =>
      `    "${path}") words="${words.map(({ word }) => word).join(" ")}"; options="${options.map(({ word }) => word).join(" ")}" ;;`,
  );
  return `_channel_router() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" words="" options="" index word
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$word" in -*) continue ;; esac
    case " ${levels
      .map(({ path }) => path.replaceAll(" ", "/"))
      .filter((path) => path !== "")
      .join(" ")} " in
      *" \${path:+\${path// //}/}$word "*) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${cases.join("\n")}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$current")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
  esac
}
complete -o default -F _channel_router channel-router
`;
}

function fish(levels: readonly Level[]): string {
  const lines = levels.flatMap(({ path, words, options }) => {
    const when =
      path === ""
        ? "__fish_use_subcommand"
        : path
            .split(" ")
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join("; and ");
    // Words follow the command only once.
    const once =
      words.length === 0 || path === ""
        ? when
        : `${when}; and not __fish_seen_subcommand_from ${words.map(({ word }) => word).join(" ")}`;
    // No files are offered where a command is expected.
    const only = path === "" || levels.some((one) => one.path.startsWith(`${path} `)) ? " -f" : "";
    return [
      ...words.map(
        ({ word, description }) =>
          `complete -c channel-router${only} -n '${once}' -a ${word}${about(description)}`,
      ),
      ...options.map(
        ({ word, description }) =>
          `complete -c channel-router -n '${when}' -l ${word.slice(2)}${about(description)}`,
      ),
    ];
  });
  return `${lines.join("\n")}\n`;
}

function about(description: string): string {
  return description === "" ? "" : ` -d '${description.replaceAll("'", "\\'")}'`;
}
