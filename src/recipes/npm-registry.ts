// Reads npm packages with shared recipes through the user's npm, with its registry and credentials. Nothing is
// installed, and no package script runs.

import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConnectorError } from "../errors.ts";
import { unsafeRecipe } from "./problems.ts";
import { openTarball, type Tarball } from "./tarball.ts";

/** Runs npm in this folder and resolves to its output. Rejects with a ConnectorError. */
export type RunNpm = (args: readonly string[], folder: string) => Promise<string>;

export interface FetchedPackage {
  readonly version: string;
  /** The integrity of the tarball, as in package-lock.json. */
  readonly integrity: string;
  readonly tarball: Tarball;
}

const maxTarballBytes = 32 * 1024 * 1024;
const quiet = ["--json", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"];

/** All published versions, as npm lists them. */
export async function packageVersions(name: string, npm: RunNpm): Promise<readonly string[]> {
  return inFolder(async (folder) => {
    const answer = parsed(await npm(["view", name, "versions", ...quiet], folder));
    return (Array.isArray(answer) ? answer : [answer]).filter((one) => typeof one === "string");
  });
}

/** `version` must be exact. */
export async function fetchPackage(name: string, version: string, npm: RunNpm): Promise<FetchedPackage> {
  return inFolder(async (folder) => {
    const wanted = `${name}@${version}`;
    const answer = parsed(await npm(["pack", wanted, "--pack-destination", folder, ...quiet], folder));
    const [packed] = (Array.isArray(answer) ? answer : Object.values(answer ?? {})) as Partial<Packed>[];
    const file = packed?.filename?.replace(/^.*[\\/]/, "");
    if (file === undefined || packed?.version !== version || packed.name !== name)
      throw new ConnectorError("E_RECIPE_FETCH", `npm did not return ${wanted}`);
    const bytes = await readFile(join(folder, file)).catch(() =>
      // npm versions name the tarball of a scoped package differently.
      readFile(join(folder, `${name.replace(/^@/, "").replace("/", "-")}-${version}.tgz`)),
    );
    if (bytes.length > maxTarballBytes)
      throw unsafeRecipe(`the package is larger than ${maxTarballBytes / 1024 ** 2} MiB`);
    const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
    if (packed.integrity !== undefined && packed.integrity !== integrity)
      throw new ConnectorError(
        "E_RECIPE_FETCH",
        `${wanted} does not match the integrity that the registry lists`,
      );
    return { version, integrity, tarball: openTarball(bytes) };
  });
}

interface Packed {
  readonly name: string;
  readonly version: string;
  readonly filename: string;
  readonly integrity: string;
}

function parsed(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    throw new ConnectorError("E_RECIPE_FETCH", "npm did not print JSON");
  }
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "channel-router-npm-"));
  try {
    // Else npm looks for a project above, where another user could put settings: /tmp/package.json, /tmp/.npmrc.
    await writeFile(join(folder, "package.json"), '{ "private": true }\n');
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
