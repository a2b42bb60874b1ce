// `overview` and `audit`: what the config uses and costs, and what was decided about permission prompts.

import { join } from "node:path";
import type { Json } from "../../contract.ts";
import { isObject } from "../../json.ts";
import { readRegular } from "../../regular-file.ts";
import type { AuditLine, OverviewAnswer } from "../protocol.ts";
import type { OwnCommands } from "./own-commands.ts";
import { stateOf } from "./running.ts";

const maxLines = 200;
/** Of the end of the file. */
const maxReadBytes = 512 * 1024;

export const overviewCommands: OwnCommands = {
  async overview(_args, { host }) {
    const state = stateOf(host);
    const used = state.used();
    const hour = used?.plan.hour;
    const answer: OverviewAnswer = {
      ...(hour === undefined ? {} : { budget: hour }),
      channels: (used?.plan.channels ?? []).map(({ name }) => {
        const budget = used?.loaded.values.channels[name]?.budget?.hour;
        return {
          name,
          ...(budget === undefined ? {} : { budget }),
          hours: host.tokens?.of(name) ?? [],
        };
      }),
      since: new Date(host.tokens?.sinceMs() ?? host.startedMs).toISOString(),
      recipes: (used?.loaded.uses ?? []).map(({ name, recipe, version }) => ({
        use: name,
        name: recipe,
        ...(version === undefined ? {} : { version }),
      })),
      reloads: state.reloads().map(({ timeMs, ok, text, diff }) => ({
        time: new Date(timeMs).toISOString(),
        ok,
        text,
        ...(diff === "" ? {} : { diff }),
      })),
    };
    return answer;
  },

  async audit(_args, { host }) {
    const text = await readRegular(join(host.folder, "permissions.jsonl")).then(
      (bytes) => bytes.subarray(-maxReadBytes).toString(),
      () => "",
    );
    const lines = text.split("\n").slice(-maxLines - 1);
    return { entries: lines.flatMap(auditLine).reverse().slice(0, maxLines) };
  },
};

/** A line that was cut, or damaged, is left out. */
function auditLine(line: string): AuditLine[] {
  let read: Json;
  try {
    read = JSON.parse(line);
  } catch {
    return [];
  }
  if (!isObject(read) || typeof read.time !== "string") return [];
  const text = (key: string) => (typeof read[key] === "string" ? read[key] : undefined);
  const optional = Object.fromEntries(
    Object.entries({
      id: text("id"),
      session: text("session"),
      tool: text("tool"),
      description: text("description"),
      reason: text("reason"),
    }).filter(([, value]) => value !== undefined),
  );
  const people = (Array.isArray(read.people) ? read.people : []).flatMap((one) =>
    isObject(one) ? [`${String(one.person)} on ${String(one.source)}`] : [],
  );
  return [{ time: read.time, what: text("what") ?? "", ...optional, people }];
}
