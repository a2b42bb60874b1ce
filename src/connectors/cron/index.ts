// The `cron` source type: events on a schedule.

import type { SourceType } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import { guessJson } from "../../intake/json.ts";
import { scheduleIssues } from "../../intake/schedule.ts";
import { isObject } from "../../json.ts";
import { type CronOptions, cronOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { arrivalOf, createCronSource } from "./source.ts";

export const cron: SourceType<CronOptions> = {
  type: "cron",
  summary: "Makes an event at each time of a schedule.",
  options: cronOptions,
  validate,
  meta: {},
  content: "text",
  check: ({ at, tz }) => scheduleIssues("at", at, tz),
  storeKey: ({ at, tz = null }) => [at, tz],
  sampleArrival: (_, payload) => arrivalOf({ timeMs: timeOf(payload), missed: 0 }),
  create: createCronSource,
};

/** A sample payload is a time, as text or as `{"scheduled": ...}`; an empty one is a Monday morning. */
function timeOf(payload: string): number {
  const parsed = guessJson(payload);
  const data = "data" in parsed ? parsed.data : payload;
  const written = isObject(data) ? (data.scheduled ?? "") : data;
  const timeMs = written === "" ? Date.UTC(2026, 0, 5, 9) : Date.parse(String(written));
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new UsageError("E_USAGE", "a cron source makes events of times", {
    hint: "give one, such as 2026-01-05T09:00:00Z",
  });
}
