// The commands about a running router on the command line. Each is a file of its own, imported on demand.

import { type Command, Option } from "commander";
import { logFormats, logLevels } from "../daemon/log.ts";
import { addAccessCommands } from "./access-commands.ts";
import type { CommandContext, CommonOptions } from "./context.ts";
import { finish } from "./exit.ts";
import { addRecipeCommands } from "./recipes/register.ts";

export function addRouterCommands(
  program: Command,
  context: CommandContext,
  { config, json, collect }: CommonOptions,
): void {
  const command = (name: string, description: string) =>
    program.command(name).description(description).addOption(config());
  addAccessCommands(program, context, { config, json, collect });

  command("console", "open the console in a browser, and let that browser in")
    .argument("[action]", "list, revoke or token; without one the console is opened", "open")
    .argument("[id]", "of revoke: the id of a browser; of token: a name for it")
    .option("--no-open", "only print the address")
    .addOption(json())
    .action((action, id, options) =>
      finish(async () =>
        (await import("./console/console-command.ts")).console(action, id, options, context),
      ),
    );

  command("doctor", "check everything that can keep events from Claude, and what to do about it")
    .addOption(json())
    .action((options) => finish(async () => (await import("./commands/doctor.ts")).doctor(options, context)));

  command("down", "stop the router that up started")
    .addOption(json())
    .action((options) => finish(async () => (await import("./commands/down.ts")).down(options, context)));

  command("events", "the latest events and their outcomes")
    .option("-f, --follow", "follow until interrupted")
    .option("-n, --limit <number>", "how many of the latest", "20")
    .addOption(json())
    .action((options) => finish(async () => (await import("./commands/events.ts")).events(options, context)));

  program
    .command("plan")
    .argument("[file]", "an edited config; default: the config in use, as it is on disk")
    .description(
      "what a config would do otherwise with the stored events: sent newly, no longer, or different",
    )
    .addOption(config())
    .option("--since <duration>", "how far back, such as 24h or 7d", "24h")
    .option("--against <file>", "compare with this config instead of what the journal recorded")
    .option("--events <folder>", "take the events from .json files instead of the journal; needs --against")
    .addOption(json())
    .action((file, options) =>
      finish(async () => (await import("./commands/plan.ts")).plan(file, options, context)),
    );

  command("replay", "send a kept event through today's config, as a new event")
    .argument("<event-id>", "its event_id")
    .option("--dry-run", "only show what would happen")
    .addOption(json())
    .action((id, options) =>
      finish(async () => (await import("./commands/replay.ts")).replay(id, options, context)),
    );

  command("reload", "read the config again now, and report the result")
    .addOption(json())
    .action((options) => finish(async () => (await import("./commands/reload.ts")).reload(options, context)));

  command("send", "pass a payload to the running router as if a source had received it")
    .argument("<source>", "a source's name")
    .argument("[payload]", "a file, with or without @, text, or - for standard input; default {}")
    .option("-d, --data <payload>", "the payload, as curl takes it")
    .option("--sample", "the payload of a test, of the config or of the recipe, that a channel takes")
    .option("-H, --header <name:value>", "a header of the request (may be repeated)", collect, [])
    .addOption(json())
    .action((source, payload, options) =>
      finish(async () => (await import("./commands/send.ts")).send(source, payload, options, context)),
    );

  command("sessions", "the Claude sessions of the running router, and whether they listen")
    .addOption(json())
    .action((options) =>
      finish(async () => (await import("./commands/sessions.ts")).sessions(options, context)),
    );

  command("silence", "deliver nothing of a channel for a while")
    .argument("<channel>", "a channel's name")
    .argument("[duration]", "such as 30m, 2h or 1d; default 1h")
    .option("--reason <text>", "why; status shows it")
    .option("--off", "end the silence now")
    .addOption(json())
    .action((channel, duration, options) =>
      finish(async () =>
        (await import("./commands/silence.ts")).silence(channel, duration, options, context),
      ),
    );

  command("status", "what the running router does")
    .addOption(json())
    .action((options) => finish(async () => (await import("./commands/status.ts")).status(options, context)));

  addRecipeCommands(program, context, { config, json, collect });
  addTestCommand(program, context, { config, json });

  command(
    "up",
    "run the router in the background, with no session, so that nothing is missed while none is open",
  )
    .option("--foreground", "stay here, for a service manager")
    .option("--print-unit", "print a systemd user unit and do nothing else")
    .addOption(logLevelOption())
    .addOption(logFormatOption())
    .addOption(new Option("--found").hideHelp())
    .addOption(new Option("--log-file <file>").hideHelp())
    .addOption(json())
    .action((options) => finish(async () => (await import("./commands/up.ts")).up(options, context)));

  command("why", "the timeline of one event: its source, the channels that took it, its outcome")
    .argument("<event-id>", "its event_id")
    .addOption(json())
    .action((id, options) =>
      finish(async () => (await import("./commands/why.ts")).why(id, options, context)),
    );
}

/** The tests in configs and recipes. */
function addTestCommand(
  program: Command,
  context: CommandContext,
  { config, json }: Pick<CommonOptions, "config" | "json">,
): void {
  program
    .command("test")
    .argument("[files...]", "configs and recipes; default: the config, looked up")
    .description("run the tests in configs and recipes; opens no port and reads no secret")
    .addOption(config())
    .option("-o, --only <text>", "only tests whose names contain this text")
    .option("-u, --update", "record the snapshots again")
    .option("-w, --watch", "run again whenever a file changes, until interrupted")
    .addOption(json())
    .action((files, options) =>
      finish(async () => (await import("./commands/test.ts")).test(files, options, context)),
    );
}

export const logLevelOption = () =>
  new Option(
    "--log-level <level>",
    "the least severe log entries; default: info, or CHANNEL_ROUTER_LOG",
  ).choices(logLevels);

export const logFormatOption = () =>
  new Option("--log-format <format>", "how log entries are written; default: text").choices(logFormats);
