// From a file name to a Plan: the config room reads, the plan room proves, and the parts that they need are
// loaded first.

import { dirname } from "node:path";
import { type ConfigLocation, foundFile } from "../../config/config-location.ts";
import { type LoadOptions, loadConfig } from "../../config/load.ts";
import { homeFolder, projectFolder, trustKeyFile } from "../../config/paths.ts";
import { unreadConfig } from "../../config/unread.ts";
import type { LoadedConfig } from "../../config/values.ts";
import { inOrder } from "../../config/yaml/issue-location.ts";
import { connectors, sinkTypes } from "../../connectors/index.ts";
import type { Issue } from "../../contract.ts";
import { isRouterError, UsageError } from "../../errors.ts";
import { loadRegex } from "../../filters/regex.ts";
import { createMask, type Mask } from "../../host/secret-mask.ts";
import { compileInSteps } from "../../plan/compile/compile.ts";
import { planOfFound } from "../../plan/found.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Bind } from "../../plan/powers.ts";
import { escapeForTemplate } from "../../templates/literal.ts";
import { runInSlices } from "../../yield-to-event-loop.ts";
import { openTrustKey } from "../trust/trust-key.ts";
import { configOfCommand } from "./find-config.ts";
import { isOfProject } from "./guard-environment.ts";
import { readLaunches } from "./launches.ts";
import { loadEngine } from "./load-engine.ts";

export interface ProvenConfig {
  readonly loaded: LoadedConfig;
  /** Every problem of the file, in file order. The plan contains only parts without problems. */
  readonly issues: readonly Issue[];
  readonly plan: Plan;
  /** Makes the hashes of powers. */
  readonly bind: Bind;
  /**
   * Hides the config's secrets. The plan's events are masked already; everything else that is shown is masked
   * with it.
   */
  readonly mask: Mask;
}

interface LoadAs extends Pick<LoadOptions, "recipe" | "placeholders" | "hideVariables" | "kept" | "only"> {
  /** False: the file was discovered, and waits until the user agrees to it. Default: true. */
  readonly chosen?: boolean;
  /** Whether a missing key of the state root is created: by programs that may write there. Default: no. */
  readonly makeKey?: boolean;
  /** The current time for templates, milliseconds since the epoch. Default: the system's clock. */
  now?(): number;
}

/** `as`: a recipe instead of a config, or a config with placeholders for values of the environment. */
export async function loadPlan(
  file: string,
  env: NodeJS.ProcessEnv = process.env,
  as: LoadAs = {},
): Promise<ProvenConfig> {
  const read = await readConfig(file, env, as);
  try {
    return await prove(read, env, as);
  } catch (error) {
    if (isRouterError(error)) throw error;
    // If the program fails on the file as a whole, that is a problem of the file: each command, start and
    // reload has an answer.
    return prove(unreadConfig(error, { file: read.file, env, cwd: process.cwd() }), env, as);
  }
}

async function prove(
  read: LoadedConfig,
  env: NodeJS.ProcessEnv,
  { now, makeKey = false, chosen = true, ...as }: LoadAs,
): Promise<ProvenConfig> {
  const home = homeFolder(env);
  const project = projectFolder(dirname(read.file), env);
  const launches =
    as.only === undefined
      ? await readLaunches(read, { home, path: env.PATH ?? "", project })
      : { byComponent: new Map(), files: [] };
  const loaded = { ...read, files: [...read.files, ...launches.files] };
  const mask = createMask([...loaded.secrets, ...(as.hideVariables === true ? loaded.variables : [])]);
  const bind = await openTrustKey({ file: trustKeyFile(env), make: makeKey });
  const engine = await loadEngine(loaded.values, loaded.types, now);
  const steps = compileInSteps(loaded.values, loaded.types, engine, {
    bind,
    mask,
    folder: dirname(loaded.file),
    home,
    launches: launches.byComponent,
    sinkTypes: loaded.sinkTypes,
  });
  const compiled = await runInSlices(steps);
  const { issues } = compiled;
  const { instructions } = loaded.values.server;
  const plan = chosen
    ? compiled.plan
    : planOfFound(compiled.plan, bind, foundFile(loaded.file), instructions);
  const later = issues.filter(({ path }) => !loaded.isPlaceholder(path)).map((issue) => loaded.locate(issue));
  return {
    loaded,
    plan,
    bind,
    mask,
    issues: inOrder([...loaded.issues, ...later], loaded.file),
  };
}

/** The same without the plan: the content of the file, and its problems. */
export function readConfig(
  file: string,
  env: NodeJS.ProcessEnv,
  as: Pick<LoadOptions, "recipe" | "placeholders" | "hideVariables" | "kept" | "only"> = {},
): Promise<LoadedConfig> {
  return loadConfig(file, {
    env,
    registry: connectors,
    sinkRegistry: sinkTypes,
    escapeForTemplate,
    loadPatterns: loadRegex,
    isOfProject: env === process.env ? isOfProject : () => false,
    ...as,
  });
}

/** For commands that need a config. Throws a UsageError that lists the searched paths. */
export function requireConfig(explicit: string | undefined): ConfigLocation & { readonly file: string } {
  const found = configOfCommand(explicit);
  const { file, tried } = found;
  if (file !== undefined) return { ...found, file };
  throw new UsageError("E_USAGE", `no config file found; looked for ${tried.join(", ")}`, {
    hint: "channel-router init writes one here; or name one: --config FILE",
  });
}
