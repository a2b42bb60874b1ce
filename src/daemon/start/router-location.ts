// Which router a process joins. All sessions of one config file share one, by its real path. Only a link in a
// project that leads to a file elsewhere, and that nobody agreed to, is kept apart, or a cloned repository
// could join the user's own router.

import { basename, join } from "node:path";
import { type ConfigLocation, foundFile } from "../../config/config-location.ts";
import { linkStateFolder, realPath, stateFolder, trustKeyFile } from "../../config/paths.ts";
import { trustLocation, trustsAll } from "../trust/trust-location.ts";

export interface RouterLocation {
  /** The state folder. */
  readonly folder: string;
  /** The path by which commands find the router. */
  readonly config: string;
}

export async function routerLocation({ file, tried, chosen }: ConfigLocation): Promise<RouterLocation> {
  const env = process.env;
  const path = file ?? (tried[0] as string);
  const usual = { folder: stateFolder(env, path), config: realPath(path) };
  if (file === undefined || chosen) return usual;
  const found = foundFile(file);
  const link = join(found.folder, basename(file));
  if (found.path === link || trustsAll(env)) return usual;
  const [{ usePower }, { readTrust }, { openTrustKey }] = await Promise.all([
    import("../../plan/found.ts"),
    import("../trust/trust-file.ts"),
    import("../trust/trust-key.ts"),
  ]);
  const use = usePower(await openTrustKey({ file: trustKeyFile(env), make: false }), found);
  const { answers } = await readTrust(trustLocation(env, file));
  return answers.get(use.hash)?.answer === "trusted"
    ? usual
    : { folder: linkStateFolder(env, link), config: link };
}
