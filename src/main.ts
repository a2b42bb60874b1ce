#!/usr/bin/env node
// Reads argv and imports the one command asked for. The stdio path, which is what Claude Code starts, loads nothing that
// it does not need: the command line's own library least of all.

const [command = "run"] = process.argv.slice(2);

if (command === "run" || /^(-c|--config|--label)(=|$)/.test(command)) {
  const { run } = await import("./cli/run.ts");
  await run(process.argv.slice(command === "run" && process.argv.length > 2 ? 3 : 2));
} else {
  const { runCommand } = await import("./cli/program.ts");
  const { realWorld } = await import("./cli/real-world.ts");
  await runCommand(process.argv.slice(2), realWorld());
}
