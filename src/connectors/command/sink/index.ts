// The `command` sink type: a program that is run for each call.

import type { OutgoingCommand, SinkType } from "../../../contract/sink.ts";
import { checkCommand, programReach } from "../command-line.ts";
import { type CommandSinkOptions, commandSinkOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { prepareCommand } from "./prepare.ts";
import { runCommand } from "./run.ts";

const maxTimeoutMs = 30 * 60 * 1_000;

export const commandSink: SinkType<CommandSinkOptions, OutgoingCommand> = {
  type: "command",
  summary: "Runs a program without a shell and returns its output.",
  options: commandSinkOptions,
  validate,
  check: (options) => [
    ...checkCommand(options),
    ...(options.timeoutMs > maxTimeoutMs ? [{ path: ["timeout"], message: "must be at most 30m" }] : []),
  ],
  reaches: (options, folders) => [programReach(options, folders)],
  prepare: prepareCommand,
  create: (_, options, host) => ({
    send: (outgoing, signal) => runCommand(outgoing, options, host, signal),
  }),
};
