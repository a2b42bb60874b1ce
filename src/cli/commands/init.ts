// `init`: from nothing to a config that Claude Code hears: the config, the entry of the server, secrets in
// `.env`. Shows each file before it writes it, changes nothing of what is there, and does nothing twice.

import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ownConfig, projectFolder, setVariable } from "../../config/paths.ts";
import { loadPlan } from "../../daemon/start/load-plan.ts";
import { UsageError } from "../../errors.ts";
import { line, type SafeText } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext, Person } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { withEditLock } from "../init/edit-lock.ts";
import { checkUnchanged, type FileChange, readPresent, shownChange, writeChange } from "../init/files.ts";
import { installedPlugin } from "../init/installed-plugin.ts";
import { addCommand, addMcpEntry, type McpEntry, mcpEntry } from "../init/mcp-entry.ts";
import { type Chosen, configText, dotenvText, gitignoreText, useName } from "../init/texts.ts";
import { tryIt } from "../init/try-it.ts";
import { type InitOptions, readWishes, type Wishes } from "../init/wishes.ts";
import { printed, printedJson } from "../print.ts";
import { withInputs } from "../recipes/details.ts";
import { check } from "./check.ts";
import { trust } from "./trust.ts";

interface Proposal {
  readonly config: string;
  readonly changes: readonly FileChange[];
  /** What was left as it is, and why. */
  readonly notes: readonly SafeText[];
  readonly serverName: string;
  /** `router@<marketplace>` when the plugin starts the server. */
  readonly plugin: string | undefined;
  readonly entry: McpEntry;
}

/** 0 when everything is in place, also when it was before. */
export async function init(
  options: InitOptions,
  context: CommandContext,
  script = process.argv[1] ?? "",
): Promise<ExitCode> {
  const person = options.yes || options.json ? undefined : context.person;
  if (person === undefined && options.yes !== true && options.dryRun !== true)
    throw new UsageError("E_USAGE", "init asks at a terminal, and there is none", {
      hint: "channel-router init --yes --recipe NAME --with NAME=VALUE",
    });
  const wishes = await readWishes(options, person, context);
  const proposal = await propose(wishes, context, script);
  if (options.json && options.dryRun) return printProposal(proposal, false, context);
  for (const change of proposal.changes) if (!options.json) context.print(printed(...shownChange(change)));
  if (!options.json) for (const note of proposal.notes) context.print(printed(note));
  if (options.dryRun) return 0;
  if (proposal.changes.length > 0 && !(await mayWrite(person))) {
    context.print(printed(line`nothing was written`));
    return 1;
  }
  const changed = proposal.changes;
  if (changed.length > 0)
    await withEditLock(dirname(proposal.config), async () => {
      await checkUnchanged(changed);
      for (const change of changed) await writeChange(change);
    });
  if (options.json) return printProposal(proposal, true, context);
  return finishUp(wishes, proposal, options, person, context);
}

async function mayWrite(person: Person | undefined): Promise<boolean> {
  if (person === undefined) return true;
  return !/^\s*n/i.test(await person.ask(line`Write this? [Y/n] `));
}

async function propose(wishes: Wishes, context: CommandContext, script: string): Promise<Proposal> {
  const { env, cwd } = context;
  const project = resolve(cwd, setVariable(env, "CLAUDE_PROJECT_DIR") ?? ".");
  const hidden = join(project, ".claude", "channels.yaml");
  const inProject = existsSync(hidden) ? hidden : join(project, "channels.yaml");
  const config = wishes.user ? ownConfig(env) : inProject;
  const notes: SafeText[] = [];
  const changes: FileChange[] = [];
  const entry = entryHere(project, env, script);

  const mcpFile = join(project, ".mcp.json");
  const mcpBefore = wishes.user ? undefined : await readPresent(mcpFile);
  const wanted = wishes.user ? undefined : addMcpEntry(mcpBefore, "router", entry);
  const isListed = wanted !== undefined && "present" in wanted;
  const plugin = isListed ? undefined : await installedPlugin(env, project);
  // A second server of the same config would only wait for the first.
  const added = plugin === undefined ? wanted : undefined;
  if (plugin !== undefined && !wishes.user)
    notes.push(line`unchanged: ${mcpFile}: the plugin ${plugin} starts the server`);
  const serverName =
    added === undefined
      ? "router"
      : "name" in added
        ? added.name
        : "present" in added
          ? added.present
          : "router";

  const before = await readPresent(config);
  const { chosen, publicUrl, wake } = wishes;
  const next = configText(before, { chosen, serverName, publicUrl, wake });
  if (wake && before !== undefined && !/^wake:/m.test(before))
    notes.push(line`${config} exists already: add  wake: auto  to it yourself`);
  if ("text" in next) changes.push({ path: config, before, text: next.text });
  else if ("present" in next) notes.push(line`unchanged: ${config}`);
  else
    throw new UsageError("E_USAGE", `${config} was not changed: ${next.problem}`, {
      hint: `add the lines that  channel-router recipes show NAME  prints`,
    });

  await proposeSecrets(wishes, config, env, changes);
  if (added !== undefined && "text" in added)
    changes.push({ path: mcpFile, before: mcpBefore, text: added.text });
  else if (added !== undefined && "present" in added) notes.push(line`unchanged: ${mcpFile}`);
  else if (added !== undefined)
    notes.push(
      line`${mcpFile} was not changed: ${added.problem}; channel-router mcp-entry  prints the entry`,
    );
  return { config, changes, notes, serverName, plugin, entry };
}

