// `up`: a router without a session, in the background, so that nothing is missed while no session is open.
// The process is this program again with --foreground; it is detached once it has reported that it serves.

import { spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { mkdir, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { realPath, stateFolder } from "../../config/paths.ts";
import type { PowerReport, StatusReport } from "../../control/protocol.ts";
import { logSettings } from "../../daemon/log.ts";
import { loadPlan } from "../../daemon/start/load-plan.ts";
import { ConnectorError } from "../../errors.ts";
import { readStateFile, writeStateFile } from "../../files/state-file.ts";
import { readRegular } from "../../regular-file.ts";
import { countOf } from "../../text/clip.ts";
import { line, type SafeLine, safeJson, text } from "../../text.ts";
import { colors } from "../colors.ts";
import type { CommandContext, Processes, ProcessIdentity, UpConfig, UpState } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { configLocation, findRouter, type RouterConnection, requireRouter } from "../find-router.ts";
import { printed, printedJson } from "../print.ts";
import { unitText } from "../systemd-unit.ts";
import { check } from "./check.ts";
import type { TalkOptions } from "./status.ts";

interface UpOptions extends TalkOptions {
  readonly foreground?: boolean;
  /** Set by the parent process: the file was discovered, not chosen. */
  readonly found?: boolean;
  /** Set by the parent process: where stderr leads. */
  readonly logFile?: string;
  readonly logLevel?: string;
  readonly logFormat?: string;
  readonly printUnit?: boolean;
}

const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants;
const upWithinMs = 20_000;
/** A source may take 10 s to start. */
const settleWithinMs = 12_000;
const lookEveryMs = 100;

export async function up(options: UpOptions, context: CommandContext): Promise<ExitCode> {
  const place = configLocation(context, options.config);
  const file = realPath(place.file);
  const { logFile } = options;
  const config: UpConfig = {
    file,
    chosen: place.chosen && options.found !== true,
    log: logSettings(context.env, options),
    ...(logFile === undefined ? {} : { logFile }),
  };
  if (options.printUnit) {
    const { CLAUDE_CONFIG_DIR, CHANNEL_ROUTER_STATE_DIR } = context.env;
    const places = { CLAUDE_CONFIG_DIR, CHANNEL_ROUTER_STATE_DIR };
    context.print(unitText({ program: thisProgram(), config: file, folder: dirname(file), places }));
    return 0;
  }
  const folder = stateFolder(context.env, file);
  const already = await findUp(folder, context.processes);
  if (already !== undefined) return printAlreadyRunning(already.pid, file, options, context);
  return options.foreground
    ? inForeground(config, folder, context)
    : inBackground(config, folder, options, context);
}

async function inForeground(config: UpConfig, folder: string, context: CommandContext): Promise<ExitCode> {
  const { file } = config;
  const self = await context.processes.self();
  const leave = await enterUp(folder, self).catch(unusable(folder));
  try {
    return await context.foreground(config, (state) => {
      // A parent that waits for this message exists only when it started us.
      if (process.send === undefined) context.print(printed(describeState(process.pid, file, state)));
      // The parent may have ended meanwhile, which does not matter.
      else process.send(state, undefined, undefined, () => {});
    });
  } finally {
    await leave();
  }
}

async function inBackground(
  config: UpConfig,
  folder: string,
  options: TalkOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { file } = config;
  const { issues } = await loadPlan(file, context.env);
  if (issues.length > 0) return check(file, options);
  const log = await logIn(folder).catch(unusable(folder));
  const { pid, state } = await startDetached(config, log, context);
  const running = await findRouter(context, file);
  const answer =
    running === undefined ? undefined : await settledStatus(requireRouter(context, running), state);
  const led = state.mode === "leader" ? answer : undefined;
  const code = led !== undefined && isBroken(led) ? 1 : 0;
  if (options.json) {
    context.print(printedJson({ pid, ...state, config: file, log, ...led }));
    return code;
  }
  context.print(printed(describeState(pid, file, state)));
  for (const source of led?.sources ?? []) {
    const { name, address, state: now, detail = "", last_error: lastError } = source;
    if (now === "running") {
      if (address !== undefined) context.print(text`  ${name}: ${address}\n`);
    } else if (!isUntrusted(led))
      context.print(
        text`  ${(now === "failed" ? colors.red : colors.yellow)(`${name}: ${now}: ${lastError ?? detail}`)}\n`,
      );
  }
  const waits = waitingLine(answer?.powers ?? []);
  if (waits !== undefined) context.print(text`  ${colors.yellow(waits)}\n`);
  if (led?.console !== undefined)
    context.print(text`  console: ${led.console} (channel-router console opens it)\n`);
  context.print(text`  log: ${log}\n  ${colors.dim("channel-router down ends it")}\n`);
  return code;
}

/** Once its sources have started, or wait, or failed: what is reported earlier may not be true a moment later. */
async function settledStatus({ ask }: RouterConnection, { mode }: UpState): Promise<StatusReport> {
  const endMs = Date.now() + settleWithinMs;
  for (;;) {
    const status = await ask("status", {});
    if (mode !== "leader" || isSettled(status) || Date.now() > endMs) return status;
    await pause(lookEveryMs);
  }
}

function isSettled(status: StatusReport): boolean {
  if (status.problems.length > 0 || isUntrusted(status)) return true;
  return status.active !== undefined && status.sources.every(({ state }) => state !== "starting");
}

/** Nothing of the file is used yet. */
function isUntrusted(status: StatusReport | undefined): boolean {
  return status?.powers?.some(({ power, trusted }) => power === "use" && !trusted) === true;
}

/** A source cannot start, or the HTTP server has no address: it keeps trying, but a caller must not count on it. */
function isBroken(status: StatusReport): boolean {
  if (isUntrusted(status)) return false;
  const isUnbound =
    status.address === undefined &&
    status.sources.some(({ type, state }) => type === "http" && state === "waiting");
  return isUnbound || status.sources.some(({ state }) => state === "failed");
}

function waitingLine(powers: readonly PowerReport[]): string | undefined {
  const waiting = powers.filter(({ trusted }) => !trusted);
  if (waiting.some(({ power }) => power === "use"))
    return "waiting for your consent: nothing of this file is used before channel-router trust";
  return waiting.length === 0
    ? undefined
    : `waiting for your consent: ${countOf(waiting.length, "power")}; channel-router trust shows them`;
}

function describeState(pid: number, file: string, { mode }: UpState): SafeLine {
  return mode === "leader"
    ? line`up: pid ${pid} runs ${file}`
    : line`up: pid ${pid} is a standby; a Claude session runs ${file}, and when it ends ${pid} takes over`;
}

function printAlreadyRunning(
  pid: number,
  file: string,
  options: UpOptions,
  context: CommandContext,
): ExitCode {
  // A service manager must not take this for a start.
  if (options.foreground) {
    throw new ConnectorError("E_CONTROL", `${file} is already running (pid ${pid})`, {
      hint: "channel-router down ends it",
    });
  }
  context.print(
    printed(options.json ? safeJson({ pid, config: file }) : line`already running (pid ${pid}), ${file}`),
  );
  return 0;
}

async function startDetached(
  { file, chosen, log: { level, format } }: UpConfig,
  log: string,
  context: CommandContext,
): Promise<{ readonly pid: number; readonly state: UpState }> {
  const output = openSync(log, O_APPEND | O_CREAT | O_WRONLY | (O_NONBLOCK ?? 0), 0o600);
  const named = ["--config", file, ...(chosen ? [] : ["--found"])];
  const logs = [
    "--log-file",
    log,
    "--log-level",
    level,
    ...(format === undefined ? [] : ["--log-format", format]),
  ];
  const [program, ...args] = [...thisProgram(), "up", "--foreground", ...named, ...logs];
  const child = spawn(program as string, args, {
    cwd: dirname(file),
    // Once we are gone, its ancestors no longer show who started it.
    env: { ...context.env, ...(context.underClaude === undefined ? {} : { CLAUDECODE: "1" }) },
    detached: true,
    stdio: ["ignore", output, output, "ipc"],
  });
  closeSync(output);
  let timer: NodeJS.Timeout | undefined;
  const state = await new Promise<UpState | string>((resolve) => {
    timer = setTimeout(() => resolve(`did not serve within ${upWithinMs / 1_000} s`), upWithinMs);
    child.once("message", (message) => resolve(message as UpState));
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("exit", (code, signal) => resolve(`ended at once (${signal ?? `exit code ${code}`})`));
  });
  clearTimeout(timer);
  if (typeof state === "string") {
    child.kill();
    const last = (await readRegular(log).then(String, () => "")).trimEnd().split("\n").slice(-10).join("\n");
    throw new ConnectorError("E_CONTROL", `the router ${state}${last === "" ? "" : `:\n${last}`}`, {
      hint: `its log: ${log}`,
    });
  }
  child.disconnect();
  child.unref();
  return { pid: child.pid as number, state };
}

function unusable(folder: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.syscall === undefined) throw error;
    throw new ConnectorError("E_CONTROL", `the state folder ${folder} cannot be used: ${error.message}`, {
      hint: "make it writable, or set CHANNEL_ROUTER_STATE_DIR to a folder of yours; channel-router doctor checks it",
    });
  };
}

