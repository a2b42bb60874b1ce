// Compiles `permissions:`: every source that gets prompts exists, supports prompts, and has approvers; and
// the shared files.

import type { IssueDraft, PermissionsValues, SourceValues } from "../config/values.ts";
import type { Outward } from "../config/variables/outward.ts";
import type { Power } from "../contract/power.ts";
import type { Json, SourceType, Surroundings } from "../contract.ts";
import { didYouMeanHint } from "../did-you-mean.ts";
import { quietUntilMs } from "../shaping/quiet.ts";
import { oneLine } from "./describe-reach.ts";
import { checkPersonIds } from "./person-ids.ts";
import { type Bind, powerOf } from "./powers.ts";
import { compileQuiet } from "./shaping.ts";
import { planSharedFiles, type SharedFiles } from "./shared-files.ts";

export interface PlannedPermissions {
  /** By relay source, the ids of the approvers. */
  readonly approvers: ReadonlyMap<string, ReadonlySet<string>>;
  readonly expireMs: number;
  mayRelay(tool: string): boolean;
  isQuiet(nowMs: number): boolean;
  /** Nobody is asked before the user has consented to all of them. */
  readonly powers: readonly Power[];
  /** Each with a power of its own. */
  readonly files: readonly SharedFiles[];
  /** Equal for equal settings. */
  readonly fingerprint: string;
}

const bounds = { leastMs: 10_000, mostMs: 24 * 60 * 60 * 1_000 };

export function planPermissions(
  { files = [], relay, approvers, tools, expireMs, quiet = [] }: PermissionsValues,
  sources: Readonly<Record<string, SourceValues>>,
  typeOf: (type: string) => Pick<SourceType<never>, "chat"> | undefined,
  {
    bind,
    outward,
    issues,
    surroundings,
  }: {
    readonly bind: Bind;
    readonly outward?: Outward | undefined;
    readonly issues: IssueDraft[];
    readonly surroundings: Pick<Surroundings, "folder" | "home">;
  },
): PlannedPermissions {
  const names = Object.keys(sources);
  if (relay.length === 0 && files.length === 0 && Object.keys(approvers).length === 0)
    issues.push({
      path: ["permissions"],
      on: "key",
      code: "E_CONFIG_MISSING_KEY",
      message: "allows nobody to answer a permission prompt and no file to leave",
      hint: 'add relay: [CHAT] and approvers: { CHAT: ["ID"] }, or files: ["~/reports/*"]; or remove permissions',
    });
  for (const [index, name] of relay.entries()) {
    const path = ["permissions", "relay", index];
    const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
    if (source === undefined) {
      issues.push({
        path,
        code: "E_CONFIG_REFERENCE",
        message: `no source named ${name}`,
        hint: didYouMeanHint(name, names) ?? `sources: ${names.join(", ") || "none"}`,
      });
    } else if (typeOf(source.type)?.chat?.can.includes("ask") !== true) {
      issues.push({
        path,
        code: "E_CONFIG_VALUE",
        message: `${name} is not a chat source, so it cannot get permission prompts`,
        hint: "name a source of a chat type",
      });
    } else if (Object.hasOwn(approvers, name)) {
      const traits = typeOf(source.type)?.chat ?? {};
      const ids = ["permissions", "approvers", name];
      issues.push(...checkPersonIds(approvers[name] ?? [], source.type, traits, ids));
    } else {
      issues.push({
        path,
        code: "E_CONFIG_MISSING_KEY",
        message: `no approver is listed for ${name}`,
        hint: `add under permissions: approvers: { ${name}: ["ID"] }; channel-router access list shows ids`,
      });
    }
  }
  for (const name of Object.keys(approvers)) {
    if (relay.includes(name)) continue;
    issues.push({
      path: ["permissions", "approvers", name],
      on: "key",
      code: "E_CONFIG_REFERENCE",
      message: `${name} is not in relay, so nobody is asked there`,
      hint: didYouMeanHint(name, relay) ?? `add it to relay, or remove it here`,
    });
  }
  if (expireMs < bounds.leastMs || expireMs > bounds.mostMs) {
    issues.push({
      path: ["permissions", "expire"],
      code: "E_CONFIG_VALUE",
      message: "must be from 10s to 24h",
    });
  }
  const allowed = (tools?.allow ?? ["*"]).map(toolTest);
  const denied = (tools?.deny ?? []).map(toolTest);
  const windows = compileQuiet({ quiet }, ["permissions"], issues);
  const hidden = outward?.shown.permissions as unknown as PermissionsValues | undefined;
  const shown = hidden?.approvers ?? approvers;
  const origins = outward?.tainted === true ? ` with ${outward.names.join(" and ")}` : "";
  const used = relay.filter((name) => Object.hasOwn(approvers, name));
  return {
    approvers: new Map(used.map((name) => [name, new Set((approvers[name] ?? []).map(String))])),
    expireMs,
    mayRelay: (tool) => allowed.some((test) => test(tool)) && !denied.some((test) => test(tool)),
    isQuiet: (nowMs) => windows.length > 0 && quietUntilMs(windows, nowMs) !== undefined,
    powers: used.map((name) =>
      powerOf(bind, {
        power: "approve",
        value: oneLine(`${idsOf(shown[name])}${origins}`),
        component: `permissions.approvers.${name}`,
        // The prompts are sent to them.
        bound: [relay, approvers[name] ?? [], tools ?? null] as Json,
      }),
    ),
    files: planSharedFiles(files, surroundings, { bind, issues, shown: hidden?.files, origins }),
    fingerprint: JSON.stringify([files, relay, approvers, tools, expireMs, quiet]),
  };
}

function idsOf(ids: readonly (string | number)[] = []): string {
  return ids.map(String).sort().join(", ");
}

/** `*` matches any text. */
function toolTest(pattern: string): (tool: string) => boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return (tool) => tool === first;
  return (tool) => {
    if (!tool.startsWith(first)) return false;
    let from = first.length;
    for (const piece of rest) {
      const at = tool.indexOf(piece, from);
      if (at === -1) return false;
      from = at + piece.length;
    }
    return tool.length - last.length >= from && tool.endsWith(last);
  };
}
