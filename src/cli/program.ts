// The command line: the commands and their arguments. Each is a file of its own, imported on demand.

import { Command, CommanderError, Option } from "commander";
import { ownWords } from "../text.ts";
import { version } from "../version.ts";
import type { CommandContext } from "./context.ts";
import { finish } from "./exit.ts";
import { addRouterCommands, logFormatOption, logLevelOption } from "./router-commands.ts";
import { addSetupCommands } from "./setup-commands.ts";
import { toStderr, toStdout } from "./terminal.ts";

const configOption = () =>
  new Option("-c, --config <file>", "the config file; default: looked up, see docs/configuration.md");
const jsonOption = () => new Option("--json", "print JSON");

/** Without a context there are only the commands that need no running router. */
export async function runCommand(args: readonly string[], context?: CommandContext): Promise<void> {
  for (const output of [process.stdout, process.stderr]) {
    output.off("error", onOutputError).on("error", onOutputError);
  }
  try {
    await createProgram(context).parseAsync([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has printed its message; --help and --version arrive here too, with exit code 0.
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  }
}

/** `... | head` closes the output: the requested lines were read. */
function onOutputError(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit();
}

function createProgram(context: CommandContext | undefined): Command {
  const program = new Command("channel-router")
    .description("One MCP server that turns channels.yaml into Claude Code channels.")
    .version(version, "-v, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    // It quotes unknown words.
    .configureOutput({
      writeOut: (shown) => toStdout(ownWords(shown)),
      writeErr: (shown) => toStderr(ownWords(shown)),
    })
    .exitOverride();

  program
    .command("check")
    .argument("[file]", "the config file; default: looked up")
    .description("report every problem of a config; opens no socket and no network")
    .option("--strict", "exit with 1 for a warning, too")
    .addOption(configOption())
    .addOption(jsonOption())
    .action((file, options) =>
      finish(async () => (await import("./commands/check.ts")).check(file ?? options.config, options)),
    );

  program
    .command("dev")
    .description(
      "run the config without Claude: print each event as Claude would see it, with tokens and why",
    )
    .addOption(configOption())
    .option("--take", "start sources that move files away, too")
    .addOption(jsonOption())
    .action((options) => finish(async () => (await import("./commands/dev.ts")).dev(options)));

  program
    .command("explain")
    .argument("<source>", "a source's name")
    .argument("<payload>", "a file, JSON text, or - for standard input")
    .description(
      "the trace of one payload: which channel takes it, why not the others, what Claude would see",
    )
    .option("-H, --header <name:value>", "a header of the request (may be repeated)", collect, [])
    .addOption(configOption())
    .addOption(jsonOption())
    .action((source, payload, options) =>
      finish(async () => (await import("./commands/explain.ts")).explain(source, payload, options)),
    );

  program
    .command("run")
    .description("the stdio server that Claude Code starts (also without any command)")
    .addOption(configOption())
    .option("--label <name>", "a name of this session, for  to: { label }  in the config")
    .addOption(logLevelOption())
    .addOption(logFormatOption());

  program
    .command("schema")
    .description("print the JSON Schema of channels.yaml")
    .option("--recipe", "print that of a recipe file")
    .addOption(new Option("--json", "print JSON, which it always does").hideHelp())
    .action((options) => finish(async () => (await import("./commands/schema.ts")).schema(options)));

  program
    .command("version")
    .description("print the version")
    .addOption(jsonOption())
    .action((options: { json?: boolean }) =>
      toStdout(ownWords(options.json ? `${JSON.stringify({ version })}\n` : `${version}\n`)),
    );

  if (context !== undefined) {
    addSetupCommands(program, context, { json: jsonOption, collect });
    addRouterCommands(program, context, { config: configOption, json: jsonOption, collect });
  }

  for (const command of program.commands) command.exitOverride();
  group(program);
  return program;
}

/** The order of `--help`. */
const groups: Readonly<Record<string, readonly string[]>> = {
  "Start here:": ["init", "check", "dev", "up", "doctor"],
  "The config:": ["explain", "test", "plan", "recipes", "hooks", "trust", "schema"],
  "The running router:": [
    "status",
    "sessions",
    "events",
    "why",
    "send",
    "replay",
    "silence",
    "reload",
    "down",
  ],
  "Chats:": ["add", "configure", "access", "import"],
  "Other:": ["run", "mcp-entry", "completion", "version", "help"],
};

function group(program: Command): void {
  const order = Object.values(groups).flat();
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  (program.commands as Command[]).sort((a, b) => rank(a.name()) - rank(b.name()));
  for (const command of program.commands) {
    const [heading = "Other:"] =
      Object.entries(groups).find(([, names]) => names.includes(command.name())) ?? [];
    command.helpGroup(heading);
  }
  program.addHelpCommand(
    new Command("help").argument("[command]").description("print help for a command").helpGroup("Other:"),
  );
}

function collect(value: string, earlier: string[]): string[] {
  return [...earlier, value];
}
