// The greeting that the last start of this config kept, when no input of it has changed since.

import { join } from "node:path";
import { type ConfigPlace, stateFolder } from "../config/places.ts";
import { readStartCache } from "../runtime/start-cache.ts";
import type { Greeting } from "../session/greeting.ts";
import { version } from "./version.ts";

/** Undefined without a config file. */
export function greetingFile({ file }: ConfigPlace): string | undefined {
  return file === undefined ? undefined : join(stateFolder(process.env, file), "greeting.json");
}

/** Never rejects. */
export async function cachedGreeting(found: ConfigPlace): Promise<Greeting | undefined> {
  const path = greetingFile(found);
  const cached = path === undefined ? undefined : await readStartCache(path, version, process.env);
  return isGreeting(cached) ? cached : undefined;
}

function isGreeting(value: unknown): value is Greeting {
  return typeof value === "object" && value !== null && "serverInfo" in value && "instructions" in value;
}