/** `.env` beside the config; in a repository it must not be committed. */
async function proposeSecrets(
  { chosen }: Wishes,
  config: string,
  env: NodeJS.ProcessEnv,
  changes: FileChange[],
): Promise<void> {
  const folder = dirname(config);
  const secrets = chosen
    .flatMap((one) => one.secrets)
    .filter(
      ({ variable, value, isSet }) => isSet !== true && (value !== undefined || (env[variable] ?? "") === ""),
    );
  if (secrets.length === 0) return;
  const path = join(folder, ".env");
  const before = await readPresent(path);
  const text = dotenvText(before, secrets);
  if (text !== undefined) changes.push({ path, before, text, isPrivate: true });
  if (!existsSync(join(projectFolder(folder, env), ".git"))) return;
  const ignore = join(folder, ".gitignore");
  const ignoredBefore = await readPresent(ignore);
  const ignored = gitignoreText(ignoredBefore);
  if (ignored !== undefined) changes.push({ path: ignore, before: ignoredBefore, text: ignored });
}

export function entryHere(project: string, env: NodeJS.ProcessEnv, script = process.argv[1] ?? ""): McpEntry {
  return mcpEntry({
    script,
    node: process.execPath,
    project,
    path: env.PATH ?? "",
    platform: process.platform,
  });
}

function printProposal(
  { config, changes, serverName, plugin, entry }: Proposal,
  written: boolean,
  context: CommandContext,
): ExitCode {
  const files = changes.map(({ path, before }) => ({ path, new: before === undefined }));
  const launch = launchLine(serverName, plugin);
  context.print(printedJson({ config, written, files, server: serverName, plugin, entry, launch }));
  return 0;
}

async function finishUp(
  wishes: Wishes,
  proposal: Proposal,
  options: InitOptions,
  person: Person | undefined,
  context: CommandContext,
): Promise<ExitCode> {
  const { config, changes } = proposal;
  const { issues } = await loadPlan(config, context.env);
  if (issues.length > 0) return check(config, {});
  const isOurs = changes.some(({ path, before }) => path === config && before === undefined);
  const chosen = wishes.user ? [] : [config];
  // Everything in a new file is what the user has just chosen; what an older one asks for is shown first.
  if (context.underClaude === undefined && (isOurs || person !== undefined))
    await trust(chosen[0], isOurs ? { yes: true } : {}, context);
  for (const one of wishes.chosen) printSetup(one, wishes, config, context);
  const isTried =
    options.try ??
    (person !== undefined &&
      isYes(await person.ask(line`Send a test event now, and wait until Claude has it? [Y/n] `)));
  context.print(
    printed(line``, line`${colors.bold("Start Claude Code with")}`, ...launchLines(wishes, proposal)),
  );
  if (context.underClaude !== undefined)
    context.print(
      printed(
        line`  then type  channel-router trust  in a terminal of your own: the config waits for your consent`,
      ),
    );
  const first = wishes.chosen[0]?.recipe;
  return isTried
    ? tryIt(
        {
          config,
          source: first === undefined ? "hello" : `${useName(first)}_${first.sample?.source}`,
          sample: first?.sample,
        },
        context,
      )
    : 0;
}

function isYes(answer: string): boolean {
  return !/^\s*n/i.test(answer);
}

function printSetup(
  { recipe, values, secrets }: Chosen,
  { reach, publicUrl }: Wishes,
  config: string,
  context: CommandContext,
): void {
  const { setup } = recipe;
  if (setup === undefined) return;
  const steps = withInputs(setup, recipe.inputs, values).split("\n");
  const made = secrets.filter(({ isSet }) => isSet !== true).map(({ variable }) => variable);
  context.print(
    printed(
      line``,
      line`${colors.bold(`To do at the sender, for ${recipe.recipe}`)}`,
      ...(made.length === 0
        ? []
        : [line`  (${made.join(", ")} is in ${join(dirname(config), ".env")} already)`]),
      ...steps.map((one) => line`  ${one}`),
      ...(reach === "relay"
        ? [
            line`  With a relay: npx smee-client --url https://smee.io/YOURS --target http://127.0.0.1:8788/PATH`,
          ]
        : []),
      ...(publicUrl === undefined ? [] : [line`  The public URL of your router: ${publicUrl}`]),
    ),
  );
}

function launchLine(server: string, plugin: string | undefined): string {
  const channel = plugin === undefined ? `server:${server}` : `plugin:${plugin}`;
  return `claude --dangerously-load-development-channels ${channel}`;
}

function launchLines({ user, wake }: Wishes, { serverName, plugin, entry }: Proposal): SafeText[] {
  return [
    ...(user && plugin === undefined ? [line`  ${addCommand(serverName, entry)}    once`] : []),
    ...(wake
      ? [line`  claude    and Claude fetches events when it is notified; or, to have events shown:`]
      : []),
    line`  ${launchLine(serverName, plugin)}`,
  ];
}
