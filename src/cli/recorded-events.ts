// Recorded payloads in a folder, as events: for `plan` where there is no journal.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { openFixtures } from "../config/fixtures.ts";
import { UsageError } from "../errors.ts";
import type { StoredRecord } from "../journal/stored-events.ts";
import { isObject, readJson } from "../json.ts";
import type { Plan } from "../plan/plan.ts";
import { readRegular } from "../regular-file.ts";
import { arrivalOf, defaultStartMs, timeOf } from "../testing/arrivals.ts";
import type { Send } from "../testing/test-case.ts";

/** One event a file, in the order of the names: what `send` of a test is. Events of sources that the plan lacks are left out. */
export async function readRecordedEvents(
  folder: string,
  { sources }: Pick<Plan, "sources">,
): Promise<{ readonly records: readonly StoredRecord[]; readonly leftOut: readonly string[] }> {
  const names = (await listNames(folder)).filter((name) => name.endsWith(".json")).sort();
  if (names.length === 0)
    throw new UsageError("E_USAGE", `${folder} has no .json file`, {
      hint: 'each is one event: {"source": "github", "headers": {...}, "data": {...}}',
    });
  const fixtures = openFixtures(folder);
  const records: StoredRecord[] = [];
  const leftOut: string[] = [];
  let timeMs = defaultStartMs;
  for (const name of names) {
    const send = await readSend(folder, name);
    timeMs = timeOf(send.at, defaultStartMs, timeMs);
    const source = sources.find((one) => one.name === send.source);
    if (source === undefined) {
      leftOut.push(name);
      continue;
    }
    const arrival = arrivalOf(send, source, fixtures, undefined);
    const { known: _, ...kept } = arrival;
    const id = name.slice(0, -".json".length);
    const event = { ...kept, id, source: source.name, connector: source.type.type, timeMs };
    records.push({ event, deliveries: [], memory: [], committedMs: timeMs });
  }
  return { records, leftOut };
}

async function listNames(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw new UsageError(
      "E_USAGE",
      `cannot read the folder ${folder}: ${(error as NodeJS.ErrnoException).code}`,
    );
  }
}

async function readSend(folder: string, name: string): Promise<Send> {
  const path = join(folder, name);
  let send: unknown;
  try {
    send = readJson((await readRegular(path)).toString("utf8"));
  } catch (error) {
    throw new UsageError("E_USAGE", `${path} is not JSON: ${(error as Error).message}`);
  }
  if (isObject(send) && typeof send.source === "string") return send as unknown as Send;
  throw new UsageError("E_USAGE", `${path} names no source`, {
    hint: 'an event is {"source": "github", "headers": {...}, "data": {...}}',
  });
}
