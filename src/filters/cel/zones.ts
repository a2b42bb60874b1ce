// The parts of a time in a time zone. The library's own versions use the zone of this machine, whose clock
// changes affect the result, and Node 20 rejects offsets such as "+02:00" in them.

import { ExpressionError } from "../../errors.ts";
import { zoneOffsetMs } from "../../time-zone.ts";
import type { Call, CelEnvironment } from "./tree.ts";

const dayMs = 86_400_000;

/** From a time whose UTC fields show the wanted zone. */
const parts: Readonly<Record<string, (local: Date) => number>> = {
  getDate: (local) => local.getUTCDate(),
  getDayOfMonth: (local) => local.getUTCDate() - 1,
  getDayOfWeek: (local) => local.getUTCDay(),
  getDayOfYear: (local) => Math.floor((local.getTime() - Date.UTC(local.getUTCFullYear(), 0, 1)) / dayMs),
  getFullYear: (local) => local.getUTCFullYear(),
  getHours: (local) => local.getUTCHours(),
  getMilliseconds: (local) => local.getUTCMilliseconds(),
  getMinutes: (local) => local.getUTCMinutes(),
  getMonth: (local) => local.getUTCMonth(),
  getSeconds: (local) => local.getUTCSeconds(),
};

const suffix = "_zoned";

/** The functions that `useZonedForm` calls. */
export function registerZonedForms(environment: CelEnvironment): void {
  const time = "google.protobuf.Timestamp";
  for (const [name, part] of Object.entries(parts)) {
    environment.registerFunction(
      `${time}.${name}${suffix}(string): int`,
      (at: Date, zone: string) => {
        const offsetMs = offsetOf(zone, at.getTime());
        if (offsetMs === undefined) throw new ExpressionError("E_CEL_RUN", unknownZone(zone));
        return BigInt(part(new Date(at.getTime() + offsetMs)));
      },
      { async: false },
    );
  }
  const dayOfYear = parts.getDayOfYear as (local: Date) => number;
  environment.registerFunction(`${time}.getDayOfYear${suffix}(): int`, (at: Date) => BigInt(dayOfYear(at)), {
    async: false,
  });
}

/** Throws an ExpressionError for an unknown zone in the expression. */
export function useZonedForm(call: Call): void {
  if (call.receiver === undefined || !Object.hasOwn(parts, call.name)) return;
  const [zone] = call.args;
  if (zone === undefined && call.name !== "getDayOfYear") return;
  if (zone?.op === "value" && typeof zone.args === "string" && offsetOf(zone.args, 0) === undefined) {
    throw new ExpressionError("E_CONFIG_CEL", unknownZone(zone.args), {
      offset: zone.start,
      hint: 'write a name such as "Europe/Berlin", or an offset such as "+02:00"',
    });
  }
  call.rename(call.name + suffix);
}

/** A message of the library, with the names as written in an expression. */
export function withoutSuffix(message: string): string {
  return message.replaceAll(suffix, "");
}

/** CEL's specification also allows an offset without a sign. */
function offsetOf(zone: string, atMs: number): number | undefined {
  return zoneOffsetMs(/^\d\d:\d\d$/.test(zone) ? `+${zone}` : zone, atMs);
}

function unknownZone(zone: string): string {
  return `${JSON.stringify(zone.slice(0, 40))} is not a time zone`;
}
