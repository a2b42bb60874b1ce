// `access` and its subcommands on the command line.

import type { Command } from "commander";
import type { AccessRequest } from "../access/administer.ts";
import type { TalkOptions } from "./commands/status.ts";
import type { CommandContext, CommonOptions } from "./context.ts";
import { finish } from "./exit.ts";

interface SourceOption extends TalkOptions {
  readonly source?: string;
}

export function addAccessCommands(
  program: Command,
  context: CommandContext,
  { config, json }: CommonOptions,
): void {
  const group = program
    .command("access")
    .description(
      "who may write through the chats of a config: list, pair, deny, allow, remove, policy, group",
    )
    .helpCommand(false);
  const part = (name: string, description: string, options?: { isDefault: boolean }) =>
    group
      .command(name, options)
      .description(description)
      .addOption(config())
      .addOption(json())
      .exitOverride();
  const ofSource = (name: string, description: string) =>
    part(name, description).option(
      "-s, --source <name>",
      "the chat source; may be left out when there is one",
    );
  const run = (request: AccessRequest, options: TalkOptions) =>
    finish(async () => (await import("./commands/access.ts")).access(request, options, context));
  const on = ({ source }: SourceOption) => (source === undefined ? {} : { source });

  part("list", "who may write, who waits with a code, which groups are admitted", { isDefault: true })
    .allowExcessArguments()
    .action((options, command: Command) =>
      finish(async () => {
        const { access, refuseWord } = await import("./commands/access.ts");
        const [word] = command.args;
        if (word !== undefined)
          refuseWord(
            word,
            group.commands.map((one) => one.name()),
          );
        return access({ do: "list" }, options, context);
      }),
    );
  part("pair", "admit the sender with this code")
    .argument("<code>", "the six-character code")
    .action((code, options) => run({ do: "pair", code }, options));
  part("deny", "decline the sender with this code permanently")
    .argument("<code>", "the six-character code")
    .action((code, options) => run({ do: "deny", code }, options));
  ofSource("allow", "admit a user by id")
    .argument("<id>", "the platform's own id of the user")
    .option("--name <name>", "what list calls them")
    .action((person, options: SourceOption & { name?: string }) => {
      const named = options.name === undefined ? {} : { name: options.name };
      return run({ do: "allow", person, ...named, ...on(options) }, options);
    });
  ofSource("remove", "remove a user")
    .argument("<id>", "the platform's own id of the user")
    .action((person, options: SourceOption) => run({ do: "remove", person, ...on(options) }, options));
  ofSource("policy", "what happens to strangers")
    .argument("<policy>", "pairing, allowlist, disabled, or config for what the config says")
    .action((written, options: SourceOption) =>
      finish(async () => {
        const { access, readPolicy } = await import("./commands/access.ts");
        return access({ do: "policy", dm: readPolicy(written), ...on(options) }, options, context);
      }),
    );
  ofSource("group", "admit a group")
    .argument("<chat>", "the platform's own id of the group")
    .option("--allow <ids...>", "who may write there")
    .option("--no-mention", "accept every message, not only those that mention the bot")
    .option("--remove", "remove it")
    .action((chat, options: SourceOption & { allow?: string[]; mention: boolean; remove?: boolean }) =>
      finish(async () => {
        const { access, readIds } = await import("./commands/access.ts");
        const allow = readIds(options.allow ?? []);
        const request: AccessRequest =
          options.remove === true
            ? { do: "ungroup", chat, ...on(options) }
            : { do: "group", chat, allow, mention: options.mention, ...on(options) };
        return access(request, options, context);
      }),
    );
}
