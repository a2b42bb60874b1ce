// The initialize result that the last start of this config cached, when no input of it has changed since.

import { join } from "node:path";
import type { ConfigLocation } from "../../config/config-location.ts";
import type { InitializeResult } from "../../session/initialize-result.ts";
import { ownWords } from "../../text.ts";
import { version } from "../../version.ts";
import { readTrust } from "../trust/trust-file.ts";
import { consentDigest, trustLocation, trustsAll } from "../trust/trust-location.ts";
import { readStartCache } from "./start-cache.ts";

/** Undefined without a config file. `folder`: its state folder. */
export function initializeCacheFile({ file }: ConfigLocation, folder: string): string | undefined {
  // The file keeps the name of its first format.
  return file === undefined ? undefined : join(folder, "greeting.json");
}

/** Never rejects. */
export async function cachedInitialize(
  found: ConfigLocation,
  folder: string,
): Promise<InitializeResult | undefined> {
  const path = initializeCacheFile(found, folder);
  const cached =
    path === undefined
      ? undefined
      : await readStartCache(path, version, process.env, await consentNow(found));
  // It comes from a file: it is cleaned like everything that does.
  return isInitializeResult(cached)
    ? { ...cached, instructions: ownWords(String(cached.instructions)) }
    : undefined;
}

/** As the daemon computes it for the same answers; see `ConfigTrust.forInitialize`. */
async function consentNow({ file, chosen }: ConfigLocation): Promise<string> {
  if (chosen || file === undefined) return "chosen";
  if (trustsAll(process.env)) return consentDigest(file, "all");
  return consentDigest(file, (await readTrust(trustLocation(process.env, file))).digest);
}

function isInitializeResult(value: unknown): value is InitializeResult {
  return typeof value === "object" && value !== null && "serverInfo" in value && "instructions" in value;
}
