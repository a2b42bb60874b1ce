// The greeting that the last start of this config kept, when no input of it has changed since.

import { join } from "node:path";
import type { ConfigPlace } from "../../config/paths.ts";
import type { Greeting } from "../../session/initialize-result.ts";
import { ownWords } from "../../text.ts";
import { version } from "../../version.ts";
import { readTrust } from "../trust/trust-file.ts";
import { consentDigest, trustPlace, trustsAll } from "../trust/trust-location.ts";
import { readStartCache } from "./start-cache.ts";

/** Undefined without a config file. `folder`: its state folder. */
export function greetingFile({ file }: ConfigPlace, folder: string): string | undefined {
  return file === undefined ? undefined : join(folder, "greeting.json");
}

/** Never rejects. */
export async function cachedGreeting(found: ConfigPlace, folder: string): Promise<Greeting | undefined> {
  const path = greetingFile(found, folder);
  const cached =
    path === undefined
      ? undefined
      : await readStartCache(path, version, process.env, await consentNow(found));
  // A file says so: it is cleaned like all that comes from one.
  return isGreeting(cached) ? { ...cached, instructions: ownWords(String(cached.instructions)) } : undefined;
}

/** As the service has it for the same answers; see `ServiceTrust.ofGreeting`. */
async function consentNow({ file, chosen }: ConfigPlace): Promise<string> {
  if (chosen || file === undefined) return "chosen";
  if (trustsAll(process.env)) return consentDigest(file, "all");
  return consentDigest(file, (await readTrust(trustPlace(process.env, file))).digest);
}

function isGreeting(value: unknown): value is Greeting {
  return typeof value === "object" && value !== null && "serverInfo" in value && "instructions" in value;
}
