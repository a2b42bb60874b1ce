// Checks that there is a config, and that it is valid.

import { countIssues } from "../../config/yaml/issue-location.ts";
import type { StatusReport } from "../../control/protocol.ts";
import { countOf } from "../../text/clip.ts";
import { answered, type CheckInput, type Finding } from "./check.ts";

export function checkConfig({
  config,
  status,
}: Pick<CheckInput, "config"> & Partial<Pick<CheckInput, "status">>): Finding {
  const { file, tried, proven } = config;
  if (file === undefined || proven === undefined) {
    return {
      name: "config",
      state: "fail",
      detail: `no config file; looked for ${tried.join(", ")}`,
      todo: "channel-router init writes one; or name one: --config FILE",
    };
  }
  const [first] = proven.issues;
  if (first !== undefined) {
    return {
      name: "config",
      state: "fail",
      detail: `${countOf(countIssues(proven.issues), "problem")} in ${file}; the first, line ${first.line}: ${proven.mask(first.message)}; ${activeInstead(config.isKept === true, answered(status))}`,
      todo: "channel-router check shows each at its location",
    };
  }
  const { sources, channels } = proven.plan;
  return {
    name: "config",
    state: "ok",
    detail: `${file}: ${countOf(sources.length, "source")}, ${countOf(channels.length, "channel")}`,
  };
}

/** What runs while the file is broken. */
function activeInstead(isKept: boolean, status: StatusReport | undefined): string {
  if (status?.active === "previous")
    return "the running router goes on with the config that was active before";
  if (status?.active !== undefined) return "the running router has no active config";
  return isKept
    ? "a router that starts now goes on with the config that was active last, as far as you agreed to it"
    : "a router that starts now runs nothing";
}
