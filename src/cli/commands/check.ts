// `check`: every problem of a config at once. Pure: reads files, opens nothing.

import { countIssues } from "../../config/yaml/issue-location.ts";
import { powerAnswers } from "../../daemon/commands/power-answers.ts";
import { createLog } from "../../daemon/log.ts";
import { loadPlan, requireConfig } from "../../daemon/start/load-plan.ts";
import { consentOf } from "../../daemon/trust/trust-location.ts";
import { maskAll } from "../../host/secret-mask.ts";
import { countOf } from "../../text/clip.ts";
import { line, masked, ownWords, type SafeText, shownLine, text } from "../../text.ts";
import { colors, whole } from "../colors.ts";
import type { ExitCode } from "../exit.ts";
import { missingLibraries, missingLine } from "../missing-libraries.ts";
import { printed, printedJson } from "../print.ts";
import { toStdout } from "../terminal.ts";

export async function check(
  explicit: string | undefined,
  options: { readonly json?: boolean; readonly strict?: boolean },
): Promise<ExitCode> {
  const { file, chosen } = requireConfig(explicit);
  const { loaded, plan, issues, mask } = await loadPlan(file, process.env, {
    chosen,
    recipe: { given: {}, at: ["inputs"] },
  });
  const { warnings } = loaded;
  const isGood = issues.length === 0;
  const ok = isGood && (options.strict !== true || warnings.length === 0);
  const { sources, channels, sinks } = loaded.values;
  const missing = await missingLibraries(plan, process.env);
  const log = createLog({ secrets: () => loaded.secrets });
  const powers = powerAnswers(plan.powers, await consentOf(process.env, loaded.file, log));
  if (options.json) {
    const names = {
      sources: Object.keys(sources),
      channels: Object.keys(channels),
      sinks: Object.keys(sinks),
    };
    const answer = { ...(maskAll({ ok, issues, warnings, ...names }, mask) as object), powers, missing };
    toStdout(printedJson(answer));
    return ok ? 0 : 1;
  }
  for (const issue of [...issues, ...warnings])
    toStdout(printed(...paintedFrame(masked(loaded.frame(issue), mask)), line``));
  const warned = warnings.length === 0 ? "" : `, ${countOf(countIssues(warnings), "warning")}`;
  if (!isGood) {
    toStdout(printed(line`${countOf(countIssues(issues), "problem")}${warned} in ${loaded.file}`));
    return 1;
  }
  toStdout(
    text`${loaded.file} ${colors.green("is valid")}: ${countOf(plan.sources.length, "source")}, ${countOf(plan.channels.length, "channel")}${
      plan.sinks.length === 0 ? "" : `, ${countOf(plan.sinks.length, "sink")}`
    }${warned}\n`,
  );
  for (const { file, line: at, path, message } of loaded.notes)
    toStdout(printed(masked(line`  note: ${file}:${at} ${path}: ${message}`, mask)));
  for (const { power, value, trusted } of powers) {
    const state = trusted ? "trusted" : "waiting for consent: channel-router trust";
    toStdout(printed(line`  power: ${power} ${shownLine(value)} (${state})`));
  }
  for (const libraries of missing) toStdout(printed(missingLine(libraries)));
  if (!ok) toStdout(printed(line`--strict: a warning counts as a problem`));
  return ok ? 0 : 1;
}

/** The message, the line of the caret and the hint stand out at a terminal. */
function paintedFrame(frame: SafeText): SafeText[] {
  return frame.split("\n").map((one, index) => {
    const shown = ownWords(one);
    if (index === 0) return (/: warning: /.test(one) ? whole.yellow : whole.red)(shown);
    if (/^ +\| *\^$/.test(one)) return whole.red(shown);
    return /^ {2}hint: /.test(one) ? whole.green(shown) : shown;
  });
}
