// The commands that set the router up on the command line: a config, credentials, consent, the entry of the client.
// Each is a file of its own, imported on demand.

import { type Command, Option } from "commander";
import type { CommandContext, CommonOptions } from "./context.ts";
import { finish } from "./exit.ts";

export function addSetupCommands(
  program: Command,
  context: CommandContext,
  { json, collect }: Pick<CommonOptions, "json" | "collect">,
): void {
  program
    .command("add")
    .argument("<type>", "discord, slack or telegram")
    .description("install the client library of a chat or of mail, below the state root")
    .addOption(json())
    .action((type, options) =>
      finish(async () => (await import("./commands/add.ts")).add(type, options, context)),
    );

  program
    .command("completion")
    .argument("<shell>", "bash, zsh or fish")
    .description("print the script that completes this command line in a shell")
    .action((shell) =>
      finish(async () => (await import("./commands/completion.ts")).completion(shell, program, context)),
    );

  program
    .command("import")
    .argument("<what>", "telegram, discord, imessage, or the hooks.json of adnanh/webhook")
    .argument("[folder]", "the plugin's folder, when it is not the usual one")
    .description("write a config from the settings of an official chat plugin, or of adnanh/webhook")
    .option("-o, --output <file>", "the file to write; none is overwritten", "channels.yaml")
    .option("--dry-run", "only show it")
    .addOption(json())
    .action((what, folder, options) =>
      finish(async () =>
        (await import("./import/import-settings.ts")).importSettings(what, folder, options, context),
      ),
    );

  program
    .command("init")
    .description("write a config, and the entry with which Claude Code starts it; asks at a terminal")
    .option("-y, --yes", "ask nothing: take the options below and defaults")
    .option(
      "-r, --recipe <name>",
      "a recipe, see recipes list (may be repeated); default: a plain webhook",
      collect,
      [],
    )
    .option("-w, --with <name=value>", "an input of the recipe (may be repeated)", collect, [])
    .option("--reach <way>", "how the sender reaches you: here (default), relay or gateway")
    .option("--public-url <url>", "the URL of the gateway")
    .option("--user", "for you, in every project without a config of its own; default: this project")
    .option("--wake", "notify sessions that do not show channels of waiting events")
    .option("--dry-run", "only show what would be written")
    .option("--try", "send a test event and wait until Claude has it")
    .addOption(json())
    .action((options) => finish(async () => (await import("./commands/init.ts")).init(options, context)));

  addHookCommands(program, context, json);

  program
    .command("mcp-entry")
    .description("print the entry with which Claude Code starts this program")
    .option("--name <name>", "what Claude Code calls the server", "router")
    .addOption(json())
    .action((options) =>
      finish(async () => (await import("./init/print-entry.ts")).printMcpEntry(options, context)),
    );

  program
    .command("configure")
    .argument("<type>", "a chat type such as telegram, or the name of a variable")
    .argument("[credentials...]", "its credentials; - for standard input; asked for when left out")
    .description("store credentials in the .env of the state root, readable only by you")
    .option("--clear", "remove them")
    .addOption(json())
    .action((type, values, options) =>
      finish(async () => (await import("./commands/configure.ts")).configure(type, values, options, context)),
    );

  program
    .command("trust")
    .argument("[file]", "the config file; default: looked up")
    .description("show what a config can do beyond shaping text, and ask whether you allow it")
    .option("--list", "only show it")
    .option("--yes", "allow all of it without a question, for CI; not below a Claude process")
    .option("--revoke", "forget what was allowed and declined")
    .addOption(json())
    .action((file, options) =>
      finish(async () => (await import("./commands/trust.ts")).trust(file, options, context)),
    );
}

/** The webhooks of the config's sources, at their senders. */
function addHookCommands(program: Command, context: CommandContext, json: CommonOptions["json"]): void {
  const hooks = program
    .command("hooks")
    .description(
      "register the webhooks of the config at GitHub, GitLab or Stripe, with their own command lines",
    )
    .helpCommand(false);
  const command = (name: string, description: string) =>
    hooks
      .command(name)
      .description(description)
      .argument("[source]", "a source of type http")
      .addOption(new Option("-c, --config <file>", "the config file; default: looked up"))
      .option("--url <url>", "the public URL of the router; default: public_url of the config")
      .option("--repo <owner/name>", "the repository or project; default: that of the remote origin")
      .option("--org <name>", "all repositories of an organisation or group instead")
      .option("--host <name>", "a server of your own")
      .option("--live", "Stripe's live mode; default: test mode")
      .option("--events <names>", "the events, with commas; default: those that the channels take")
      .addOption(json());
  command("add", "register the webhook of a source; a secret that is not set is made, and put into .env")
    .option("-y, --yes", "ask nothing")
    .option("--dry-run", "only show what would be registered")
    .action((source, options) =>
      finish(async () => (await import("./hooks/hooks.ts")).addHook(source, options, context)),
    );
  command("list", "the webhooks of the config, and whether they are registered as they should be").action(
    (source, options) =>
      finish(async () => (await import("./hooks/hooks.ts")).listHooks(source, options, context)),
  );
  command("remove", "remove the webhook of a source")
    .option("-y, --yes", "ask nothing")
    .option("--dry-run", "only show what would be removed")
    .action((source, options) =>
      finish(async () => (await import("./hooks/hooks.ts")).removeHook(source, options, context)),
    );
  for (const one of hooks.commands) one.exitOverride();
}
