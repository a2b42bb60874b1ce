// The types of `doctor`: one finding of a check, and the inputs of the checks.

import type { StatusReport } from "../../control/protocol.ts";
import type { ProvenConfig } from "../../daemon/start/load-plan.ts";
import type { CommandContext, RunningRouter } from "../context.ts";

/** What the findings are named by; docs/troubleshooting.md has a symptom for each. */
export const checkNames = [
  "node",
  "config",
  "library",
  "powers",
  "port",
  "state folder",
  "router",
  "refused",
  "unmatched",
  "waiting",
  "texts",
  "sessions",
  "launch line",
  "client's log",
  "organisation",
  "switches",
  "wake",
] as const;

type CheckName = (typeof checkNames)[number];

export interface Finding {
  /** Of a session, with its id. */
  readonly name: CheckName | `session ${string}` | `wake of session ${string}`;
  readonly state: "ok" | "warn" | "fail" | "unknown";
  readonly detail: string;
  /** What to do. */
  readonly todo?: string;
}

/** Gathered once, so that the checks agree with each other. */
export interface CheckInput {
  readonly env: NodeJS.ProcessEnv;
  /** The project: where .mcp.json is. */
  readonly project: string;
  readonly platform: NodeJS.Platform;
  readonly nodeVersion: string;
  readonly nowMs: number;
  readonly config: {
    readonly file: string | undefined;
    readonly tried: readonly string[];
    /** Undefined when there is no file. */
    readonly proven: ProvenConfig | undefined;
    /** The state folder holds the texts of the config that was active last. */
    readonly isKept?: boolean;
  };
  readonly router: RunningRouter | undefined;
  /** The running router's status, or why it does not answer; undefined when none runs. */
  readonly status: StatusReport | { readonly silent: string } | undefined;
  /** Where an administrator's settings are. */
  readonly managedSettings: string;
  readonly clientLog: CommandContext["clientLog"];
}

export function answered(status: CheckInput["status"]): StatusReport | undefined {
  return status === undefined || "silent" in status ? undefined : status;
}