async function logIn(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  return join(folder, "up.log");
}

function thisProgram(): string[] {
  return [process.execPath, ...process.execArgv, realPath(process.argv[1] ?? "")];
}

// `up.json` in the state folder: the process that `up` started, so that `down` finds it although another
// process may be the leader now.

/** The result removes it. */
export async function enterUp(folder: string, self: ProcessIdentity): Promise<() => Promise<void>> {
  const path = join(folder, "up.json");
  await writeStateFile(path, `${JSON.stringify({ pid: self.pid, start: self.start })}\n`);
  return async () => {
    const now = (await readStateFile(path)) as ProcessIdentity | undefined;
    // A later `up` may have written its own.
    if (now?.pid === self.pid) await unlink(path).catch(() => undefined); // Already gone.
  };
}

/** The process that `up` started for this config, if it still runs. */
export async function findUp(folder: string, processes: Processes): Promise<ProcessIdentity | undefined> {
  const found = (await readStateFile(join(folder, "up.json"))) as Partial<ProcessIdentity> | null | undefined;
  if (!Number.isSafeInteger(found?.pid) || typeof found?.start !== "string") return undefined;
  const identity = { pid: found.pid as number, start: found.start };
  return identity.pid > 1 && (await processes.isRunning(identity)) ? identity : undefined;
}
