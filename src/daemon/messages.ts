// Messages of a leader about its config and its own end.

import { basename } from "node:path";
import type { ConfigLocation } from "../config/config-location.ts";
import { realPath } from "../config/paths.ts";
import { countIssues } from "../config/yaml/issue-location.ts";
import type { Log } from "../contract.ts";
import { ConnectorError } from "../errors.ts";
import { describePower } from "../plan/powers.ts";
import type { SourceReport } from "../router/router.ts";
import type { InitializeResult } from "../session/initialize-result.ts";
import { line, lines, type SafeLine, type SafeText } from "../text.ts";
import type { DaemonSession } from "./sessions.ts";
import { initializeChanges } from "./start/initialize-result.ts";
import type { ProvenConfig } from "./start/load-plan.ts";
import type { Consent } from "./trust/consent.ts";

/** What has become of a source that a reload tried to start again. */
export function describeAttempt({ name, state, detail, lastError }: SourceReport): string {
  const why = detail ?? lastError;
  return `source ${name}: ${state === "running" ? "started" : state}${why === undefined ? "" : `: ${why}`}`;
}

const waitingStart = "waiting for consent: ";

/** What the user has not allowed yet; whatever needs it is not started. */
export function waitingPowers({ plan }: ProvenConfig, consent: Consent | undefined): string[] {
  return plan.powers
    .filter((power) => consent?.allows(power) !== true)
    .map((power) => `${waitingStart}${describePower(power)}; type channel-router trust`);
}

/** Whether `waitingPowers` made this note. */
export function isWaitingNote(note: string): boolean {
  return note.startsWith(waitingStart);
}

/** For a discovered file that has, since it was put into use, become a link to one that nobody agreed to. */
export function leadsElsewhere(file: string): ConnectorError {
  return new ConnectorError("E_CONSENT_REQUIRED", `${file} is another file now: ${realPath(file)}`, {
    hint: "channel-router trust allows it; this takes effect at the next start of the router",
  });
}

/** For the session: accepted events were lost. Undefined when none were. */
export function damageNotice(damage: readonly SafeLine[]): SafeText | undefined {
  if (damage.length === 0) return undefined;
  return lines([
    line`The router's journal was damaged while no router ran; waiting events may have been lost:`,
    ...damage,
  ]);
}

/** Each with its location in the file. */
export function framed(config: ProvenConfig | undefined): SafeText[] {
  return config === undefined ? [] : config.issues.map((issue) => config.loaded.frame(issue));
}

/**
 * Changes of a reload that take effect in a new session, or at a new start. `current`: what a new client
 * receives.
 */
export function notesOn(
  before: ProvenConfig,
  next: ProvenConfig,
  sessions: readonly Pick<DaemonSession, "initializeResult">[],
  current: InitializeResult | undefined,
): string[] {
  const stale = new Set(
    sessions.flatMap((session) => {
      const received = session.initializeResult();
      return received === undefined || current === undefined ? [] : initializeChanges(received, current);
    }),
  );
  const isSameDelivery =
    JSON.stringify(before.loaded.values.delivery) === JSON.stringify(next.loaded.values.delivery);
  return [
    ...(stale.size === 0
      ? []
      : [
          `open sessions keep what they started with: ${[...stale].join(", ")}; status shows the current text`,
        ]),
    ...(isSameDelivery ? [] : ["delivery takes effect at the next start of the router"]),
  ];
}

export function logProblems(config: ProvenConfig | undefined, found: ConfigLocation, log: Log): void {
  if (config === undefined) {
    log.warn(line`no config file found; looked for ${found.tried.join(", ")}`);
    return;
  }
  for (const problem of framed(config)) log.error(problem);
  for (const warning of warningsIn(config)) log.warn(line`${warning}`);
}

/** One line for all warnings about the config; empty when there is none. */
export function warningsIn({ loaded, mask }: ProvenConfig): string[] {
  const [first] = loaded.warnings;
  if (first === undefined) return [];
  const total = countIssues(loaded.warnings);
  const count = total === 1 ? "1 warning" : `${total} warnings; the first one`;
  const location = `${basename(first.file)}:${first.line}:${first.column}`;
  return [
    `${count}: ${location} ${mask(first.path)}: ${mask(first.message)} (channel-router check shows the line)`,
  ];
}
