// `doctor`: checks everything that can keep events from Claude, one by one, each with what to do. Changes
// nothing.

import { resolve } from "node:path";
import { setVariable, stateFolder } from "../../config/paths.ts";
import { readActive } from "../../daemon/start/active-config.ts";
import { configOfCommand } from "../../daemon/start/find-config.ts";
import { loadPlan, type ProvenConfig } from "../../daemon/start/load-plan.ts";
import { managedSettingsPath } from "../../daemon/wake/managed-settings.ts";
import { isRouterError } from "../../errors.ts";
import { line, type SafeText } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext, RunningRouter } from "../context.ts";
import type { CheckInput, Finding } from "../doctor/check.ts";
import { checkClientLog } from "../doctor/client-log.ts";
import { checkConfig } from "../doctor/config.ts";
import { checkEvents } from "../doctor/events.ts";
import { checkLaunch } from "../doctor/launch.ts";
import { checkPort } from "../doctor/port.ts";
import { checkPowers } from "../doctor/powers.ts";
import { checkRouter } from "../doctor/router.ts";
import { checkSessions } from "../doctor/sessions.ts";
import { checkStateFolder } from "../doctor/state-folder.ts";
import { checkOrganisation, checkSwitches } from "../doctor/switches.ts";
import { checkWake } from "../doctor/wake.ts";
import type { ExitCode } from "../exit.ts";
import { findRouter, requireRouter } from "../find-router.ts";
import { checkLibraries } from "../missing-libraries.ts";
import { printed, printedJson } from "../print.ts";
import type { TalkOptions } from "./status.ts";

/** How long a running router may take to report its status. */
const answerWithinMs = 3_000;

/** 1 when a check fails. `managedSettings` is for tests. */
export async function doctor(
  options: TalkOptions,
  context: CommandContext,
  managedSettings = managedSettingsPath(process.platform),
): Promise<ExitCode> {
  const findings = await examine(await lookAt(options, context, managedSettings));
  const ok = findings.every(({ state }) => state !== "fail");
  if (options.json) context.print(printedJson({ ok, checks: findings }));
  else context.print(printed(...findings.flatMap(printFinding)));
  return ok ? 0 : 1;
}

async function lookAt(
  options: TalkOptions,
  context: CommandContext,
  managedSettings: string,
): Promise<CheckInput> {
  const { env, cwd } = context;
  const { file, tried, chosen } = configOfCommand(options.config, context);
  const router = file === undefined ? undefined : await findRouter(context, file);
  const proven = file === undefined ? undefined : await loadPlan(file, env, { chosen });
  return {
    env,
    project: resolve(cwd, setVariable(env, "CLAUDE_PROJECT_DIR") ?? "."),
    platform: process.platform,
    nodeVersion: process.version,
    nowMs: context.now(),
    config: { file, tried, proven, isKept: await isKept(proven, router, env) },
    router,
    status: router === undefined ? undefined : await askStatus(router, context),
    managedSettings,
    clientLog: context.clientLog,
  };
}

/** Would a router that starts now find the texts of the config that was active last? */
async function isKept(
  proven: ProvenConfig | undefined,
  router: RunningRouter | undefined,
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  if (proven === undefined || proven.issues.length === 0) return false;
  const { file } = proven.loaded;
  const folder = router?.folder ?? stateFolder(env, file);
  return (await readActive(folder, file, proven.bind).catch(() => undefined)) !== undefined;
}

async function askStatus(
  router: RunningRouter,
  context: CommandContext,
): Promise<NonNullable<CheckInput["status"]>> {
  try {
    return await requireRouter(context, router).ask("status", {}, { withinMs: answerWithinMs });
  } catch (error) {
    if (!isRouterError(error)) throw error;
    return { silent: error.message };
  }
}

async function examine(patient: CheckInput): Promise<Finding[]> {
  const launch = await checkLaunch(patient);
  const findings = [
    checkNode(patient),
    checkConfig(patient),
    ...(await checkLibraries(patient)),
    await checkPowers(patient),
    await checkPort(patient),
    await checkStateFolder(patient),
    checkRouter(patient),
    ...checkEvents(patient),
    ...checkSessions(patient, launch.line),
    ...(await checkWake(patient)),
    launch.finding,
    await checkClientLog(patient, launch.server, launch.line),
    await checkOrganisation(patient),
    ...(await checkSwitches(patient)),
  ];
  return findings.filter((finding) => finding !== undefined);
}

const paint = { ok: colors.green, warn: colors.yellow, fail: colors.red, unknown: colors.cyan };

function printFinding({ name, state, detail, todo }: Finding): SafeText[] {
  const found = line`${paint[state](state.padEnd(7))} ${name}: ${detail}`;
  return todo === undefined ? [found] : [found, line`        ${colors.dim("->")} ${todo}`];
}

// The version of Node that runs this process; Claude Code may start another one.

const least = [20, 19] as const;

export function checkNode({ nodeVersion }: Pick<CheckInput, "nodeVersion">): Finding {
  const [major = 0, minor = 0] = nodeVersion.replace(/^v/, "").split(".").map(Number);
  const enough = major > least[0] || (major === least[0] && minor >= least[1]);
  return enough
    ? { name: "node", state: "ok", detail: nodeVersion }
    : {
        name: "node",
        state: "fail",
        detail: `${nodeVersion} is too old`,
        todo: `install Node ${least.join(".")} or later, and name it in .mcp.json: "command": "/path/to/node"`,
      };
}
