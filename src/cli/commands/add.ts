// `add`: installs the client library of a chat or of mail, or that of traces, below the state folder, where every way of installing the
// router finds it, also while it runs. Each package is checked against the hash that we tested with.

import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { librariesFolder, runningFolder } from "../../config/paths.ts";
import { packageFolder } from "../../config/recipe/bundled.ts";
import { connectors } from "../../connectors/index.ts";
import type { Libraries, SourceTypeEntry } from "../../contract.ts";
import { libraries as traceLibraries } from "../../daemon/traces/packages.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { ConnectorError, isRouterError, UsageError } from "../../errors.ts";
import { installedLibraries, loader, loadLibraries, useInstalled } from "../../host/libraries.ts";
import { line, ownWords, type SafeText } from "../../text.ts";
import type { CommandContext } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { requireRouter } from "../find-router.ts";
import { type Npm, runNpm } from "../npm.ts";
import { printed, printedJson } from "../print.ts";

interface AddOptions {
  readonly json?: boolean;
}

/** A source may take 10 s to start. */
const reloadWithinMs = 45_000;

export async function add(
  type: string,
  options: AddOptions,
  context: Pick<CommandContext, "env" | "cwd" | "print" | "note" | "routers" | "underClaude">,
  { npm = runNpm, registry = connectors }: { npm?: Npm; registry?: readonly SourceTypeEntry[] } = {},
): Promise<ExitCode> {
  const libraries = await librariesOf(type, registry);
  const folder = librariesFolder(context.env);
  const before = await installedLibraries(type, folder);
  const isSame = JSON.stringify(before?.packages) === JSON.stringify(libraries.packages);
  if (!isSame || !(await loads(libraries, folder))) await install(libraries, folder, npm, context);
  const installed = await installedLibraries(type, folder);
  const routers = await retryInRouters(context);
  const { packages } = libraries;
  if (options.json) {
    context.print(printedJson({ type, packages, folder: installed?.folder, installed: !isSame, routers }));
    return 0;
  }
  const list = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  context.print(
    printed(
      line`${list.join(", ")} ${isSame ? "is installed already" : "installed"} in ${installed?.folder ?? folder}`,
      ...routers.flatMap(({ pid, notes }) => notes.map((note) => line`  pid ${pid}: ${note}`)),
    ),
  );
  return 0;
}

async function librariesOf(type: string, registry: readonly SourceTypeEntry[]): Promise<Libraries> {
  const all = await Promise.all(registry.map(async ({ load }) => (await load()).libraries));
  const known = [...all.filter((one) => one !== undefined), traceLibraries];
  const found = known.find((one) => one.type === type);
  if (found !== undefined) return found;
  const names = known.map((one) => one.type);
  const isType = registry.some((entry) => entry.type === type);
  throw new UsageError("E_USAGE", isType ? `${type} needs no library` : `unknown type ${type}`, {
    hint: didYouMeanHint(type, names) ?? `these need one: ${names.join(", ")}`,
  });
}

async function install(
  libraries: Libraries,
  folder: string,
  npm: Npm,
  { env, note }: Pick<CommandContext, "env" | "note">,
): Promise<void> {
  const { type, packages } = libraries;
  const target = join(folder, type, `${Date.now().toString(36)}-${randomBytes(3).toString("hex")}`);
  note(line`installing ${Object.keys(packages).join(", ")} with npm ...`);
  try {
    await mkdir(target, { recursive: true, mode: 0o700 });
    const manifest = {
      name: `channel-router-${type}`,
      private: true,
      type: "module",
      dependencies: packages,
    };
    await writeFile(join(target, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
    await writeFile(join(target, "package-lock.json"), JSON.stringify(await lockOf(type)));
    await npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
      folder: target,
      env,
    });
    await writeFile(join(target, loader.name), loader.text);
    await useInstalled(type, folder, { folder: target, packages });
    await loadLibraries(libraries, folder);
  } catch (error) {
    await rm(target, { recursive: true, force: true });
    if (isRouterError(error)) throw error;
    throw new ConnectorError(
      "E_LIBRARY",
      `the ${libraries.title} client could not be installed: ${(error as Error).message}`,
    );
  }
}

/** With a hash for each package; cut out of our own lock file when the program was built. */
async function lockOf(type: string): Promise<unknown> {
  const path = join(packageFolder(), "dist", "libraries.json");
  const locks = JSON.parse(await readFile(path, "utf8")) as Readonly<Record<string, unknown>>;
  return locks[type] ?? {};
}

async function loads(libraries: Libraries, folder: string): Promise<boolean> {
  return loadLibraries(libraries, folder).then(
    () => true,
    () => false,
  );
}

/** Every running router tries its failed sources again. */
async function retryInRouters(
  context: Pick<CommandContext, "env" | "cwd" | "routers" | "underClaude">,
): Promise<readonly { readonly pid: number; readonly notes: readonly SafeText[] }[]> {
  const all = await context.routers.list(runningFolder(context.env));
  return Promise.all(
    all.map(async (router) => {
      const answer = await requireRouter(context, router)
        .ask("reload", {}, { withinMs: reloadWithinMs })
        .catch(() => undefined); // It hangs, which doctor shows.
      return { pid: router.pid, notes: (answer?.notes ?? []).map((note) => ownWords(note)) };
    }),
  );
}
