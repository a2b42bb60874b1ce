// Consent without a question, for tests: what it writes lies in the state root, where only the user could write it.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { foundFile } from "../../src/config/config-location.ts";
import { trustKeyFile } from "../../src/config/paths.ts";
import { writeAnswer } from "../../src/daemon/trust/trust-file.ts";
import { openTrustKey } from "../../src/daemon/trust/trust-key.ts";
import { trustLocation } from "../../src/daemon/trust/trust-location.ts";
import { usePower } from "../../src/plan/found.ts";

/** From now on the router allows whatever this config asks for, now and after each edit. */
export async function trustAll(env: NodeJS.ProcessEnv, configFile: string): Promise<void> {
  const { file, config } = trustLocation(env, configFile);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, JSON.stringify({ version: 2, config, all: true, powers: [] }), { mode: 0o600 });
}

/** The user agreed to use this file, which was found, and to nothing that it asks for. */
export async function trustUse(env: NodeJS.ProcessEnv, configFile: string): Promise<void> {
  const bind = await openTrustKey({ file: trustKeyFile(env), make: true });
  await writeAnswer(trustLocation(env, configFile), [usePower(bind, foundFile(configFile))], "trusted", 0);
}
