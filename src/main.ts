#!/usr/bin/env node
// Reads argv and imports the requested command. The stdio path, which Claude Code starts, loads only what it
// needs: least of all the library of the command line.

import { guardEnvironment } from "./daemon/start/guard-environment.ts";
import { takeInboxAddress } from "./daemon/start/inbox-address.ts";

const given = process.argv.slice(2);
const isRun =
  given.length === 0 ||
  given[0] === "run" ||
  /^(-c|--(config|label|log-level|log-format)(=|$))/.test(given[0] ?? "");
const options = given[0] === "run" ? given.slice(1) : given;
const notes = guardEnvironment();
const inbox = takeInboxAddress(process.env);

if (isRun && !options.some((option) => option === "-h" || option === "--help")) {
  const { run } = await import("./cli/commands/run.ts");
  await run(options, notes, inbox);
} else if (given.length === 1 && (given[0] === "monitor" || given[0] === "hook")) {
  // Claude reads what they write: the notes are not for it.
  const { runPluginWay } = await import("./cli/wake/plugin-ways.ts");
  await runPluginWay(given[0]);
} else {
  const { runCommand } = await import("./cli/program.ts");
  const { realContext } = await import("./cli/real-context.ts");
  const context = realContext();
  for (const note of notes) context.note(note);
  await runCommand(isRun ? ["run", "--help"] : given, context);
}
